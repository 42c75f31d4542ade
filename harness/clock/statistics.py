"""
What a set of paired rounds says about a speedup. Pure functions; no clock in here.

The estimate is the median of paired log ratios. Launches differ by a bias of their own (buffer
placement), which rounds inside a launch cannot see: so the interval resamples launches first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.records import Launch, Score, State, Timing

RESAMPLES = 1000
MAX_AA = 0.02
MAX_HALF_WIDTH = 0.05

Logs = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    speedup: float
    ci_low: float
    ci_high: float
    aa: float
    quiet: bool

    @property
    def half_width(self) -> float:
        return math.sqrt(self.ci_high / self.ci_low) - 1.0

    @property
    def state(self) -> State:
        # written so that NaN is unstable
        is_steady = abs(self.aa - 1.0) <= MAX_AA and self.half_width <= MAX_HALF_WIDTH
        if not (is_steady and self.quiet):
            return State.UNSTABLE
        if self.ci_low > 1.0:
            return State.FASTER
        return State.SLOWER if self.ci_high < 1.0 else State.TIE


def estimate(launches: Sequence[Launch]) -> Estimate:
    """Speedup over the baseline with its 95 % interval, and the baseline against itself."""
    logs = [
        np.array([math.log(r.baseline_ns / r.candidate_ns) for r in launch.rounds])
        for launch in launches
    ]
    again = [math.log(r.again_ns / r.baseline_ns) for launch in launches for r in launch.rounds]
    low, high = cluster_interval(logs)
    return Estimate(
        speedup=math.exp(float(np.median(np.concatenate(logs)))),
        ci_low=math.exp(low),
        ci_high=math.exp(high),
        aa=math.exp(float(np.median(again))),
        quiet=all(launch.quiet for launch in launches),
    )


def cluster_interval(logs: Sequence[Logs], seed: int = 0) -> tuple[float, float]:
    """95 % interval of the pooled median: resample launches, then rounds inside each."""
    rng = np.random.default_rng(seed)
    medians = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        chosen = rng.integers(len(logs), size=len(logs))
        pooled = [logs[k][rng.integers(len(logs[k]), size=len(logs[k]))] for k in chosen]
        medians[i] = np.median(np.concatenate(pooled))
    low, high = np.percentile(medians, [2.5, 97.5])
    return float(low), float(high)


def score_of(planned: int, passed: int, timings: Sequence[Timing]) -> Score:
    """The geometric mean over bench cases; independent cases, so their variances add."""
    correct = planned == passed > 0
    if not correct or not timings:
        return Score(planned=planned, passed=passed, correct=correct)
    centre = sum(math.log(t.speedup) for t in timings) / len(timings)
    below = math.hypot(*(math.log(t.speedup / t.ci_low) for t in timings)) / len(timings)
    above = math.hypot(*(math.log(t.ci_high / t.speedup) for t in timings)) / len(timings)
    low, high = math.exp(centre - below), math.exp(centre + above)
    state = State.TIE
    if any(t.state is State.UNSTABLE for t in timings):
        state = State.UNSTABLE
    elif low > 1.0:
        state = State.FASTER
    elif high < 1.0:
        state = State.SLOWER
    return Score(
        planned=planned,
        passed=passed,
        correct=True,
        speedup=math.exp(centre),
        ci_low=low,
        ci_high=high,
        state=state,
    )
