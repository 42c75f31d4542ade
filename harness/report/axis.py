"""A logarithmic axis for ratios: what it reaches, where a ratio lies on it, and its ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FAR = 3.0  # times the distance of the quartiles, beyond them: what lies there is not worth the room
LEAST_SPAN = math.log(1.1)  # as much as is shown of ratios that are all alike
PADDING = 0.04  # of the span, to either side
MOST_TICKS = 6  # as many labels as there is room for on a telephone
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # each of them meets 1.0
SHORT = 5.0  # the high end over the low one: even steps do not yet crowd
DECADE = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    low: float
    high: float

    def place(self, ratio: float) -> float:
        """From 0 at the low end to 1 at the high one; others lie beyond."""
        return math.log(ratio / self.low) / math.log(self.high / self.low)

    def holds(self, ratio: float) -> bool:
        return self.low <= ratio <= self.high

    @property
    def ticks(self) -> tuple[float, ...]:
        """Few round ratios, and 1.0 among them where it is held; in even steps on a short axis."""
        for step in STEPS if self.high < SHORT * self.low else ():
            first, last = math.ceil(self.low / step), math.floor(self.high / step)
            if last - first < MOST_TICKS:
                return tuple(round(number * step, 2) for number in range(first, last + 1))
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        fine = [digit * 10.0**decade for decade in decades for digit in DECADE]
        shown = tuple(filter(self.holds, fine))
        if len(shown) <= MOST_TICKS:
            return shown
        powers = [decade for decade in decades if self.holds(10.0**decade)]
        every = math.ceil(len(powers) / MOST_TICKS)
        return tuple(10.0**decade for decade in powers if decade % every == 0)


def axis_of(samples: Sequence[Sequence[float]], always: Sequence[float]) -> Axis:
    """Room for `always`, and for each group of samples but for what lies far from its rest."""
    ends = [math.log(ratio) for ratio in always]
    for group in samples:
        logs = np.log(group)
        lower, upper = np.percentile(logs, [25, 75])
        reach = FAR * (upper - lower)
        near = logs[(logs >= lower - reach) & (logs <= upper + reach)]
        ends += [float(near.min()), float(near.max())]
    low, high = min(ends), max(ends)
    missing = max(0.0, LEAST_SPAN - (high - low)) / 2
    more = missing + PADDING * (high - low + 2 * missing)
    return Axis(low=math.exp(low - more), high=math.exp(high + more))
