"""Sizes as sympy has them, written in the closed language of the problem files."""

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from torch.utils._sympy import functions

from harness.problem.shapes import MAX_LENGTH


class Unspeakable(Exception):  # noqa: N818 — not every expression has a formula
    pass


def formula_of(expression: Any) -> str:
    """The formula of an expression over whole numbers, or Unspeakable."""
    text = _written(sympy.sympify(expression))
    if len(text) > MAX_LENGTH:
        raise Unspeakable(text[:40])
    return _bare(text)


def _written(e: Any) -> str:
    if isinstance(e, (bool, sympy.logic.boolalg.BooleanAtom)):
        return "1" if e else "0"
    if isinstance(e, sympy.Symbol):
        return str(e.name)
    if isinstance(e, sympy.Integer):
        return str(int(e)) if e >= 0 else f"(-{-int(e)})"
    write = _WRITERS.get(type(e))
    if write is None:
        raise Unspeakable(type(e).__name__)
    return write(e)


def _sum(e: Any) -> str:
    """Terms with a minus stand behind those without."""
    terms = sorted(e.as_ordered_terms(), key=lambda term: (bool(term.is_number), _negative(term)))
    text = ""
    for term in terms:
        sign, size = ("-", -term) if text and _negative(term) else ("+", term)
        written = _written(size)
        if not isinstance(size, sympy.Add):  # everything else binds as tightly as it must
            written = _bare(written)
        text = f"{text} {sign} {written}" if text else written
    return f"({text})"


def _negative(term: Any) -> bool:
    return bool(term.could_extract_minus_sign())


def _product(e: Any) -> str:
    if any(not isinstance(f, sympy.Integer) and f.is_Rational for f in e.args):
        raise Unspeakable("a fraction")
    return f"({' * '.join(_written(factor) for factor in e.args)})"


def _power(e: Any) -> str:
    if not (isinstance(e.exp, sympy.Integer) and 0 <= e.exp <= 8):
        raise Unspeakable("a power")
    return f"({' * '.join([_written(e.base)] * int(e.exp))})"


def _operator(sign: str) -> Callable[[Any], str]:
    return lambda e: f"({_written(e.args[0])} {sign} {_written(e.args[1])})"


def _comparison(sign: str) -> Callable[[Any], str]:
    return lambda e: f"({_bare(_written(e.args[0]))} {sign} {_bare(_written(e.args[1]))})"


def _folded(sign: str) -> Callable[[Any], str]:
    """Max and Min: comparisons count as 0 and 1."""

    def write(e: Any) -> str:
        first, *rest = [_written(term) for term in e.args]
        for other in rest:
            first = f"({first} * ({first} {sign}= {other}) + {other} * ({other} {sign} {first}))"
        return first

    return write


def _joined(word: str) -> Callable[[Any], str]:
    return lambda e: f"({f' {word} '.join(_written(part) for part in e.args)})"


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    sympy.Add: _sum,
    sympy.Mul: _product,
    sympy.Pow: _power,
    functions.FloorDiv: _operator("//"),
    functions.CleanDiv: _operator("//"),
    functions.Mod: _operator("%"),
    functions.PythonMod: _operator("%"),
    sympy.Mod: _operator("%"),
    sympy.Max: _folded(">"),
    sympy.Min: _folded("<"),
    functions.Max: _folded(">"),
    functions.Min: _folded("<"),
    sympy.Eq: _comparison("=="),
    sympy.Ne: _comparison("!="),
    sympy.Lt: _comparison("<"),
    sympy.Le: _comparison("<="),
    sympy.Gt: _comparison(">"),
    sympy.Ge: _comparison(">="),
    sympy.And: _joined("and"),
    sympy.Or: _joined("or"),
    sympy.Not: lambda e: f"(not {_written(e.args[0])})",
}


def _bare(text: str) -> str:
    """Without parentheses around it all."""
    if not text.startswith("("):
        return text
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return text[1:-1] if position == len(text) - 1 else text
    return text
