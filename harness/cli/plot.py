"""`grade plot`: the picture of a grade that was kept."""

from pathlib import Path

import click


@click.command()
@click.argument("file", metavar="GRADE.json", type=click.Path(path_type=Path))
@click.option("-o", "--output", metavar="FILE.svg", help="Default: the same name, ending in .svg.")
def plot(file: Path, output: str | None) -> None:
    """Draw a timing that `--json` wrote, as `--plot` does."""
    from harness.cli.target import file_target, write
    from harness.errors import UserError
    from harness.report.plot import heading_of, render_plot
    from harness.report.stored import read_grade

    stored = read_grade(file)  # first: what is no file may have no name to end in .svg
    path = file_target("-o", output or str(file.with_suffix(".svg")))
    if not stored.timing:
        raise UserError(f"{file}: nothing was timed, so there is nothing to draw")
    heading = heading_of(
        file=Path(stored.submission.path).name,
        problem=stored.problem.slug,
        dtype=stored.dtype,
        threads=stored.policy.threads,
        machine=stored.device.name,
    )
    write(path, render_plot(heading, stored.timing))
