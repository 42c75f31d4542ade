"""Problems for the terminal: the list, and one shown in full."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.errors import UserError
from harness.oracle.tolerance import in_words
from harness.problem.missing import missing_to_grade
from harness.problem.shapes import arguments_of, bytes_of, flops_of, scope_of
from harness.problem.signature import c_declaration, python_declaration
from harness.records import Case, Problem, Role
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
        table.add_row(slug, "cannot be read", "", Text(printable(message.splitlines()[0])))
    return table


def render_problem(problem: Problem) -> RenderableType:
    tags = ", ".join(problem.tags)
    parts: list[RenderableType] = [
        Text(printable(problem.title), "bold"),
        Text(printable(f"{problem.slug}  {problem.difficulty}  {tags}").rstrip(), "dim"),
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
    parts += [_heading("how close an answer must be"), Text(printable(in_words(problem)))]
    for missing in missing_to_grade(problem):
        parts += [_heading("still needed before it can be graded"), Text(missing)]
    return Group(*parts)


def render_case(problem: Problem, name: str) -> RenderableType:
    """One case with every number: what a kernel writer needs to think about speed."""
    found = [case for case in problem.cases if case.name == name]
    if not found:
        names = ", ".join(case.name for case in problem.cases)
        raise UserError(f"`{problem.slug}` has no case `{name}`; it has {names}")
    (case,) = found
    scope = scope_of(problem.let, case)
    values = ", ".join(f"{key} = {value}" for key, value in scope.items())
    device = "" if case.device == "any" else f", for {case.device}"
    parts: list[RenderableType] = [
        Text(f"{problem.slug}, case {case.name}", "bold"),
        Text(f"{case.tier}{device}", "dim"),
        Text(f"\n{values}"),
    ]
    for dtype in problem.dtypes:
        parts += [_heading(dtype), _arguments(problem, case, dtype), _work(problem, case, dtype)]
    return Group(*parts)


def _arguments(problem: Problem, case: Case, dtype: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for column in ("tensor", "", "type", "shape", "bytes"):
        table.add_column(column, justify="right" if column == "bytes" else "left")
    for argument in arguments_of(problem, case, dtype):
        if argument.role is not Role.SCALAR:
            table.add_row(
                argument.name,
                {Role.INPUT: "read", Role.OUTPUT: "written"}.get(argument.role, "read and written"),
                argument.dtype.c,
                "x".join(str(axis) for axis in argument.shape) or "one number",
                f"{argument.nbytes}",
            )
    return table


def _work(problem: Problem, case: Case, dtype: str) -> Text:
    least = bytes_of(problem, case, dtype)
    words = f"at least {least} bytes ({least / 1e6:.4g} MB) must be moved"
    flops = flops_of(problem, case)
    if flops is not None:
        words += f"; {flops} operations ({flops / 1e6:.4g} MFLOP), {flops / least:.3g} a byte"
    return Text(words)


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
