"""Formulas: integer arithmetic as Python does it, and nothing else of Python."""

import ast
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.problem.shapes import (
    MAX_LENGTH,
    ShapeError,
    arguments_of,
    bytes_needed,
    bytes_of,
    evaluate,
    flops_of,
    names_in,
    scope_of,
)
from harness.records import Case, Problem, Tier

if TYPE_CHECKING:
    from tests.conftest import MakeProblem

MANY = settings(max_examples=250, deadline=None, database=None)
SCOPE = {"a": 3, "b": -5, "c": 0, "n_2": 9}
LEAVES = st.one_of(st.integers(0, 9).map(str), st.sampled_from(sorted(SCOPE)))


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arithmetic = st.sampled_from(["+", "-", "*", "//", "%"])
    comparison = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    return st.one_of(
        st.builds("{} {} {}".format, inner, arithmetic, inner),  # precedence is Python's too
        st.builds("({}) {} ({})".format, inner, arithmetic, inner),
        st.builds("(({}) {} ({}))".format, inner, comparison, inner),
        st.builds("({} {} {} {} {})".format, LEAVES, comparison, LEAVES, comparison, LEAVES),
        # Python's `and` gives an operand, ours 0 or 1
        st.builds("((({}) {} ({})) != 0)".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("(not ({}))".format, inner),
        st.builds("{}({})".format, st.sampled_from("+-"), inner),
        st.builds("{} ** {}".format, LEAVES, st.integers(0, 2)),
    )


# nine leaves of at most 81 stay below 2**62, so that only a division by zero may be refused
EXPRESSIONS = st.recursive(LEAVES, _larger, max_leaves=9)


@MANY
@given(EXPRESSIONS)
@example("b // 2")  # division rounds down, and the remainder has the sign of the divisor
@example("b % 3")
@example("a % b")
@example("-b ** 2 - a - 1")
@example("(a < n_2 < b) + (c <= c)")
def test_agrees_with_python(expression: str) -> None:
    """A formula has the value that Python's own integers give it."""
    try:
        truth = int(eval(expression, {}, dict(SCOPE)))
    except ZeroDivisionError:
        with pytest.raises(ShapeError, match="division by zero"):
            evaluate(expression, SCOPE)
    else:
        if len(expression) <= MAX_LENGTH:
            assert evaluate(expression, SCOPE) == truth


@MANY
@given(EXPRESSIONS)
def test_finds_the_names(expression: str) -> None:
    """The names of a formula are those that Python would look up."""
    if len(expression) <= MAX_LENGTH:
        walked = ast.walk(ast.parse(expression))
        assert names_in(expression) == {n.id for n in walked if isinstance(n, ast.Name)}


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("a / 2", "write `//`"),
        ("min(a, 2)", "call nothing"),
        ("__import__('os')", "call nothing|not a whole number"),
        ("__import__('os').system('true')", "call nothing|a dot"),
        ("(lambda: 1)()", "call nothing"),
        ("a.real", "a dot is not part of a formula"),
        ("a[0]", "an index is not part of a formula"),
        ("[a]", "a list is not part of a formula"),
        ("(a, a)", "a comma is not part of a formula"),
        ("a if a else 2", "`if` is not part of a formula"),
        ("(b := 2)", "`:=` is not part of a formula"),
        ("[x for x in a]", "is not part of a formula"),
        ("a << 2", "`<<` is not part of a formula"),
        ("~a", "`~` is not part of a formula"),
        ("a @ a", "`@` is not part of a formula"),
        ("a is a", "`is` is not part of a formula"),
        ("a in a", "`in` is not part of a formula"),
        ("f'{a}'", "a text is not part of a formula|not a whole number"),
        ("1.5", "1.5 is not a whole number"),
        ("1e3", "is not a whole number"),
        ("1j", "is not a whole number"),
        ("'3'", "is not a whole number"),
        ("True", "is not a whole number"),
        ("None", "is not a whole number"),
        ("...", "is not a whole number"),
        ("", "is not a formula"),
        ("a +", "is not a formula"),
        ("a = 2", "is not a formula; compare with `==`"),
        ("a > 1 && b", "is not a formula; write `and`, `or`, `not`"),
        ("!a", "is not a formula; write `and`, `or`, `not`"),
        ("2a", r"is not a formula; write `\*` between factors"),
        ("(a) b", r"is not a formula; write `\*` between factors"),
        ("a ^ 2", r"`\^` is no power; write `\*\*`"),
        ("a & b", "write `and` and `or`"),
        ("a; a", "is not a formula"),
        ("import os", "is not a formula"),
        ("a\0", "is not a formula"),
        ("\ud800", "is not a formula"),
        ("(" * 200 + "a" + ")" * 199, "is not a formula"),
        ("a" * (MAX_LENGTH + 1), "longer than"),
        ("a // c", "division by zero"),
        ("a % c", "division by zero"),
        ("missing + 1", "`missing` is not a scalar parameter or a `let`"),
        ("part * 2", "`part` is not a whole number"),
    ],
)  # fmt: skip
def test_refuses_what_is_not_arithmetic(expression: str, says: str) -> None:
    """Whatever else Python knows is a ShapeError that says what was met."""
    with pytest.raises(ShapeError, match=says):
        evaluate(expression, {**SCOPE, "part": 0.5})


@pytest.mark.parametrize(
    "expression",
    [
        "10**10**10", "9**9**9", "2**63", "2**65", "(-2)**63", "3**64", "2**-1", "0**-1", "1**65",
        "2**31 * 2**31 * 2", "4611686018427387904 + 1", "-4611686018427387904 - 1",
        "9" * 300, "(9**9)**(9**9)", "((2**62)**2)**2",
    ],
)  # fmt: skip
def test_refuses_huge_values_before_they_grow(expression: str) -> None:
    """A value beyond 2**62, or a wild power, is refused instead of computed."""
    with pytest.raises(ShapeError, match=r"beyond 2\*\*62|a power outside"):
        evaluate(expression, {})


@pytest.mark.parametrize(
    "expression", ["2**62", "-(2**62)", "(-2)**61", "1**64", "0**0", "(-1)**63"]
)
def test_admits_values_up_to_the_limit(expression: str) -> None:
    """The limit itself can be reached."""
    assert evaluate(expression, {}) == eval(expression)


@pytest.mark.parametrize("expression", ["-" * 399 + "1", "+".join("1" * 200), "not " * 99 + "1"])
def test_evaluates_deep_formulas(expression: str) -> None:
    """Every formula within the length limit that Python can read is evaluated."""
    assert evaluate(expression, {}) == int(eval(expression))


@MANY
@given(
    st.one_of(
        st.text(max_size=60),
        st.text("ab019+-*/%()<>=!&|~.,:;[]{}'\"_ \\\n\t#@\0ñ٣", max_size=60),
        st.lists(
            st.sampled_from(["a", "**", "9", "(", ")", "not ", "-", " if ", " in ", "//"])
        ).map("".join),
    )
)  # fmt: skip
def test_arbitrary_text_is_a_number_or_a_shape_error(text: str) -> None:
    """No text makes the evaluator raise anything but a ShapeError."""
    try:
        value = evaluate(text, SCOPE)
    except ShapeError:
        return
    assert type(value) is int
    assert abs(value) <= 2**62


def _case(**scalars: int) -> Case:
    return Case(name="one", tier=Tier.TEST, device="any", scalars=tuple(scalars.items()))


def test_let_may_use_earlier_names() -> None:
    """Derived sizes are computed in their order, each from the scalars and the ones before."""
    scope = scope_of((("double", "2 * n"), ("more", "double + n")), _case(n=5))
    assert scope == {"n": 5, "double": 10, "more": 15}


def test_makes_arguments_in_the_order_of_the_signature(own_problem: Problem) -> None:
    """Tensors get their shapes, scalars their values, [VAR] the dtype of the grade."""
    case = next(case for case in own_problem.cases if case.name == "multiplier-2")
    arguments = arguments_of(own_problem, case, "float16")
    assert [argument.name for argument in arguments] == [p.name for p in own_problem.params]
    found = {argument.name: argument for argument in arguments}
    assert found["kernel"].shape == (4, 1, 3, 3)
    assert found["output"].shape == (1, 4, 6, 6)
    assert found["output"].dtype.name == "float16"
    assert found["out_channels"].value == 4
    assert found["out_channels"].dtype.name == "size_t"


def test_counts_flops_and_bytes(own_problem: Problem) -> None:
    """FLOPs follow the formula; bytes are each tensor once, in the dtype of the grade."""
    case = next(case for case in own_problem.cases if case.name == "multiplier-2")
    assert flops_of(own_problem, case) == 2 * 4 * 36 * 9
    assert bytes_of(own_problem, case, "float32") == 4 * (2 * 36 + 4 * 9 + 4 * 36)
    assert bytes_of(own_problem, case, "bfloat16") == 2 * (2 * 36 + 4 * 9 + 4 * 36)


NEEDS = """
parameters:
  - {name: table, type: float, pointer: true, const: true}
  - {name: index, type: int64_t, pointer: true, const: true}
  - {name: rows, type: float, pointer: true, const: false}
  - {name: counts, type: int, pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
  - {name: k, type: size_t, pointer: false}
shapes: {table: [n, 8], index: [k], rows: [k, 8], counts: [n]}
inputs: {counts: {integers: [0, 9]}, index: {integers: [0, n - 1]}}
cases: {test: [{n: 1000, k: 10}]}
"""


@pytest.mark.parametrize(
    ("formula", "needed"),
    [
        ("", 4 * 8 * 10),  # every row that is written; of table, index and counts who knows
        ("bytes: 4*8*k + 8*k + 4*8*k", 4 * 8 * 10 + 8 * 10 + 4 * 8 * 10),
        ("bytes: 1000*1000*1000", 4 * 8 * 1000 + 8 * 10 + 4 * 8 * 10 + 2 * 4 * 1000),
    ],
)
def test_only_outputs_and_what_the_author_says_must_be_moved(
    make_problem: "MakeProblem", formula: str, needed: int
) -> None:
    """A gather need not read its table, nor an update touch all; none moves a tensor twice."""
    problem = make_problem(f"{NEEDS.strip()}\n{formula}", "")
    (case,) = problem.cases
    assert bytes_needed(problem, case, "float32") == needed
