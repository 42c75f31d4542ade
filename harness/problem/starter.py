"""A first submission: it compiles, names every argument with its shape, and is wrong."""

import re
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


def render_starter(problem: Problem, language: str) -> str:
    shapes = dict(problem.shapes)
    tensors = [_tensor(param, shapes) for param in problem.params if param.pointer]
    return (
        _templates()
        .get_template(LANGUAGES[language])
        .render(
            slug=problem.slug,
            title=problem.title,
            tensors=tensors,
            outputs=[tensor for tensor in tensors if not tensor["const"]],
            let=problem.let,
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


def _tensor(param: Param, shapes: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    axes = shapes.get(param.name, ("…",))
    return {
        "name": param.name,
        "type": param.dtype.c if param.dtype else "VAR",
        "axes": axes,
        "const": param.role is Role.INPUT,
        "count": " * ".join(_factor(c_formula(axis)) for axis in axes),
    }


def c_formula(formula: str) -> str:
    """A shape formula in C: sizes are not negative there, so `//` is `/`."""
    return re.sub(r"\bnot\b", "!", formula.replace("//", "/"))


def _factor(formula: str) -> str:
    plain = re.fullmatch(r"\w+", formula)
    return f"(std::size_t){formula}" if plain else f"(std::size_t)({formula})"
