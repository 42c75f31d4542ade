"""What a machine can do at most, as tables."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from harness.records import MEMORY, Roofs
from harness.report.tables import table_of

PATTERNS = ("read", "write", "copy", "add")


def render_roofs(roofs: Roofs) -> Iterator[RenderableType]:
    facts = dict(roofs.facts)
    yield Text(facts["processor"], "bold")
    cores = int(facts["cores"])
    yield Text(f"{cores} core{'s' * (cores > 1)}, {facts['memory']}\n", "dim")
    yield _bandwidths(roofs)
    yield Text()
    yield _peaks(roofs)
    yield Text(
        f"\nthe highest of {roofs.rounds} rounds; spread: how far ahead of the others the best"
        " round was\nadd: two read, one written; copy and write also past the caches",
        "dim",
    )


def _bandwidths(roofs: Roofs) -> Table:
    table = table_of("GB/s of", "each", "threads", *PATTERNS, "spread")
    sizes = {cache.name: _size(cache.size_bytes) for cache in roofs.caches}
    for where in (*sizes, MEMORY):
        for threads in sorted({each.threads for each in roofs.bandwidths}):
            row = {
                each.pattern: each
                for each in roofs.bandwidths
                if (each.where, each.threads) == (where, threads)
            }
            if row:
                cells = [
                    _rate(row[pattern].bytes_s) if pattern in row else "-" for pattern in PATTERNS
                ]
                best = max(row.values(), key=lambda each: each.bytes_s)
                table.add_row(
                    where, sizes.get(where, ""), f"{threads}", *cells, _percent(best.spread)
                )
    return table


def _peaks(roofs: Roofs) -> Table:
    table = table_of("GFLOP/s in", "threads", "peak", "spread")
    for peak in sorted(roofs.peaks, key=lambda peak: (peak.dtype, peak.threads)):
        table.add_row(peak.dtype, f"{peak.threads}", _rate(peak.flops_s), _percent(peak.spread))
    return table


def _size(nbytes: int) -> str:
    return f"{nbytes >> 20} MiB" if nbytes >= 1 << 20 else f"{nbytes >> 10} KiB"


def _rate(value: float) -> str:
    return f"{value / 1e9:.1f}"


def _percent(part: float) -> str:
    return f"{part:.1%}".replace("%", " %")
