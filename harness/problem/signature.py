"""The signature in the languages of those who implement it."""

from harness.dtypes import DType
from harness.records import Param, Problem

ENTRY = "solution"


def c_parameter(param: Param, element: str = "VAR") -> str:
    spelling = param.dtype.c if param.dtype else element
    if param.pointer:
        return f"{'const ' if param.const else ''}{spelling}* {param.name}"
    return f"{spelling} {param.name}"


def c_declaration(problem: Problem, element: str = "VAR") -> str:
    """`extern "C"` declaration in front-matter order, as a submission must define it."""
    inside = ",\n    ".join(c_parameter(param, element) for param in problem.params)
    return f'extern "C" void {ENTRY}(\n    {inside});'


def python_declaration(problem: Problem) -> str:
    inside = ", ".join(param.name for param in problem.params)
    return f"def {ENTRY}({inside}):"


def c_cast(param: Param, index: int, element: DType) -> str:
    """Argument `index` of an untyped call, as its own type."""
    spelling = (param.dtype or element).c
    if param.pointer:
        return f"({'const ' if param.const else ''}{spelling}*)a[{index}]"
    return f"*(const {spelling}*)a[{index}]"


def signature_lines(problem: Problem) -> tuple[str, ...]:
    """One line a parameter: what two problems are compared by."""
    return tuple(c_parameter(param, "[VAR]") for param in problem.params)
