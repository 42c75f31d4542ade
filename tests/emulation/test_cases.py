"""Which cases an interpreter gets: a problem's own, or those that are small enough."""

from typing import TYPE_CHECKING

from harness.interpreter import cases_of

if TYPE_CHECKING:
    from tests.conftest import MakeProblem

FRONT = """
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
cases:
  sample: [{name: small, n: 10}]
  test: [{name: large, n: 1000000}]
  bench: {cpu: [{name: timed, n: 10}]}
"""
REFERENCE = "def reference(x, n):\n    return x * 2\n"


def test_small_cases_are_emulated(make_problem: "MakeProblem") -> None:
    """Large ones and those that are timed are left out."""
    problem = make_problem(FRONT, REFERENCE)
    assert [case.name for case in cases_of(problem, problem.cases, "float32")] == ["small"]


def test_a_problem_may_have_cases_of_its_own_for_that(make_problem: "MakeProblem") -> None:
    """Then they are all that is emulated."""
    problem = make_problem(f"{FRONT.rstrip()}\n  emulated: [{{n: 64}}]\n", REFERENCE)
    (case,) = cases_of(problem, problem.cases, "float32")
    assert (case.name, case.device, dict(case.scalars)) == (
        "test-emulated-1",
        "emulated",
        {"n": 64},
    )
