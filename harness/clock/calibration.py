"""How many calls make a sample: long enough beside the freezing, and no longer."""

import math
import time

from harness.clock.arms import Arm, Kind, Turn
from harness.clock.pool import Pool
from harness.clock.stage import MAX_ROUND_NS, Stage, Work
from harness.clock.statistics import HEARD
from harness.records import Argument, Clock

SAMPLE_NS = 4e6  # a shorter sample drowns in the freezing
AWAKE_NS = 1e6  # and without freezing
MAX_BATCH = 4096
MAX_BATCH_BYTES = 64 << 20
MAX_AUTHORED_BATCH = 256  # where the problem's own Python draws or checks each window
TRIAL = 64  # windows, to find out how long a batch must be


def batch_length(work: Work, kinds: tuple[Kind, ...]) -> tuple[int, float]:
    """So many windows that a sample of the quickest is long enough; and the slowest's call."""
    fitting = max(1, min(MAX_BATCH, MAX_BATCH_BYTES // max(1, sum(map(_size, work.arguments)))))
    trial = min(TRIAL, fitting)
    with Stage(work, kinds, 0, trial) as stage:
        pool = work.pool(trial)
        pool.refresh(stage.inputs, 0, trial)
        calls = [_quick_call(arm, trial) for arm in stage.arms]
        authored_s = _authored_s(work, stage, pool)
    # by the clock that will most likely decide; how long a round lasts is the wall's to say
    clock = Clock.PROCESSOR if work.threads == 1 else Clock.WALL
    least_ns = AWAKE_NS if work.own else SAMPLE_NS
    sample_ns = max(least_ns, 2 * HEARD * max(kind.null.by(clock) for kind in kinds))
    slowest = max(call.wall_ns for call in calls)
    wanted = min(sample_ns / min(call.by(clock) for call in calls), MAX_ROUND_NS / slowest)
    if authored_s:
        fitting = min(fitting, MAX_AUTHORED_BATCH, math.ceil(MAX_ROUND_NS / 1e9 / authored_s))
    return max(1, min(math.ceil(wanted), fitting)), slowest


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
