"""When timing a case ends."""

from dataclasses import replace

import pytest

from harness.clock.stage import FEWEST, LAUNCHES, MOST, PATIENCE_S, Stop
from harness.clock.statistics import Estimate

STOP = Stop(half_width=0.01, budget_s=10.0, deadline=1e9)
NARROW = Estimate(speedup=1.5, ci_low=1.5 / 1.009, ci_high=1.5 * 1.009, aa=1.0, quiet=True)
WIDE = replace(NARROW, ci_low=1.5 / 1.03, ci_high=1.5 * 1.03)


def test_it_ends_when_the_interval_is_narrow_enough() -> None:
    """Not with fewer launches than are owed, and not while the baseline disagrees with itself."""
    assert STOP.is_over(LAUNCHES, NARROW, passed_s=2.0, launch_s=0.4)
    assert not STOP.is_over(LAUNCHES - 1, NARROW, passed_s=2.0, launch_s=0.4)
    assert not STOP.is_over(LAUNCHES, WIDE, passed_s=2.0, launch_s=0.4)
    assert not STOP.is_over(LAUNCHES, replace(NARROW, aa=1.03), passed_s=2.0, launch_s=0.4)
    assert not STOP.is_over(LAUNCHES, replace(NARROW, quiet=False), passed_s=2.0, launch_s=0.4)


def test_it_ends_when_no_launch_fits_into_the_time() -> None:
    """What one takes is known; and there is a most, however quick they are."""
    assert not STOP.is_over(LAUNCHES, WIDE, passed_s=9.5, launch_s=0.5)
    assert STOP.is_over(LAUNCHES, WIDE, passed_s=9.6, launch_s=0.5)
    assert STOP.is_over(MOST, WIDE, passed_s=1.0, launch_s=0.001)


def test_five_launches_are_worth_some_patience() -> None:
    """A small budget does not make them fewer, long calls do; three are made however long."""
    short = replace(STOP, budget_s=0.1)
    assert not short.is_over(LAUNCHES - 1, WIDE, passed_s=PATIENCE_S - 1, launch_s=1.0)
    assert short.is_over(LAUNCHES - 1, WIDE, passed_s=PATIENCE_S, launch_s=1.0)
    assert short.is_over(LAUNCHES, WIDE, passed_s=1.0, launch_s=0.1)
    assert not short.is_over(FEWEST - 1, WIDE, passed_s=900.0, launch_s=300.0)


@pytest.mark.parametrize(("reward", "is_settled"), [((1.0,), True), ((1.0, 1.45), False)])
def test_a_reward_ends_it_when_all_thresholds_are_cleared(
    reward: tuple[float, ...], is_settled: bool
) -> None:
    """Even before five launches, and however wide; never while the baseline is unsteady."""
    asked = replace(STOP, reward=reward, patience_s=0.0)
    assert asked.is_over(FEWEST, WIDE, passed_s=1.0, launch_s=0.3) is is_settled
    assert asked.is_over(FEWEST, WIDE, passed_s=9.9, launch_s=0.3)  # its budget is a promise
    unsteady = replace(WIDE, aa=1.2)
    assert not asked.is_over(FEWEST, unsteady, passed_s=1.0, launch_s=0.3)
