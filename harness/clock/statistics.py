"""
What a set of paired rounds says about a speedup. Pure functions; no clock in here.

Every round gives two paired ratios: each baseline over the candidate. Their logarithms are
summed up in two steps, because a launch has a bias of its own (buffer placement, up to 2 %) that
no number of rounds inside it can show:

    a launch    the mean of its rounds, clipped to what is near the median of all of them: near
                by is a bias, which averages out; far away is another program, which counts by
                its side alone
    a grade     the mean of its launches, with Student's interval: five launches are five samples.
                Launches forked from one parent share its layout (5 % was seen between parents,
                where the candidate is not forked from them), so together they are one sample

The interval is never narrower than the baseline's disagreement with itself implies, which is the
same noise measured a second time. Few launches that agree by luck are so not believed, and one
may stop as soon as the interval is narrow enough.

By simulation (tests/studies/coverage.md) the interval holds the truth in 96 to 99 % of all
gradings, in nine kinds of noise, and in 93 to 98 % where one looks after every launch; the
bootstrap of launches and rounds that stood here before held it in 88 to 99 %, least where launches
differ, and was twice as wide on a busy machine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.records import Launch, State

MAX_AA = 0.02
MAX_HALF_WIDTH = 0.05
# times what a null kernel takes, that a sample must last: while the judge wakes up and freezes, who
# has said that it is done can go on, and hides about a null of its work; then it is 5 % at most
HEARD = 1.0 + 1.0 / MAX_HALF_WIDTH

NEAR = 0.02  # as far from the median, in logarithms, as a launch's bias may take a round
SLOW = math.log(1.2)  # times as much as mostly: no launch is biased by so much
UNLIKELY = 3.3  # standard errors: one in two thousand
MATTERS = 0.02  # on average; less is no pace of its own
CLEAR = 1.5  # half-widths: 98 % of Student's distribution with three launches, 99 % with eight
LEAST, MOST = 0.1, 0.75  # of all ratios are near, however busy or quiet the machine
FEW = 4  # at least so many: fewer say nothing of how dense they lie

# Student's t for 95 %, by degrees of freedom from 1; then a series
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)

Logs = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    speedup: float
    ci_low: float
    ci_high: float
    aa: float
    quiet: bool
    aa_noise: float = 0.0  # by how much `aa` may be off by chance alone
    one_pace: bool = True  # False: the candidate alone is much slower in many of its turns

    @property
    def half_width(self) -> float:
        return math.sqrt(self.ci_high / self.ci_low) - 1.0

    @property
    def trouble(self) -> str:
        """Why no number can be given, however wide its interval; written so that NaN is one."""
        if not self.quiet:
            return "the baseline still faulted pages"
        if not self.one_pace:
            return "it is much slower in some of its turns, and the baseline is not"
        if not abs(self.aa - 1.0) <= min(max(MAX_AA, self.aa_noise), MAX_HALF_WIDTH):
            return "the baseline disagrees with itself"
        return ""

    @property
    def is_steady(self) -> bool:
        return not self.trouble

    @property
    def state(self) -> State:
        if self.trouble or not self.half_width <= MAX_HALF_WIDTH:
            return State.UNSTABLE
        if self.ci_low > 1.0:
            return State.FASTER
        return State.SLOWER if self.ci_high < 1.0 else State.TIE

    def is_clear_of(self, speedup: float) -> bool:
        """Whether it is on one side of this, and will be: one who looks often asks for more."""
        distance = abs(math.log(speedup / self.speedup))
        return distance > CLEAR * math.log(self.ci_high / self.ci_low) / 2


def estimate(launches: Sequence[Launch]) -> Estimate:
    """Speedup over the baseline with its 95 % interval, and the baseline against itself."""
    parents = [launch.parent for launch in launches]
    count = len(set(parents))
    if count < 2:
        raise HarnessError("one launch cannot show what launches differ by")
    logs = [
        np.log([(r.candidate_ns, r.baseline_ns, r.again_ns) for r in launch.rounds])
        for launch in launches
    ]
    values = by_parent(launch_values([(log[:, 1:] - log[:, :1]).ravel() for log in logs]), parents)
    again = by_parent(launch_values([log[:, 2] - log[:, 1] for log in logs]), parents)
    middle, variance = float(values.mean()), float(values.var(ddof=1))
    # two arms differ by two arms' variances, the mean of two from a third by one and a half
    own = 0.75 * float(np.mean(again**2))
    shared = ((count - 1) * variance + count * own) / (2 * count - 1)
    half = max(
        half_width(values),
        student(2 * count - 1) * math.sqrt(shared / count),
    )
    return Estimate(
        speedup=math.exp(middle),
        ci_low=math.exp(middle - half),
        ci_high=math.exp(middle + half),
        aa=math.exp(float(again.mean())),
        aa_noise=math.expm1(half_width(again)),
        quiet=all(launch.quiet for launch in launches),
        one_pace=not has_two_paces(logs),
    )


def has_two_paces(logs: Sequence[Logs]) -> bool:
    """
    Whether the candidate is so much slower in some of its rounds that chance cannot explain it. A
    clipped mean says how quick it mostly is; other programs slow every arm alike, so as often as
    the candidate is far behind a baseline, the baseline should be far behind the candidate.
    """
    pooled = np.concatenate(logs)
    behind = pooled[:, :1] - pooled[:, 1:]
    off = behind - np.median(behind, axis=0)
    paid = np.where(np.abs(off) > SLOW, off - np.sign(off) * SLOW, 0.0).mean(axis=1)
    spread = math.sqrt(float(np.sum(paid**2)))
    return float(np.sum(paid)) > max(UNLIKELY * spread, MATTERS * len(paid))


def are_heard(launches: Sequence[Launch], *, batch: int, nulls_ns: tuple[float, float]) -> bool:
    """Whether samples of the candidate and of the baseline are so long that nothing hides."""
    rounds = [(r.candidate_ns, r.baseline_ns) for launch in launches for r in launch.rounds]
    return bool(np.all(batch * np.median(rounds, axis=0) >= np.multiply(HEARD, nulls_ns)))


def launch_values(logs: Sequence[Logs]) -> Logs:
    """What each launch says by itself: one step of a clipped mean, from the median of all."""
    pooled = np.concatenate(logs)
    median = float(np.median(pooled))
    distances = np.sort(np.abs(pooled - median))
    least = distances[min(max(FEW, math.ceil(LEAST * pooled.size)), pooled.size) - 1]
    most = distances[math.ceil(MOST * pooled.size) - 1]
    reach = min(max(NEAR, least), most)
    near = np.searchsorted(distances, reach, side="right") / pooled.size
    clipped = [float(np.clip(log - median, -reach, reach).mean()) for log in logs]
    return np.asarray(median + np.array(clipped) / near)


def by_parent(values: Logs, parents: Sequence[int]) -> Logs:
    """One value a parent: the mean of the launches that were forked from it."""
    _, places = np.unique(parents, return_inverse=True)
    return np.asarray(np.bincount(places, values) / np.bincount(places))


def half_width(values: Logs) -> float:
    """Student's, to either side of their mean; of launches, which are few."""
    return student(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))


def student(freedom: int) -> float:
    """So many standard errors hold the truth in 95 % of all cases."""
    if freedom <= len(STUDENT):
        return STUDENT[freedom - 1]
    return 1.96 + 2.372 / freedom + 2.85 / freedom**2
