"""Problems for the terminal: the list, and one shown in full."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.problem.missing import missing_to_grade
from harness.problem.shapes import arguments_of, bytes_of, flops_of
from harness.problem.signature import c_declaration, python_declaration
from harness.records import Case, Problem
from harness.sandbox.box import printable


def render_list(problems: Sequence[Problem], broken: Mapping[str, str]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for column in ("problem", "difficulty", "cases", "dtypes"):
        table.add_column(column, overflow="fold")
    for problem in problems:
        table.add_row(
            problem.slug, problem.difficulty, str(len(problem.cases)), ", ".join(problem.dtypes)
        )
    for slug, message in broken.items():
        table.add_row(slug, "cannot be read", "", Text(message.splitlines()[0]))
    return table


def render_problem(problem: Problem) -> RenderableType:
    parts: list[RenderableType] = [
        Text(problem.title, "bold"),
        Text(f"{problem.slug}  {problem.difficulty}  {', '.join(problem.tags)}".rstrip(), "dim"),
        Text(),
        # as it was written: a Markdown renderer eats the backslashes of formulas
        Text(printable(problem.body)),
        _heading("C and C++"),
        Text(c_declaration(problem)),
        _heading("Python"),
        Text(python_declaration(problem)),
    ]
    if problem.shapes:
        parts += [_heading("shapes"), _shapes(problem)]
    if problem.cases:
        parts += [_heading("cases"), _cases(problem)]
    parts += [_heading("dtypes"), Text(", ".join(problem.dtypes))]
    for missing in missing_to_grade(problem):
        parts += [_heading("still needed before it can be graded"), Text(missing)]
    return Group(*parts)


def _heading(words: str) -> Text:
    return Text(f"\n{words}", "bold")


def _shapes(problem: Problem) -> Text:
    lines = [f"{tensor}: [{', '.join(axes)}]" for tensor, axes in problem.shapes]
    lines += [f"where {name} = {formula}" for name, formula in problem.let]
    lines += [f"require {rule}" for rule in problem.require]
    return Text("\n".join(lines))


def _cases(problem: Problem) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for column in ("case", "for", "outputs", "MFLOP", "MB"):
        table.add_column(column, justify="left" if column in {"case", "for"} else "right")
    for case in problem.cases:
        flops = flops_of(problem, case)
        table.add_row(
            case.name,
            f"{case.tier}" if case.device == "any" else f"{case.tier} {case.device}",
            _output_shapes(problem, case),
            "-" if flops is None else f"{flops / 1e6:.4g}",
            f"{bytes_of(problem, case, problem.dtypes[0]) / 1e6:.4g}",
        )
    return table


def _output_shapes(problem: Problem, case: Case) -> str:
    shapes = [
        "x".join(str(axis) for axis in argument.shape)
        for argument in arguments_of(problem, case, problem.dtypes[0])
        if argument.role.is_written
    ]
    return ", ".join(shapes)
