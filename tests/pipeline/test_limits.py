"""Grades on a machine whose limits are known: they are shown, and the impossible is refused."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import jsonschema
import pytest
from rich.console import Console

from harness import machine
from harness.clock import roofs
from harness.records import MEMORY, Bandwidth, Grade, Peak, Problem, Roofs, Verdict
from harness.report.document import document_of
from harness.report.schema import schema
from harness.report.terminal import render_grade

if TYPE_CHECKING:
    from tests.conftest import GradeSource, MakeProblem

FRONT = """
parameters:
  - {name: x, type: float, pointer: true, const: true}
  - {name: y, type: float, pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
flops: n
cases: {bench: {cpu: [{name: middling, n: 30000}]}}
"""
HONEST = """void solution(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}"""
Plant = Callable[[float], None]


@pytest.fixture(scope="module")
def timed(make_problem: "MakeProblem") -> Problem:
    return make_problem(FRONT, "def reference(x, n):\n    return x * 2\n")


@pytest.fixture
def plant() -> Iterator[Plant]:
    """This machine, as if it had been measured to have such a rate everywhere."""
    facts = roofs.facts()
    fingerprint = roofs.fingerprint_of(facts)

    def keep(rate: float) -> None:
        caches = machine.caches()
        places = [*(cache.name for cache in caches), MEMORY]
        known = Roofs(
            fingerprint=fingerprint,
            facts=facts,
            caches=caches,
            bandwidths=tuple(
                Bandwidth(where=where, pattern="copy", threads=1, bytes_s=rate, spread=0.0)
                for where in places
            ),
            peaks=(Peak(dtype="float32", threads=1, flops_s=rate, spread=0.0),),
            half_factor=1,
            rounds=3,
            seconds=1.0,
        )
        roofs.keep(known)

    yield keep
    roofs._place(fingerprint).unlink()  # other tests share the cache


def _shown(graded: Grade) -> str:
    console = Console(width=80, highlight=False)
    with console.capture() as captured:
        for part in render_grade(graded):
            console.print(part)
    return captured.get()


def test_a_kernel_on_a_measured_machine_is_told_how_near_it_came(
    grade_source: "GradeSource", timed: Problem, plant: Plant
) -> None:
    """% of the limit, and what sets it: as a record, in JSON that fits its schema, in a table."""
    plant(1e15)  # beyond anything
    graded = grade_source(HONEST, problem=timed, time=True)
    assert graded.verdict is Verdict.ACCEPTED, graded.message
    (timing,) = graded.timing
    roofline = timing.roofline
    assert roofline is not None
    assert (roofline.flops, roofline.bytes) == (30000, 240000)
    assert roofline.fraction is not None
    assert 0.0 < roofline.fraction < 1.0
    document = document_of(graded)
    jsonschema.validate(document, schema())
    (told,) = document["timing"]
    assert told["percent_of_limit"] == pytest.approx(100 * roofline.fraction)
    assert told["roofline"]["limit"]["ms"] / told["candidate_ms"] == pytest.approx(
        roofline.fraction
    )
    assert "of the limit" in _shown(graded)


def test_what_moves_its_data_faster_than_possible_is_a_violation(
    grade_source: "GradeSource", timed: Problem, plant: Plant
) -> None:
    """To a machine of a hundred kilobytes a second every real kernel is a cheat."""
    plant(1e5)
    graded = grade_source(HONEST, problem=timed, time=True)
    assert (graded.verdict, graded.reason) == (Verdict.RULES_VIOLATION, "below_limit")
    assert "case `middling`: a call took" in graded.message
    assert "0.12 MB to move" in graded.message  # the output; nobody has said what must be read
    assert graded.score.speedup is None
