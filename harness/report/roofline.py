"""How near the timed cases came to what this machine can do, for the terminal."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from harness.records import Roofline, Timing
from harness.report.tables import table_of

LESS_WORK = "over 100 %: not all that the problem's formulas count was computed or moved"
UNMEASURED = "run `grade machine` once to see % of the limit"


def render_rooflines(timings: Sequence[Timing]) -> Iterator[Table | Text]:
    """A table and what is to be said about it; nothing where nothing was looked at."""
    placed = [(each.case, each.roofline) for each in timings if each.roofline is not None]
    if not placed:
        return
    table = table_of("case", "GFLOP/s", "GB/s", "FLOP/B", "of the limit", "set by")
    for case, roofline in placed:
        table.add_row(case, *_cells(roofline))
    yield table
    if remarks := "\n".join(_remarks(timings, [roofline for _, roofline in placed])):
        yield Text(remarks, "dim italic")


def _cells(roofline: Roofline) -> tuple[str, ...]:
    return (
        "-" if roofline.flops_s is None else _number(roofline.flops_s / 1e9),
        _number(roofline.bytes_s / 1e9),
        "-" if roofline.intensity is None else _number(roofline.intensity),
        "-" if roofline.fraction is None else _percent(roofline.fraction),
        "-" if roofline.limit is None else roofline.limit.name,
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _percent(part: float) -> str:
    return f"{100 * part:.{0 if part >= 0.1 else 1}f} %"


def _remarks(timings: Sequence[Timing], rooflines: Sequence[Roofline]) -> Iterator[str]:
    if all(roofline.limit is None for roofline in rooflines):
        yield UNMEASURED
    if any(_is_over(timing) for timing in timings):
        yield LESS_WORK
    for timing in timings:
        if timing.beats_floor:
            yield f"{timing.case}: unstable, quicker than its data was ever seen to move here"


def _is_over(timing: Timing) -> bool:
    """Beyond the formulas, and yet nothing is wrong with the time."""
    fraction = timing.roofline.fraction if timing.roofline else None
    return fraction is not None and fraction > 1 and not timing.beats_floor
