"""The look of a table of figures, and of what stands in it, within 80 columns."""

from rich import box
from rich.table import Table


def table_of(*columns: str) -> Table:
    """The first column gives way where 80 columns are too few; numbers never do."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column(columns[0], no_wrap=True, max_width=22, overflow="ellipsis")
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    return table


def milliseconds(value: float) -> str:
    return f"{value:.3g} ms" if value >= 0.01 else f"{value * 1e3:.3g} us"
