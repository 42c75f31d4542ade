"""The table of limits: readable at 80 columns, whatever the figures."""

from dataclasses import replace

import pytest
from rich.console import Console

from harness.records import Roof, Roofline, Timing
from harness.report.roofline import LESS_WORK, UNMEASURED, render_rooflines
from tests.timings import SOME

FLOAT32 = Roof(name="float32", seconds=1e-3, rate=1e11, spread=0.01)
FLOOR = Roof(name="memory", seconds=5e-4, rate=2e10, spread=0.01)
HALF = Roofline(
    flops=10**8, bytes=10**7, flops_s=5e10, bytes_s=5e9, intensity=10.0,
    limit=FLOAT32, fraction=0.5, floor=FLOOR,
)  # fmt: skip


def _timing(roofline: Roofline | None, case: str = "some", ms: float = 2.0) -> Timing:
    return replace(SOME, case=case, candidate_ms=ms, roofline=roofline)


def _shown(*timings: Timing) -> str:
    console = Console(width=80, highlight=False)
    with console.capture() as captured:
        for part in render_rooflines(timings):
            console.print(part)
    return captured.get()


def test_each_case_has_its_figures_and_what_sets_the_limit() -> None:
    """Rates, intensity, percent, and the roof by name."""
    (row,) = [line for line in _shown(_timing(HALF)).splitlines() if line.startswith("some")]
    assert row.split() == ["some", "50", "5", "10", "50", "%", "float32"]


def test_what_is_not_known_is_no_number() -> None:
    """Without a formula no FLOP/s; without a measured machine no percent, but the way to it."""
    bare = Roofline(flops=None, bytes=8, flops_s=None, bytes_s=8e9, intensity=None)
    shown = _shown(_timing(bare))
    assert shown.count(" - ") >= 3
    assert UNMEASURED in shown


@pytest.mark.parametrize(("fraction", "is_said"), [(0.99, False), (1.01, True)])
def test_more_than_the_limit_is_explained(fraction: float, is_said: bool) -> None:
    """Over 100 % is a remark about the formulas, not a reproach."""
    over = Roofline(
        flops=1, bytes=1, flops_s=1.0, bytes_s=1.0, intensity=1.0, limit=FLOAT32, fraction=fraction
    )
    assert (LESS_WORK in _shown(_timing(over))) is is_said


def test_a_time_below_the_floor_is_named() -> None:
    """Which case is unstable for that reason; and no other."""
    shown = " ".join(_shown(_timing(HALF, "slow", 2.0), _timing(HALF, "quick", 0.4)).split())
    assert "quick: unstable, quicker than its data was ever seen to move here" in shown
    assert "slow: unstable" not in shown


def test_nothing_looked_at_is_no_table() -> None:
    """A grade from before, or of nothing."""
    assert list(render_rooflines([_timing(None)])) == []
    assert list(render_rooflines([])) == []


def test_the_table_fits_eighty_columns() -> None:
    """With long names and large figures, no number is cut."""
    huge = Roofline(
        flops=10**18, bytes=10**15, flops_s=1.23456e18, bytes_s=9.87654e15, intensity=12345.678,
        limit=Roof(name="bfloat16", seconds=1.0, rate=1.0, spread=0.0), fraction=123.4,
    )  # fmt: skip
    lines = _shown(_timing(huge, "a-case-with-a-name-that-never-ends-and-goes-on")).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(word in "\n".join(lines) for word in ("1234560000", "9876540", "12346", "12340 %"))
