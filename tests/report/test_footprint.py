"""The table of memory: units that are read at a glance, and nothing finer than was seen."""

from dataclasses import replace

import pytest
from rich.console import Console

from harness.records import Footprint, Footprints, Timing
from harness.report.footprint import CAPTION, _size, render_footprints
from tests.timings import SOME

MB = 1_000_000


def _timing(memory: Footprints | None, case: str = "some") -> Timing:
    return replace(SOME, case=case, memory=memory)


def _taken(*, kept: int = 0, call: int = 0, baseline: int = 0, buffers: int = MB) -> Footprints:
    return Footprints(
        buffers_bytes=buffers,
        candidate=Footprint(kept_bytes=kept, call_bytes=call),
        baseline=Footprint(kept_bytes=0, call_bytes=baseline),
    )


def _shown(*timings: Timing) -> str:
    console = Console(width=80, highlight=False)
    with console.capture() as captured:
        for part in render_footprints(timings):
            console.print(part)
    return captured.get()


def test_each_case_has_its_buffers_and_what_came_to_them() -> None:
    """What is kept and what a call takes are one number; too little to be sure of is a bound."""
    shown = _shown(_timing(_taken(kept=2 * MB, call=MB, baseline=MB // 4)))
    (row,) = [line for line in shown.splitlines() if line.startswith("some")]
    assert row.split() == ["some", "1", "MB", "3", "MB", "<", "0.5", "MB"]
    assert "stay between calls: up to 2 MB" in shown


def test_nothing_kept_is_not_mentioned() -> None:
    """The remark is for those who keep something."""
    shown = _shown(_timing(_taken(call=9 * MB)))
    assert CAPTION in shown
    assert "between calls" not in shown


def test_what_could_not_be_seen_is_no_row() -> None:
    """And no table at all, where that is so of every case."""
    assert list(render_footprints([_timing(None)])) == []
    shown = _shown(_timing(None, "unseen"), _timing(_taken(), "seen"))
    assert "unseen" not in shown


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (999_499, "999 kB"), (999_500, "1 MB"),
     (1_664_000, "1.66 MB"), (123_456_789, "123 MB"), (12_345_678_901, "12.3 GB")],
)  # fmt: skip
def test_sizes_have_three_digits(count: int, words: str) -> None:
    """In the unit that keeps them short."""
    assert _size(count) == words


def test_the_table_fits_eighty_columns() -> None:
    """With long names and large sizes, no number is cut."""
    huge = _taken(call=10**12, baseline=10**12, buffers=10**12)
    lines = _shown(_timing(huge, "a-case-with-a-name-that-never-ends-and-goes-on")).splitlines()
    assert max(map(len, lines)) <= 80
    assert "\n".join(lines).count("1e+03 GB") == 3
