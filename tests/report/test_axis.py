"""An axis for ratios: room for what matters, and ticks that a person can read."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.axis import LEAST_SPAN, MOST_TICKS, Axis, axis_of

ratios = st.floats(1e-4, 1e4)
ends = st.tuples(ratios, st.floats(1.1, 1e6))


@given(ends)
def test_places_are_logarithmic(end: tuple[float, float]) -> None:
    """The ends lie at 0 and 1, and their geometric mean half way."""
    low, high = end[0], end[0] * end[1]
    axis = Axis(low=low, high=high)
    places = [axis.place(ratio) for ratio in (low, math.sqrt(low) * math.sqrt(high), high)]
    assert places == pytest.approx([0.0, 0.5, 1.0], abs=1e-9)


@given(st.lists(ratios, min_size=1, max_size=50), st.lists(ratios, min_size=1, max_size=5))
def test_what_must_be_seen_is(samples: list[float], always: list[float]) -> None:
    """Every end of an interval and half of the samples at least, and room where all is one."""
    axis = axis_of([samples], always)
    assert all(axis.holds(ratio) for ratio in always)
    assert sum(axis.holds(ratio) for ratio in samples) >= len(samples) / 2
    assert math.log(axis.high / axis.low) >= LEAST_SPAN


def test_what_is_far_takes_no_room() -> None:
    """One burst of another program does not squash all others; without it they are all there."""
    samples = [1.0 + 0.001 * number for number in range(20)]
    axis = axis_of([[*samples, 9.0, 0.1]], [1.0])
    assert all(axis.holds(ratio) for ratio in samples)
    assert not axis.holds(9.0)
    assert not axis.holds(0.1)
    assert axis == axis_of([samples], [1.0])


def test_each_group_has_its_own_room() -> None:
    """Where a kernel is ten times as fast, the baseline against itself is no outlier."""
    axis = axis_of([[10.0] * 50, [1.0] * 5], [1.0])
    assert axis.holds(10.0)
    assert axis.holds(1.0)


@given(ends)
def test_ticks_are_few_and_lie_on_the_axis(end: tuple[float, float]) -> None:
    """In order, no more than a telephone has room for, and the line of no gain among them."""
    axis = Axis(low=end[0], high=end[0] * end[1])
    ticks = axis.ticks
    assert len(ticks) <= MOST_TICKS
    assert all(axis.holds(tick) for tick in ticks)
    assert all(one < other for one, other in pairwise(ticks))
    assert 1.0 in ticks or not axis.holds(1.0)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.95, 1.055, (0.96, 0.98, 1.0, 1.02, 1.04)),
        (0.93, 1.13, (0.95, 1.0, 1.05, 1.1)),
        (0.85, 3.8, (1.0, 1.5, 2.0, 2.5, 3.0, 3.5)),
        (0.03, 1.1, (0.05, 0.1, 0.2, 0.5, 1.0)),
        (0.9, 9e5, (1.0, 10.0, 100.0, 1000.0, 10000.0, 100000.0)),
        (0.9, 9e9, (1.0, 100.0, 1e4, 1e6, 1e8)),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: tuple[float, ...]) -> None:
    """Even steps on a short axis, then ones, twos and fives, then powers of ten."""
    assert Axis(low=low, high=high).ticks == pytest.approx(ticks)
