"""What else went on while a case was timed."""

import os
from pathlib import Path

import pytest

from harness.clock.conditions import watch

CORES = sorted(os.sched_getaffinity(0))


def _machine(root: Path, *, kilohertz: int, throttled: int) -> None:
    for core in CORES:
        for file, number in (
            ("cpufreq/scaling_cur_freq", kilohertz + core),
            ("thermal_throttle/core_throttle_count", throttled),
        ):
            path = root / f"cpu{core}" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{number}\n")


def test_what_changed_meanwhile_is_told(tmp_path: Path) -> None:
    """Load before and after, the host's share, the slowest and the quickest core, how often hot."""
    stat, loads = tmp_path / "stat", iter([1.5, 2.5])
    stat.write_text("cpu 100 0 50 800 0 0 0 50 0 0\ncpu0 1 2 3\n")
    _machine(tmp_path, kilohertz=3_000_000, throttled=7)
    told = watch(tmp_path, stat, loads.__next__)
    stat.write_text("cpu 150 0 60 820 0 0 0 70 0 0\ncpu0 1 2 3\n")
    _machine(tmp_path, kilohertz=2_000_000, throttled=9)
    found = told()
    assert found.load == (1.5, 2.5)
    assert found.stolen == pytest.approx(20 / 100)
    assert found.mhz == pytest.approx(((2e6 + CORES[0]) / 1e3, (3e6 + CORES[-1]) / 1e3))
    assert found.throttled == 2 * len(CORES)


def test_what_a_machine_does_not_tell_is_none(tmp_path: Path) -> None:
    """Not zero: a virtual machine shows neither frequencies nor heat."""
    found = watch(tmp_path, tmp_path / "nowhere")()
    assert (found.stolen, found.mhz, found.throttled) == (None, None, None)
