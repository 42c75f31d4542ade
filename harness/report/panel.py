"""One timed case as a picture: its launches, lane by lane, and the baseline against itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.etree import ElementTree as ET

import numpy as np

from harness.clock.statistics import launch_values
from harness.records import Timing
from harness.report.axis import SHORT, axis_of
from harness.report.harmless import on_one_line
from harness.report.stored import StoredTiming
from harness.report.svg import EDGE, add, bar, dot, line, pointer, post, write

Timed = Timing | StoredTiming

LEFT, RIGHT = 14.0, 97.0  # per cent of the width; at the left of it stand the names of the lanes
LANE, LEAST_LANE, LANES, GAP = 22.0, 5.0, 160.0, 3.0  # pixels: of one, and of all at best


def figures(timing: Timed) -> tuple[str, str]:
    """The estimate and its interval; with one more digit where two would be the same."""
    digits = 3 if timing.ci_high - timing.ci_low < 0.02 else 2
    speedup, low, high = (
        _ratio(value, digits) for value in (timing.speedup, timing.ci_low, timing.ci_high)
    )
    return speedup, f"95 % interval {low} to {high}"


def _ratio(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}x" if 0.1 <= value < 100 else f"{value:.3g}x"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Launch:
    """The paired ratios of one launch, in the order in which they were measured."""

    number: int
    parent: int
    value: float  # what it says by itself
    first: tuple[float, ...]  # the baseline over the candidate
    second: tuple[float, ...]  # the baseline's other arm over the candidate
    own: tuple[float, ...]  # the one over the other


def _launches(timing: Timed) -> list[_Launch]:
    """Side by side where they were forked from one parent."""
    by_clock = [[r.by(timing.clock) for r in launch.rounds] for launch in timing.launches]
    times = [np.array([(r.candidate_ns, r.baseline_ns, r.again_ns) for r in x]) for x in by_clock]
    values = launch_values([np.log(each[:, 1:] / each[:, :1]).ravel() for each in times])
    launches = [
        _Launch(
            number=number,
            parent=launch.parent,
            value=math.exp(value),
            first=tuple((each[:, 1] / each[:, 0]).tolist()),
            second=tuple((each[:, 2] / each[:, 0]).tolist()),
            own=tuple((each[:, 2] / each[:, 1]).tolist()),
        )
        for number, (launch, value, each) in enumerate(
            zip(timing.launches, values, times, strict=True), start=1
        )
    ]
    return sorted(launches, key=lambda launch: launch.parent)


class Panel:
    """One case, drawn from above."""

    def __init__(self, panel: ET.Element, timing: Timed) -> None:
        self._panel = panel
        self._timing = timing
        self._launches = _launches(timing)
        self._lane = min(LANE, max(LEAST_LANE, LANES / len(self._launches)))
        self._paired = [x for each in self._launches for x in (*each.first, *each.second)]
        self._own = [x for each in self._launches for x in each.own]
        always = timing.ci_low, timing.ci_high, timing.aa, 1.0
        values = [launch.value for launch in self._launches]
        self._axis = axis_of((self._paired, self._own), (*always, *values))

    def draw(self) -> float:
        """How high it has become."""
        top = self._write_above() + 22
        lanes = self._lanes(top)
        below = lanes[-1][1] + self._lane
        own = below + 12
        bottom = own + len(lanes) * self._lane / 2
        self._draw_ground(lanes, own, bottom)
        self._draw_interval(top, below)
        for launch, y in lanes:
            self._draw_launch(launch, y)
        self._draw_own(own, bottom - own)
        return self._write_below(bottom)

    def _lanes(self, top: float) -> list[tuple[_Launch, float]]:
        """Where each begins; between those of two parents there is a gap."""
        lanes = []
        for number, launch in enumerate(self._launches):
            if number and launch.parent != self._launches[number - 1].parent:
                top += GAP
            lanes.append((launch, top))
            top += self._lane
        return lanes

    def _write_above(self) -> float:
        timing, panel = self._timing, self._panel
        rounds = len(self._own)
        line(panel, (EDGE, 0), (100 - EDGE, 0), "grid")
        write(panel, 24, on_one_line(timing.case), "name")
        speedup, interval = figures(timing)
        value = write(panel, 48, f"{speedup} ", "value")
        add(value, "tspan", str(timing.state), **{"class": "state"})
        write(panel, 68, interval)
        against = f"baseline {on_one_line(timing.baseline)}, {timing.clock} clock"
        write(panel, 86, against, "dim")
        counts = f"A/A {timing.aa:.3f}; {len(self._launches)} launches, {rounds} rounds"
        write(panel, 103, f"{counts} of {timing.batch} calls", "dim")
        return 112

    def _draw_ground(
        self, lanes: Sequence[tuple[_Launch, float]], own: float, bottom: float
    ) -> None:
        write(self._panel, lanes[0][1] - 9, "parent", "lane", at=LEFT - 1.5)
        for parent, group in groupby(lanes, lambda lane: lane[0].parent):
            tops = [top for _, top in group]
            height = len(tops) * self._lane
            bar(self._panel, (LEFT, RIGHT), tops[0], height, "ground")
            write(self._panel, tops[0] + height / 2 + 4, f"{parent + 1}", "lane", at=LEFT - 1.5)
        bar(self._panel, (LEFT, RIGHT), own, bottom - own, "ground")
        self._draw_ticks(lanes[0][1], bottom)

    def _draw_ticks(self, top: float, bottom: float) -> None:
        ticks = self._axis.ticks
        digits = max(len(f"{tick:g}".partition(".")[2]) for tick in ticks)
        is_even = ticks[-1] < SHORT * ticks[0]
        for tick in ticks:
            at = self._at(tick)
            kind = "one" if tick == 1.0 else "grid"
            line(self._panel, (at, top - 6), (at, bottom + 6), kind)
            words = f"{tick:.{digits}f}x" if is_even else f"{tick:g}x"
            write(self._panel, bottom + 20, words, f"tick {kind}-tick", at=at)

    def _draw_interval(self, top: float, bottom: float) -> None:
        timing = self._timing
        ends = self._at(timing.ci_low), self._at(timing.ci_high)
        band = bar(self._panel, ends, top - 6, bottom - top + 12, "interval")
        add(band, "title", figures(timing)[1])
        at = self._at(timing.speedup)
        line(self._panel, (at, top - 6), (at, bottom + 6), "estimate")

    def _draw_launch(self, launch: _Launch, top: float) -> None:
        lane = add(self._panel, "g")
        add(lane, "title", f"launch {launch.number}: {_ratio(launch.value)}")
        self._dots(lane, "first", launch.first, top, self._lane)
        self._dots(lane, "second", launch.second, top, self._lane)
        post(lane, self._at(launch.value), top, self._lane, "launch-value")

    def _draw_own(self, top: float, height: float) -> None:
        lane = add(self._panel, "g")
        add(lane, "title", f"the baseline against itself: {self._timing.aa:.3f}")
        write(lane, top + height / 2 + 4, "A/A", "lane", at=LEFT - 1.5)
        each = height / len(self._launches)
        for number, launch in enumerate(self._launches):
            self._dots(lane, "own", launch.own, top + number * each, each)
        post(lane, self._at(self._timing.aa), top, height, "launch-value")

    def _dots(
        self, lane: ET.Element, kind: str, ratios: Sequence[float], top: float, height: float
    ) -> None:
        """Time runs downwards; what lies beyond an end stands at it, and points there."""
        group = add(lane, "g", **{"class": kind})
        for number, ratio in enumerate(ratios):
            y = top + height * (number + 0.5) / len(ratios)
            if self._axis.holds(ratio):
                dot(group, self._at(ratio), y)
            else:
                is_low = ratio < self._axis.low
                pointer(group, LEFT if is_low else RIGHT, y, _ratio(ratio), is_left=is_low)

    def _write_below(self, bottom: float) -> float:
        """What the axis is; and how much lies beyond it."""
        write(self._panel, bottom + 38, "← slower", "dim", at=LEFT)
        write(self._panel, bottom + 38, "faster →", "dim right", at=RIGHT)
        beyond = [x for x in (*self._paired, *self._own) if not self._axis.holds(x)]
        if not beyond:
            return bottom + 46
        furthest = " to ".join(dict.fromkeys(_ratio(end(beyond)) for end in (min, max)))
        words = f"beyond: {len(beyond)} of {3 * len(self._own)} ratios, {furthest}"
        write(self._panel, bottom + 56, words, "dim", at=LEFT)
        return bottom + 64

    def _at(self, ratio: float) -> float:
        return LEFT + (RIGHT - LEFT) * self._axis.place(ratio)
