"""`grade scores`: what many grades say together."""

from pathlib import Path

import click

from harness.cli.asked import speedups

SPEEDUPS = (1.0, 1.5, 2.0)


@click.command()
@click.argument(
    "paths", metavar="GRADE.json|DIR…", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--faster-than", metavar="X", multiple=True, type=float, default=SPEEDUPS,
    show_default=True, callback=lambda _, __, given: _in_order(given),
    help="How many are faster than this; may be given again.",
)  # fmt: skip
@click.option("--json", "json_file", metavar="FILE|-", help="Write the scores as JSON.")
def scores(paths: tuple[Path, ...], faster_than: tuple[float, ...], json_file: str | None) -> None:
    """
    Scores over problems, of grades that `--json` wrote: files, or folders of them.

    Exits with 0 whatever the grades say, and with 2 if one of them cannot be read or compared.
    """
    import json

    from rich.console import Console

    from harness.cli.target import json_target, write
    from harness.clock.scores import totals_of
    from harness.report.harmless import harmless_json
    from harness.report.scores import render_scores, scores_document
    from harness.report.stored import read_grades

    target = json_target(json_file)
    grades = [grade for _, grade in read_grades(paths)]
    totals = totals_of([grade.answer for grade in grades], faster_than)
    text = json.dumps(scores_document(grades, totals, faster_than), indent=2, allow_nan=False)
    document = harmless_json(text) + "\n"
    if target is not None:
        write(target, document)
    if json_file == "-":
        click.echo(document, nl=False)
        return
    console = Console(highlight=False, markup=False, emoji=False)
    for part in render_scores(grades, totals):
        console.print(part)


def _in_order(given: tuple[float, ...]) -> tuple[float, ...]:
    try:
        return speedups(given)
    except ValueError as error:
        raise click.BadParameter(f"{error}, such as 1.5") from None
