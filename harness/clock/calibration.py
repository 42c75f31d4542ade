"""How many calls make a sample: long enough beside the freezing, and no longer."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.clock.arms import Arm, Kind, Turn
from harness.clock.pool import Pool
from harness.clock.stage import MAX_ROUND_NS, Stage, Work
from harness.clock.statistics import HEARD
from harness.records import Argument, Clock, Launch

SAMPLE_NS = 4e6  # a shorter sample drowns in the freezing
AWAKE_NS = 1e6  # and without freezing
MAX_BATCH = 4096
MAX_BATCH_BYTES = 64 << 20
MAX_AUTHORED_BATCH = 256  # where the problem's own Python draws or checks each window
TRIAL = 64  # windows, to find out how long a batch must be


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How many calls make a sample."""

    length: int
    most: int  # what fits, of inputs and of the problem's own time
    sample_ns: float  # aimed at

    @classmethod
    def of(cls, most: int, sample_ns: float, *, quickest_ns: float, slowest_ns: float) -> "Batch":
        """So many that a sample of the quickest is long enough, and the slowest's not too long."""
        wanted = min(sample_ns / quickest_ns, MAX_ROUND_NS / slowest_ns)
        return cls(length=max(1, min(math.ceil(wanted), most)), most=most, sample_ns=sample_ns)

    def after(self, launch: Launch) -> "Batch":
        """
        The same; or a longer one, if samples of this launch lasted less than half of what was
        aimed at: the machine was slower when the length was chosen, or somebody played slow.
        """
        calls_ns = np.median([(r.candidate_ns, r.baseline_ns) for r in launch.rounds], axis=0)
        if 2 * self.length * min(calls_ns) >= self.sample_ns:
            return self
        longer = Batch.of(
            self.most, self.sample_ns, quickest_ns=min(calls_ns), slowest_ns=max(calls_ns)
        )
        return max(self, longer, key=lambda batch: batch.length)


def batch_of(work: Work, kinds: tuple[Kind, ...]) -> Batch:
    """How many calls make a sample, by a few calls of a candidate and of a baseline."""
    fitting = max(1, min(MAX_BATCH, MAX_BATCH_BYTES // max(1, sum(map(_size, work.arguments)))))
    trial = min(TRIAL, fitting)
    with Stage(work, kinds, 0, trial) as stage:
        pool = work.pool(trial)
        pool.refresh(stage.inputs, 0, trial)
        calls = [_quick_call(arm, trial) for arm in stage.arms]
        authored_s = _authored_s(work, stage, pool)
    # how long a round lasts is the wall's to say
    clock = clock_of(work, calls)
    least_ns = AWAKE_NS if work.own else SAMPLE_NS
    if authored_s:
        fitting = min(fitting, MAX_AUTHORED_BATCH, math.ceil(MAX_ROUND_NS / 1e9 / authored_s))
    return Batch.of(
        fitting,
        max(least_ns, 2 * HEARD * max(kind.null.by(clock) for kind in kinds)),
        quickest_ns=min(call.by(clock) for call in calls),
        slowest_ns=max(call.wall_ns for call in calls),
    )


def clock_of(work: Work, turns: Iterable[Turn]) -> Clock:
    """The clock that will decide, unless an arm goes to sleep."""
    is_known = all(turn.processor_ns is not None for turn in turns)
    return Clock.PROCESSOR if work.threads == 1 and is_known else Clock.WALL


def _size(argument: Argument) -> int:
    return argument.nbytes


def _quick_call(arm: Arm, windows: int) -> Turn:
    """One call of an arm, when it went well; a short one as a part of several."""
    arm.warm(1)
    turns = [arm.timed(1) for _ in range(2)]
    if min(turn.wall_ns for turn in turns) * windows < SAMPLE_NS:
        turns = [arm.timed(windows) for _ in range(2)]
    return min(turns, key=lambda turn: turn.wall_ns)


def _authored_s(work: Work, stage: Stage, pool: Pool) -> float:
    """What the problem's own Python takes for a window: drawing it, checking it."""
    module = work.oracle.module
    if not (module.draws or module.checks):
        return 0.0
    baseline = next(arm for arm in stage.arms if arm.kind.is_baseline)
    baseline.copy_out(1)
    right = baseline.outputs.arrays()
    began = time.monotonic()
    if module.checks:
        module.check(work.arguments, [(stage.inputs.arrays(), right, right)])
    pool.refresh(stage.inputs, 0, 1)
    return time.monotonic() - began
