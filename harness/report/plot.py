"""
Timings as a picture: every paired sample, the interval, and the baseline against itself.

It stands alone, or inline in a page, whose colour its letters then take. The width is free: places
are per cent of it and letters are pixels, so it can be read on a telephone and on paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from harness.clock.statistics import MAX_AA, MAX_HALF_WIDTH
from harness.records import State
from harness.report.harmless import on_one_line
from harness.report.panel import Panel, Timed, figures
from harness.report.svg import DOT, EDGE, add, figure_of, line, moved, write

STYLE = Path(__file__).with_name("plot.css").read_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands above the cases. Whatever is written there may be a stranger's."""

    title: str
    details: tuple[str, ...] = ()


def heading_of(*, file: str, problem: str, dtype: str, threads: int, machine: str) -> Heading:
    cores = f"{threads} thread{'s' if threads > 1 else ''}"
    return Heading(title=file, details=(problem, f"{dtype}, {cores}, {machine}"))


def render_plot(heading: Heading, timings: Sequence[Timed]) -> str:
    """A panel for each timed case; the same bytes for the same timings."""
    title = on_one_line(heading.title)
    summary = "; ".join(_in_words(timing) for timing in timings)
    figure = figure_of("grade-plot", title, summary, STYLE)
    y = 26.0
    write(figure, y, title, "title")
    for detail in heading.details:
        y += 18
        write(figure, y, on_one_line(detail), "dim")
    for timing in timings:
        y += 16
        panel = add(figure, "g", **{"class": timing.state, "transform": f"translate(0 {y:g})"})
        y += Panel(panel, timing).draw()
    y = _legend(figure, y + 16, is_unstable=any(t.state is State.UNSTABLE for t in timings))
    figure.set("height", f"{y:g}")
    return ET.tostring(figure, encoding="unicode") + "\n"


def _in_words(timing: Timed) -> str:
    speedup, interval = figures(timing)
    return f"{on_one_line(timing.case)}: {speedup}, {timing.state}, {interval}"


def _legend(figure: ET.Element, top: float, *, is_unstable: bool) -> float:
    """What is what; how high it all has become."""
    line(figure, (EDGE, top), (100 - EDGE, top), "grid")
    circle = {"cx": "5", "cy": "-4", "r": f"{DOT}"}
    y = top + 24
    for kind, tag, shape, words in (
        ("first", "circle", circle, "the baseline's time over the kernel's"),
        ("second", "circle", circle, "the same by the baseline's second arm"),
        ("own", "circle", circle, "A/A: the baseline's second arm over its first"),
        (
            "launch-value",
            "path",
            {"d": "M3.5 1v-11h3v11z"},
            "what a launch, or A/A, says by itself",
        ),
        ("ground", "path", {"d": "M0 1v-11h10v11z"}, "launches of one parent: one sample"),
        ("interval", "path", {"d": "M0 1v-11h10v11z"}, "the 95 % interval"),
        ("first", "path", {"d": "M1 -8l8 4-8 4z"}, "beyond the edge"),
    ):
        row = moved(figure, EDGE, y)
        add(row, tag, **shape, **{"class": kind})
        add(row, "text", words, x="18", **{"class": "dim"})
        y += 18
    if is_unstable:
        wide, off = f"{100 * MAX_HALF_WIDTH:g} %", f"{100 * MAX_AA:g} %"
        write(figure, y, f"unstable: the interval is wider than {wide} to", "dim")
        write(figure, y + 18, f"either side, A/A is off by more than {off},", "dim")
        write(figure, y + 36, "or the samples are too short", "dim")
        y += 54
    return y
