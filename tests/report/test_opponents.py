"""Whom a kernel was timed against, as a person reads it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from harness.records import Policy, Timing, Way
from harness.report.opponents import NAME_SHOWN, opponent_of, render_copies, render_ways
from tests.timings import SOME

WAYS = (
    Way(name="eager", speedup=1.0),
    Way(name="channels_last", speedup=None, why="a view\n\x1b[2J is wanted"),
    Way(name="onednn", speedup=1.25),
    Way(name="compile", speedup=0.5),
)


def _timing(
    case: str, ways: tuple[Way, ...] = (), *, best: str = "eager", copy_ms: float | None = None
) -> Timing:
    return replace(
        SOME,
        case=case,
        baseline=f"best: {best}",
        candidate_ms=2.0,
        baseline_ms=1.5,
        ways=ways,
        copy_ms=copy_ms,
    )


def _shown(parts: Iterable[RenderableType]) -> str:
    console = Console(width=80, highlight=False)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return captured.get()


@pytest.mark.parametrize(
    ("policy", "head"),
    [
        (Policy(), "PyTorch"),
        (Policy(baseline="onednn"), "onednn"),
        (Policy(baseline="best"), "best"),
        (Policy(against=Path("some/other.cpp")), "other.cpp"),
        (Policy(against=Path("a\x1b[2J\nb.py")), "a[2J b.py"),
    ],
)
def test_the_opponent_heads_its_column(policy: Policy, head: str) -> None:
    """By name, which is text and nothing that a terminal obeys."""
    assert opponent_of(policy) == head


def test_a_long_name_is_cut() -> None:
    """What does not fit is left out, and it is seen that something was."""
    name = opponent_of(Policy(against=Path("a_very_long_name_of_a_kernel.cpp")))
    assert len(name) == NAME_SHOWN
    assert name.endswith("…")


def test_every_way_is_shown_with_its_gain() -> None:
    """A row a case within 80 columns: gains over eager, and which one was taken."""
    shown = _shown(render_ways((_timing("a-case-of-twenty-chars", WAYS, best="channels_last"),)))
    (row,) = [line for line in shown.splitlines() if line.startswith("a-case")]
    assert row.split()[1:] == ["1.00x", "-", "1.25x", "0.50x", "channels_last"]
    assert max(map(len, shown.splitlines())) <= 80


def test_what_was_left_out_is_named_once() -> None:
    """With its reason, and the cases that it holds for."""
    shown = _shown(render_ways((_timing("one", WAYS), _timing("two", WAYS))))
    assert "channels_last was left out of one, two: a view [2J is wanted" in shown
    assert "\x1b" not in shown


def test_without_a_choice_nothing_is_said() -> None:
    """One baseline needs no table."""
    assert not _shown(render_ways((_timing("one"),)))
    assert not _shown(render_copies((_timing("one"),)))


def test_the_copy_beyond_the_time_is_a_number() -> None:
    """What PyTorch does after its clock stands beside its time."""
    shown = _shown(render_copies((_timing("one", copy_ms=0.25), _timing("two"))))
    assert [line.split() for line in shown.splitlines() if line.startswith(("one", "two"))] == [
        ["one", "1.5", "ms", "0.25", "ms"]
    ]
