"""Whom a kernel was timed against: their name in a table, and how the best of them was found."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.records import Policy, Timing
from harness.report.harmless import on_one_line
from harness.report.tables import milliseconds, table_of

NAME_SHOWN = 13  # so that the table keeps within 80 columns
WHY_SHOWN = 200


def opponent_of(policy: Policy) -> str:
    """The head of their column."""
    if policy.against is not None:
        name = on_one_line(policy.against.name)
        return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 1]}…"
    return "PyTorch" if policy.baseline == Policy().baseline else policy.baseline


def render_ways(timings: tuple[Timing, ...]) -> Iterator[RenderableType]:
    """What the best was chosen from, if it was asked for."""
    if any(timing.ways for timing in timings):
        yield Padding(_ways(timings), (1, 0, 0, 0), expand=False)
        yield from _left_out(timings)


def _ways(timings: tuple[Timing, ...]) -> Table:
    names = [way.name for way in timings[0].ways]
    table = table_of("case", *names, "best")
    for timing in timings:
        gains = {way.name: way.speedup for way in timing.ways}
        cells = ["-" if gains[name] is None else f"{gains[name]:.2f}x" for name in names]
        table.add_row(timing.case, *cells, timing.baseline.partition(": ")[2])
    table.caption = "each way to ask PyTorch, over eager, in a short heat before"
    table.caption_justify = "left"
    return table


def _left_out(timings: tuple[Timing, ...]) -> Iterator[Text]:
    """Once for each reason, however many cases it holds for."""
    cases: dict[tuple[str, str], list[str]] = {}
    for timing in timings:
        for way in timing.ways:
            if way.speedup is None:
                cases.setdefault((way.name, on_one_line(way.why)[:WHY_SHOWN]), []).append(
                    timing.case
                )
    for (name, why), where in cases.items():
        yield Text(f"{name} was left out of {', '.join(where)}: {why}")


def render_copies(timings: tuple[Timing, ...]) -> Iterator[RenderableType]:
    """What PyTorch's copy takes beyond its time: a kernel that returns has its own inside."""
    known = [timing for timing in timings if timing.copy_ms is not None]
    if not known:
        return
    table = table_of("case", "baseline", "its copy into the output")
    for timing in known:
        assert timing.copy_ms is not None
        table.add_row(timing.case, milliseconds(timing.baseline_ms), milliseconds(timing.copy_ms))
    table.caption = "not in its time; a kernel that returns has its own in its time"
    table.caption_justify = "left"
    yield Padding(table, (1, 0, 0, 0), expand=False)
