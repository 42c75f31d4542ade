"""
What people begin from: a first submission, which compiles, names every argument with its shape, and
is wrong; and a first problem, which holds.
"""

import ast
from collections.abc import Mapping
from typing import Any

import jinja2

from harness.problem.signature import c_parameter
from harness.records import Param, Problem, Role

LANGUAGES: Mapping[str, str] = {
    "cpp": "starter.cpp.j2",
    "cuda": "starter.cu.j2",
    "torch": "starter.torch.py.j2",
    "triton": "starter.triton.py.j2",
}
SUFFIXES: Mapping[str, str] = {"cpp": ".cpp", "cuda": ".cu", "torch": ".py", "triton": ".py"}


def render_problem_starter(slug: str) -> str:
    """The text of a small problem that passes every check, to be changed into another."""
    title = slug.replace("-", " ").replace("_", " ").capitalize()
    return _templates().get_template("problem.md.j2").render(slug=slug, title=title)


def render_starter(problem: Problem, language: str) -> str:
    shapes = dict(problem.shapes)
    taken = {param.name for param in problem.params} | {name for name, _ in problem.let}
    tensors = [_tensor(param, shapes, taken) for param in problem.params if param.pointer]
    return (
        _templates()
        .get_template(LANGUAGES[language])
        .render(
            slug=problem.slug,
            title=problem.title,
            tensors=tensors,
            outputs=[tensor for tensor in tensors if tensor["is_written"]],
            threads=_free("threads", taken),
            let=problem.let,
            has_var=any(param.dtype is None for param in problem.params),
            parameters=[c_parameter(param) for param in problem.params],
            names=[param.name for param in problem.params],
        )
    )


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.problem"),
        autoescape=False,  # noqa: S701 — source code is not HTML; names were checked when read
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["c_formula"] = c_formula
    return environment


def _tensor(param: Param, shapes: Mapping[str, tuple[str, ...]], taken: set[str]) -> dict[str, Any]:
    axes = shapes.get(param.name, ("…",))
    return {
        "name": param.name,
        "type": param.dtype.c if param.dtype else "VAR",
        "axes": axes,
        "use": _USES[param.role],
        "is_written": param.role.is_written,
        "count": " * ".join(f"(std::size_t){c_formula(axis)}" for axis in axes) or "1",
        "count_name": _free(f"{param.name}_count", taken),
    }


_USES = {Role.INPUT: "read only", Role.OUTPUT: "to be written", Role.INOUT: "read and written"}


def _free(name: str, taken: set[str]) -> str:
    """A name for a variable of ours that no parameter has."""
    while name in taken:
        name += "_"
    return name


_SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "/", ast.Mod: "%",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.And: " && ", ast.Or: " || ", ast.Not: "!", ast.USub: "-", ast.UAdd: "+",
}  # fmt: skip


def c_formula(formula: str) -> str:
    """A shape formula in C: sizes are not negative there, so `//` is `/`."""
    return _c(ast.parse(formula, mode="eval").body)


def _c(node: ast.expr) -> str:
    match node:
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"(long)std::pow({_c(left)}, {_c(right)})"
        case ast.BinOp(left=left, op=op, right=right):
            return f"({_c(left)} {_SIGNS[type(op)]} {_c(right)})"
        case ast.UnaryOp(op=op, operand=operand):
            return f"({_SIGNS[type(op)]}{_c(operand)})"
        case ast.BoolOp(op=op, values=values):
            return f"({_SIGNS[type(op)].join(_c(value) for value in values)})"
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [_c(side) for side in (left, *comparators)]
            pairs = zip(sides, ops, sides[1:], strict=False)
            return f"({' && '.join(f'{a} {_SIGNS[type(op)]} {b}' for a, op, b in pairs)})"
        case _:
            return ast.unparse(node)
