"""What memory the timed cases took beyond their buffers, for the terminal."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from harness.records import Timing
from harness.report.tables import table_of
from harness.sandbox.gauge import GRAIN_BYTES

CAPTION = "buffers: inputs and outputs; extra: the most memory beyond them in a call"


def render_footprints(timings: Sequence[Timing]) -> Iterator[Table | Text]:
    """A table, with an empty line before it; nothing where nothing could be seen."""
    seen = [(each.case, each.memory) for each in timings if each.memory is not None]
    if not seen:
        return
    table = table_of("case", "buffers", "extra", "baseline's extra")
    for case, memory in seen:
        table.add_row(
            case,
            _size(memory.buffers_bytes),
            _measured(memory.candidate.extra_bytes),
            _measured(memory.baseline.extra_bytes),
        )
    yield Text()
    yield table
    remarks = CAPTION
    kept = max(memory.candidate.kept_bytes for _, memory in seen)
    if kept >= GRAIN_BYTES:
        remarks += f"\nof it stay between calls: up to {_size(kept)}"
    yield Text(remarks, "dim italic")


def _measured(count: int) -> str:
    return _size(count) if count >= GRAIN_BYTES else f"< {GRAIN_BYTES / 1e6:g} MB"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1e3
    return f"{count:.3g} GB"
