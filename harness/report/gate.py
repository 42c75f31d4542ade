"""What a card's own compiler said of a CUDA source, for the terminal."""

from rich.table import Table

from harness.records import Gate
from harness.report.harmless import on_one_line
from harness.report.tables import table_of


def render_gate(gate: Gate) -> Table:
    table = table_of(f"compiles for {gate.arch}", "registers", "shared", "spilled")
    for kernel in gate.kernels:
        table.add_row(
            on_one_line(kernel.name),
            f"{kernel.registers}",
            f"{kernel.shared_bytes} B",
            f"{kernel.spill_bytes} B" if kernel.spill_bytes else "-",
        )
    table.caption = f"by {on_one_line(gate.compiler)}; nothing was run on a card"
    table.caption_justify = "left"
    return table
