"""
Sizes: a small closed language of integer arithmetic, and what a case makes of it.

    kernel_h * kernel_w + in_channels        (height + 2*padding_h - 1) // stride_h + 1
    groups == in_channels and out_channels % in_channels == 0

Names and whole numbers, + - * // % **, parentheses, comparisons, and/or/not. Nothing is ever
passed to `eval`; values and powers are bounded, so that a formula cannot eat the machine.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from harness.dtypes import DTYPES, rounded
from harness.problem.source import parse_expression
from harness.records import Argument, Case, Distribution, Problem, Role

MAX_LENGTH = 400
MAX_VALUE = 2**62
MAX_POWER = 64

Scope = Mapping[str, int | float]


class ShapeError(Exception):
    """A formula that cannot be read or evaluated; the message says why."""


def evaluate(expression: str, scope: Scope) -> int:
    """The value of a formula; comparisons give 0 or 1."""
    return _value(_parsed(expression), scope)


def labelled(what: str, expression: str, scope: Scope) -> int:
    """The value; and if there is none, the message says of which formula."""
    try:
        return evaluate(expression, scope)
    except ShapeError as error:
        raise ShapeError(f"{what} `{expression}`: {error}") from error


@lru_cache(maxsize=4096)
def names_in(expression: str) -> frozenset[str]:
    return frozenset(
        node.id for node in ast.walk(_parsed(expression)) if isinstance(node, ast.Name)
    )


@lru_cache(maxsize=4096)
def _parsed(expression: str) -> ast.expr:
    if len(expression) > MAX_LENGTH:
        raise ShapeError(f"longer than {MAX_LENGTH} characters")
    try:
        tree = parse_expression(expression.strip())
    except SyntaxError as error:
        raise ShapeError(f"`{expression}` is not a formula{_hint(expression)}") from error
    for node in ast.walk(tree):
        _refuse_foreign(node)
    return tree


_HINTS = (
    (re.compile(r"(?<![=!<>])=(?!=)"), "compare with `==`"),
    (re.compile(r"&&|\|\||!(?!=)"), "write `and`, `or`, `not`"),
    (re.compile(r"\d\s*[A-Za-z_(]|\)\s*[\w(]"), "write `*` between factors"),
)


def _hint(expression: str) -> str:
    return next((f"; {hint}" for found, hint in _HINTS if found.search(expression)), "")


_SYNTAX = (
    ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Name, ast.Constant, ast.Load,
    ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Pow, ast.USub, ast.UAdd, ast.Not,
    ast.And, ast.Or, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip


_FOREIGN: Mapping[type[ast.AST], str] = {
    ast.IfExp: "`if`", ast.Attribute: "a dot", ast.Subscript: "an index", ast.List: "a list",
    ast.Tuple: "a comma", ast.Dict: "a mapping", ast.Set: "a set", ast.Lambda: "`lambda`",
    ast.LShift: "`<<`", ast.RShift: "`>>`", ast.Invert: "`~`", ast.MatMult: "`@`",
    ast.In: "`in`", ast.NotIn: "`not in`", ast.Is: "`is`", ast.IsNot: "`is not`",
    ast.NamedExpr: "`:=`", ast.JoinedStr: "a text",
}  # fmt: skip


def _refuse_foreign(node: ast.AST) -> None:
    if isinstance(node, ast.Div):
        raise ShapeError("`/` does not give whole numbers; write `//`")
    if isinstance(node, ast.Call):
        raise ShapeError("formulas call nothing; use + - * // % ** and comparisons")
    if isinstance(node, ast.BitXor):
        raise ShapeError("`^` is no power; write `**`")
    if isinstance(node, (ast.BitAnd, ast.BitOr)):
        raise ShapeError("write `and` and `or`, not `&` and `|`")
    if not isinstance(node, _SYNTAX):
        kind = _FOREIGN.get(type(node), type(node).__name__)
        raise ShapeError(f"{kind} is not part of a formula; use + - * // % ** and comparisons")
    if isinstance(node, ast.Constant) and type(node.value) is not int:
        raise ShapeError(f"{node.value!r} is not a whole number")


_BINARY: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _value(node: ast.expr, scope: Scope) -> int:
    match node:
        case ast.Constant(value=int(value)):
            result = value
        case ast.Name(id=name):
            result = _named(name, scope)
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, scope)
            result = -inner if isinstance(op, ast.USub) else inner
            result = int(not inner) if isinstance(op, ast.Not) else result
        case ast.BinOp(left=left, op=op, right=right):
            result = _binary(op, _value(left, scope), _value(right, scope))
        case ast.BoolOp(op=op, values=values):
            fold = all if isinstance(op, ast.And) else any
            result = int(fold(_value(value, scope) for value in values))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [_value(side, scope) for side in (left, *comparators)]
            pairs = zip(ops, sides, sides[1:], strict=False)
            result = int(all(_COMPARE[type(sign)](a, b) for sign, a, b in pairs))
        case _:
            raise ShapeError(f"{type(node).__name__} is not part of a formula")
    if abs(result) > MAX_VALUE:
        raise ShapeError("the value is beyond 2**62")
    return result


def _named(name: str, scope: Scope) -> int:
    if name not in scope:
        raise ShapeError(f"`{name}` is not a scalar parameter or a `let`")
    value = scope[name]
    if not isinstance(value, int):
        raise ShapeError(f"`{name}` is not a whole number")
    return value


def _binary(op: ast.operator, left: int, right: int) -> int:
    if isinstance(op, ast.Pow):
        if not 0 <= right <= MAX_POWER:
            raise ShapeError(f"a power outside 0…{MAX_POWER}")
        if abs(left) > 1 and right * abs(left).bit_length() > 128:
            raise ShapeError("the value is beyond 2**62")
        return int(left**right)
    if isinstance(op, (ast.FloorDiv, ast.Mod)) and right == 0:
        raise ShapeError("division by zero")
    return _BINARY[type(op)](left, right)


# ---- what a case makes of the formulas ----------------------------------------------------------


def scope_of(let: tuple[tuple[str, str], ...], case: Case) -> dict[str, int | float]:
    """Every name that a formula may use in this case."""
    scope = dict(case.scalars)
    for name, formula in let:
        scope[name] = labelled(f"let {name}", formula, scope)
    return scope


def arguments_of(problem: Problem, case: Case, dtype: str) -> tuple[Argument, ...]:
    """The parameters of one call, in the order of the signature."""
    scope = scope_of(problem.let, case)
    shapes = dict(problem.shapes)
    arguments = []
    for param in problem.params:
        element = param.dtype or DTYPES[dtype]
        if param.role is Role.SCALAR:
            try:
                value = rounded(scope[param.name], element)
            except OverflowError as error:
                raise ShapeError(f"`{param.name}` does not fit {element.name}") from error
            arguments.append(Argument(name=param.name, role=param.role, dtype=element, value=value))
        else:
            shape = tuple(evaluate(axis, scope) for axis in shapes[param.name])
            arguments.append(Argument(name=param.name, role=param.role, dtype=element, shape=shape))
    return tuple(arguments)


def declared_of(problem: Problem, case: Case) -> dict[str, Distribution]:
    """The declared distributions, their bounds as numbers."""
    scope = scope_of(problem.let, case)

    def bound(name: str, formula: str) -> str:
        return str(labelled(f"a bound of {name}", formula, scope))

    return {
        name: replace(drawn, low=bound(name, drawn.low), high=bound(name, drawn.high))
        if drawn.kind == "integers"
        else drawn
        for name, drawn in problem.inputs
    }


def flops_of(problem: Problem, case: Case) -> int | None:
    if problem.flops is None:
        return None
    return evaluate(problem.flops, scope_of(problem.let, case))


def bytes_of(problem: Problem, case: Case, dtype: str) -> int:
    """The least traffic of an honest kernel: every input read once, every output written once."""
    if problem.bytes is not None:
        return evaluate(problem.bytes, scope_of(problem.let, case))
    return _all_bytes(problem, case, dtype)


def bytes_needed(problem: Problem, case: Case, dtype: str) -> int:
    """
    What no right kernel gets around. Every byte of an output, for it is poison when the call
    begins; of what is read or updated only as much as the author says: a gather, a stride or a mask
    leaves most of a tensor alone. And never more than every tensor once.
    """
    if problem.bytes is not None:
        return min(bytes_of(problem, case, dtype), _all_bytes(problem, case, dtype))
    arguments = arguments_of(problem, case, dtype)
    return sum(a.nbytes for a in arguments if a.role is Role.OUTPUT)


def _all_bytes(problem: Problem, case: Case, dtype: str) -> int:
    arguments = arguments_of(problem, case, dtype)
    return sum(a.nbytes * (a.role.is_read + a.role.is_written) for a in arguments)
