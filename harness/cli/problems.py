"""`grade problems …`: what can be graded; show one, prove some, begin one."""

from pathlib import Path

import click

from harness.cli.run import complete_slug

FOLDER = click.option(
    "--problems", "folder", type=click.Path(path_type=Path), metavar="DIR",
    help="Look for problems here first.",
)  # fmt: skip
HELD, FAULTS = 0, 2


@click.group()
def problems() -> None:
    """The problems: list, show, check, begin one, begin an answer to one."""


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
@click.option("--case", metavar="NAME", help="Only this case, with every size that it has.")
@FOLDER
def show_problem(problem: str, case: str | None, folder: Path | None) -> None:
    """One problem: prose, signature, shapes, cases, sizes, tolerance."""
    from rich.console import Console

    from harness.problem.catalogue import load_problem
    from harness.report.catalogue import render_case, render_problem

    loaded = load_problem(problem, problems=folder)
    shown = render_problem(loaded) if case is None else render_case(loaded, case)
    Console(highlight=False, markup=False, emoji=False).print(shown)


@problems.command(name="check")
@click.argument("names", metavar="[SLUG|PATH]…", nargs=-1, shell_complete=complete_slug)
@click.option("--fix", is_flag=True, help="Write booleans, types and spellings in one way.")
@FOLDER
def check_problems(names: tuple[str, ...], fix: bool, folder: Path | None) -> int:
    """Prove problems: all that can be listed, or those that are named."""
    from rich.console import Console

    from harness.arena.host import Arena
    from harness.problem.catalogue import slugs
    from harness.proof.prove import prove
    from harness.report.proof import render_conclusion, render_finding

    console = Console(highlight=False, markup=False, emoji=False)
    if fix:
        for name in names or slugs(folder):
            for line in _fixed(name, folder):
                console.print(line, style=_DIFF.get(line[:1]), soft_wrap=True)
    proofs = []
    with Arena() as arena:
        for name in names or slugs(folder):
            console.print(name, style="bold")
            proofs.append(
                prove(
                    name,
                    arena=arena,
                    problems=folder,
                    tell=lambda finding: console.print(render_finding(finding)),
                )
            )
    console.print(render_conclusion(proofs), soft_wrap=True)
    return HELD if all(proof.holds for proof in proofs) else FAULTS


_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def _fixed(name: str, folder: Path | None) -> list[str]:
    """Bring a file's dialect to its normal form, in place; what that changed, as a diff."""
    import difflib

    from harness.disk import write_atomically
    from harness.errors import UserError
    from harness.problem.catalogue import find_problem
    from harness.problem.normalise import normalise
    from harness.problem.source import read_text
    from harness.sandbox.box import printable

    path = find_problem(name, folder)
    read_text(path)  # a regular file, of a fair size, in UTF-8; or an error that says what it is
    before = path.read_bytes().decode()
    after = normalise(before)
    if after == before:
        return []
    try:
        write_atomically(path.resolve(), after.encode(), mode=path.stat().st_mode & 0o777)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from error
    changed = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(path), f"{path} (fixed)", lineterm="", n=1
    )
    return [printable(line) for line in changed]


@problems.command(name="starter")
@click.argument("problem", metavar="SLUG|PATH", shell_complete=complete_slug)
@click.option(
    "--language", type=click.Choice(["cpp", "cuda", "triton", "torch"]), default="cpp",
    show_default=True, help="In which to begin.",
)  # fmt: skip
@click.option("-o", "--output", metavar="FILE|-", help="Default: the slug and its suffix, here.")
@FOLDER
def write_starter(problem: str, language: str, output: str | None, folder: Path | None) -> None:
    """Begin an answer: it compiles, names every argument with its shape, and is wrong."""
    from harness.problem.catalogue import gradable, load_problem
    from harness.problem.starter import SUFFIXES, render_starter

    loaded = gradable(load_problem(problem, problems=folder))
    text = render_starter(loaded, language)
    if output == "-":
        click.echo(text, nl=False)
        return
    path = Path(output or f"{loaded.slug.replace('-', '_')}{SUFFIXES[language]}")
    _write_new(path, text)
    named = problem if loaded.path.resolve() != Path(problem).resolve() else str(problem)
    click.echo(f"{path}: now fill it in, then\n  grade {path} --problem {named}")


@problems.command(name="new")
@click.argument("slug")
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path),
    help="Default: SLUG.md, in ./problems where there is such a folder.",
)  # fmt: skip
@click.option(
    "--from-module", "module", metavar="FILE.py", type=click.Path(path_type=Path),
    help="Ask for what a PyTorch function or module in this file computes.",
)  # fmt: skip
@click.option("--name", metavar="NAME", help="Which one, if there are several.")
@click.option(
    "--shape", "shapes", metavar="INPUT=2,3,…", multiple=True, callback=lambda *_: _shapes(_[2]),
    help="An example's shape, where the file has no get_inputs(); for each input.",
)  # fmt: skip
def new_problem(
    slug: str,
    output: Path | None,
    module: Path | None,
    name: str | None,
    shapes: dict[str, tuple[int, ...]],
) -> None:
    """Begin a problem: one Markdown file that passes `grade problems check` as it is."""
    from harness.errors import UserError
    from harness.problem.catalogue import slugs
    from harness.problem.spec import SLUG
    from harness.problem.starter import render_problem_starter

    if module is None and (name is not None or shapes):
        raise click.UsageError("--name and --shape go with --from-module")
    if not SLUG.fullmatch(slug):
        raise UserError(f"{slug!r} is not a slug: lower-case letters, digits and -, up to 64")
    if slug in slugs():
        raise UserError(f"there is a problem `{slug}` already: {slugs()[slug]}")
    path = output or (Path("problems") if Path("problems").is_dir() else Path()) / f"{slug}.md"
    _refuse_existing(path)
    text = render_problem_starter(slug) if module is None else _drafted(module, slug, name, shapes)
    _write_new(path, text)
    click.echo(f"{path}: now say what it asks, then\n  grade problems check {path}")


def _shapes(given: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    found = {}
    for words in given:
        name, equals, axes = words.partition("=")
        sizes = axes.replace("x", ",").split(",")
        if not (name and equals and all(size.isascii() and size.isdigit() for size in sizes)):
            raise click.BadParameter(f"{words!r}: write it like x=2,3,8")
        found[name] = tuple(int(size) for size in sizes)
    return found


def _drafted(module: Path, slug: str, name: str | None, shapes: dict[str, tuple[int, ...]]) -> str:
    from harness.arena.host import Arena
    from harness.drafting.from_module import draft

    with Arena() as arena:
        return draft(module, slug, arena=arena, name=name, shapes=shapes)


def _write_new(path: Path, text: str) -> None:
    from harness.disk import write_atomically

    _refuse_existing(path)
    write_atomically(path.resolve(), text.encode())


def _refuse_existing(path: Path) -> None:
    from harness.errors import UserError

    if path.exists():
        raise UserError(f"{path} is there already; name another file with -o")
    if not path.resolve().parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.resolve().parent}")
