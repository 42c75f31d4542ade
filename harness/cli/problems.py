"""`grade problems …`: what can be graded."""

from pathlib import Path

import click

from harness.cli.run import complete_slug

FOLDER = click.option(
    "--problems", "folder", type=click.Path(path_type=Path), metavar="DIR",
    help="Look for problems here first.",
)  # fmt: skip


@click.group()
def problems() -> None:
    """The problems: list them, show one."""


@problems.command(name="list")
@FOLDER
def list_problems(folder: Path | None) -> None:
    """Every problem that can be named by slug."""
    from rich.console import Console

    from harness.errors import UserError
    from harness.problem.catalogue import load_problem, slugs
    from harness.report.catalogue import render_list

    found, broken = [], {}
    for slug, path in slugs(folder).items():
        try:
            found.append(load_problem(path, problems=folder))
        except UserError as error:
            broken[slug] = str(error)
    Console(highlight=False, markup=False, emoji=False).print(render_list(found, broken))


@problems.command(name="show")
@click.argument("problem", metavar="SLUG|PATH", shell_complete=complete_slug)
@FOLDER
def show_problem(problem: str, folder: Path | None) -> None:
    """One problem: prose, signature, shapes, cases, sizes."""
    from rich.console import Console

    from harness.problem.catalogue import load_problem
    from harness.report.catalogue import render_problem

    Console(highlight=False, markup=False, emoji=False).print(
        render_problem(load_problem(problem, problems=folder))
    )
