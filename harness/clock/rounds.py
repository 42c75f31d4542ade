"""
The clock: three arms, rounds, several launches.

A launch starts the candidate, the baseline, and the baseline again, each in its own process; the
Python arms of a launch are forked from one warm parent, each launch's from another. A round:

    1. with every stranger frozen, the judge writes fresh inputs and fresh poison
    2. the arms take their timed turns in a new random order
    3. all outputs are compared

One round of a launch shows inputs that equal earlier ones but for one element, and is not counted:
who keeps results must know all of what it keeps them by.

A turn is timed by the judge, from the thaw to verified frozen, less what a null kernel of the
judge's own takes. So nothing can be computed before the clock runs or after it stops, and nothing
that a candidate says of time is heard. Two clocks run: the wall's, and the processor's, which adds
up what the whole box used. On one thread they differ only by what others took: there the second
decides, unless an arm went to sleep, because who waits for something is slow and uses nothing.
"""

import gc
import math
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from harness.arena.memory import Memory, lay_out
from harness.clock.arms import WARM_CALLS, Arm, Kind, Lost, Open, Turn, null_turn
from harness.clock.baselines import Baseline
from harness.clock.pool import Pool
from harness.clock.statistics import estimate
from harness.errors import HarnessError, UserError
from harness.oracle.compare import is_surely_close
from harness.oracle.expect import Oracle
from harness.oracle.judge import Expected, compare, judge_outputs
from harness.records import (
    Argument,
    Case,
    Clock,
    Comparison,
    Fell,
    Launch,
    Problem,
    Role,
    Round,
    State,
    Timing,
    Verdict,
)

SAMPLE_NS = 4e6  # a shorter sample drowns in the freezing
MAX_ROUND_NS = 250e6
MAX_BATCH = 4096
MISLED = 3.0  # times slower than it turned out to be
MAX_BATCH_BYTES = 64 << 20
MAX_WAITING = 0.1  # of an arm's turns; a page that comes from the disk is nobody's sleep
MAX_AUTHORED_BATCH = 256  # where the problem's own Python draws or checks each window
HEAP_BYTES = 8 << 20  # beside the results: what libraries keep for themselves

_shuffle = secrets.SystemRandom().shuffle


LAUNCHES = 5
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When timing ends: a value, not a habit."""

    budget_s: float
    deadline: float  # of the whole grade, on the monotonic clock
    launches: int = LAUNCHES
    min_rounds: int = 4  # of a launch, whatever the budget says
    max_rounds: int = 60

    def fitted(self, slowest_s: float) -> "Stop":
        """Fewer launches and rounds where the least of them would take far beyond the budget."""
        least_s = slowest_s * 3 * self.launches * (WARM_CALLS + self.min_rounds)
        if least_s <= max(2 * self.budget_s, PATIENCE_S):
            return self
        return replace(self, launches=3, min_rounds=1)


class _OutOfTime(Exception):  # noqa: N818 — not an error: the whole grade's time is over
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything that timing one case needs."""

    problem: Problem
    case: Case
    arguments: tuple[Argument, ...]
    oracle: Oracle
    expected: Expected  # of an untimed draw: the bounds of the timed ones
    open_candidate: Open
    open_null: Open  # the judge's own empty kernel, in a runner of the candidate's kind
    baseline: Baseline
    call_s: float
    threads: int
    stop: Stop

    def pool(self, windows: int) -> Pool:
        return Pool(self.problem, self.case, self.arguments, windows, self.oracle.module)


def time_case(work: Work) -> Timing | Fell | None:
    """Time one case; or what the candidate did instead of computing; None if time ran out."""
    began = time.monotonic()
    kinds = _kinds(work)
    launches = []
    try:
        with _no_collections():
            batch, calibrated_ns = _batch_length(work, kinds)
            stop = work.stop.fitted(calibrated_ns / 1e9)
            pool = work.pool(batch)
            ready = time.monotonic()
            left = max(0.0, began + stop.budget_s - ready)
            for number in range(stop.launches):
                until = ready + left * (number + 1) / stop.launches
                stage = _Stage(work, kinds, number, batch)
                with stage:
                    launches.append(_launch(work, stage, stop, pool, until))
    except Lost as lost:
        return lost.fell
    except _OutOfTime:
        return None
    return _summed_up(work, kinds, batch, calibrated_ns, tuple(launches))


def _kinds(work: Work) -> tuple[Kind, ...]:
    """The three arms; candidate first. The baselines share one null constant."""
    baseline = work.baseline
    baseline_null = null_turn(baseline.open_null, work.call_s)
    candidate = Kind(
        name="candidate",
        open=work.open_candidate,
        null=null_turn(work.open_null, work.call_s),
        is_baseline=False,
        returns=False,
    )
    baselines = (
        Kind(
            name=name,
            open=baseline.open,
            null=baseline_null,
            is_baseline=True,
            returns=baseline.returns,
        )
        for name in ("baseline", "again")
    )
    return (candidate, *baselines)


def _summed_up(
    work: Work,
    kinds: tuple[Kind, ...],
    batch: int,
    calibrated_ns: float,
    launches: tuple[Launch, ...],
) -> Timing:
    clock = _clock(work, [r for launch in launches for r in launch.rounds])
    counted = [replace(one, rounds=tuple(r.by(clock) for r in one.rounds)) for one in launches]
    found = estimate(counted)
    rounds = [r for launch in counted for r in launch.rounds]
    # slow while the batch was chosen, quick when it counted: samples too short to be trusted
    slower_ns = max(np.median([[r.candidate_ns, r.baseline_ns] for r in rounds], axis=0))
    was_misled = batch < MAX_BATCH and slower_ns * MISLED < calibrated_ns
    return Timing(
        case=work.case.name,
        baseline=work.baseline.name,
        state=State.UNSTABLE if was_misled else found.state,
        speedup=found.speedup,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        aa=found.aa,
        candidate_ms=float(np.median([r.candidate_ns for r in rounds])) / 1e6,
        baseline_ms=float(np.median([r.baseline_ns for r in rounds])) / 1e6,
        batch=batch,
        null_ns=kinds[0].null.wall_ns,
        clock=clock,
        launches=launches,
    )


def _clock(work: Work, rounds: list[Round]) -> Clock:
    """Which of the two decides: several threads share one result, and sleep costs no processor."""
    waits = np.array([r.waits for r in rounds])
    slept = bool(np.any(np.mean(waits > 0, axis=0) > MAX_WAITING))
    is_known = all(r.processor_ns is not None for r in rounds)
    return Clock.PROCESSOR if work.threads == 1 and is_known and not slept else Clock.WALL


@contextmanager
def _no_collections() -> Iterator[None]:
    """The judge's own garbage collector must not stand inside a window."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Stage(ExitStack):
    """The arms of one launch with the inputs that all of them map."""

    def __init__(self, work: Work, kinds: tuple[Kind, ...], nursery: int, batch: int) -> None:
        super().__init__()
        self.batch = batch
        places, size = lay_out(work.arguments, Role.INPUT, windows=batch)
        self.inputs = self.enter_context(Memory(places, size, sealed=True))
        self.inputs.poison()  # in the gaps it stays
        results = sum(a.nbytes for a in work.arguments if a.role.is_written)
        heap = HEAP_BYTES + (batch + 1) * results + 2 * sum(a.nbytes for a in work.arguments)
        shuffled = list(kinds)
        _shuffle(shuffled)
        try:
            arms = {
                kind.name: Arm(
                    kind,
                    work.arguments,
                    self.inputs,
                    batch,
                    nursery=nursery,
                    heap_bytes=min(heap, 2 << 30),
                    timeout_s=work.call_s + (20 * MAX_ROUND_NS / 1e9 if batch > 1 else 0.0),
                    stack=self,
                )
                for kind in shuffled
            }
        except (Lost, HarnessError, UserError):
            self.close()
            raise
        self.candidate, self.baseline, self.again = (arms[kind.name] for kind in kinds)

    @property
    def arms(self) -> list[Arm]:
        """All of them, in an order that nobody knows."""
        arms = [self.candidate, self.baseline, self.again]
        _shuffle(arms)
        return arms


def _batch_length(work: Work, kinds: tuple[Kind, ...]) -> tuple[int, float]:
    """So many windows that one sample of the quicker arm is long enough; the slower arm's call."""
    with _Stage(work, kinds, 0, 1) as stage:
        pool = work.pool(1)
        pool.refresh(stage.inputs, 0, 1)
        quickest, slowest = math.inf, 0.0
        for arm in (stage.candidate, stage.baseline):
            arm.warm(1)
            call_ns = min(arm.timed(1).wall_ns for _ in range(2))
            quickest, slowest = min(quickest, call_ns), max(slowest, call_ns)
        authored_s = _authored_s(work, stage, pool)
    wanted = min(SAMPLE_NS / quickest, MAX_ROUND_NS / slowest, MAX_BATCH)
    fitting = MAX_BATCH_BYTES // max(1, sum(a.nbytes for a in work.arguments))
    if authored_s:
        fitting = min(fitting, MAX_AUTHORED_BATCH, math.ceil(MAX_ROUND_NS / 1e9 / authored_s))
    return max(1, min(math.ceil(wanted), fitting)), slowest


def _authored_s(work: Work, stage: _Stage, pool: Pool) -> float:
    """What the problem's own Python takes for a window: drawing it, checking it."""
    module = work.oracle.module
    if not (module.draws or module.checks):
        return 0.0
    stage.baseline.copy_out()
    right = stage.baseline.outputs.arrays()
    began = time.monotonic()
    if module.checks:
        module.check(work.arguments, [(stage.inputs.arrays(), right, right)])
    pool.refresh(stage.inputs, 0, 1)
    return time.monotonic() - began


def _launch(work: Work, stage: _Stage, stop: Stop, pool: Pool, until: float) -> Launch:
    pool.refresh(stage.inputs, 0, stage.batch)
    is_quiet = {arm.kind.name: arm.warm(stage.batch) for arm in stage.arms}
    rounds: list[Round] = []
    audited, repeated = secrets.randbelow(stop.min_rounds), secrets.randbelow(stop.min_rounds)
    while len(rounds) < stop.max_rounds:
        now = time.monotonic()
        if now > stop.deadline:
            raise _OutOfTime
        if len(rounds) >= stop.min_rounds and now > until:
            break
        if len(rounds) == repeated:
            _round(work, stage, pool, repeats=True)
            repeated = -1
        rounds.append(_round(work, stage, pool))
        if len(rounds) - 1 == audited:
            _audit(work, stage)
    return Launch(rounds=tuple(rounds), quiet=is_quiet["baseline"] and is_quiet["again"])


def _round(work: Work, stage: _Stage, pool: Pool, *, repeats: bool = False) -> Round:
    seen = pool.kept(stage.inputs, secrets.randbelow(stage.batch)) if repeats else None
    pool.refresh(stage.inputs, 0, stage.batch)
    if seen is not None:
        target = secrets.randbelow(stage.batch)
        if target:  # an earlier one of the same batch may be the last that was seen
            seen = pool.kept(stage.inputs, secrets.randbelow(target))
        pool.repeat(stage.inputs, seen, target)
    arms = stage.arms
    for arm in arms:
        arm.outputs.poison()
    turns = {arm.kind.name: arm.timed(stage.batch) for arm in arms}
    for arm in arms:
        arm.copy_out()
    if overrun := stage.candidate.outputs.overrun(stage.batch):
        raise Lost(_timed_failure("out_of_bounds", overrun, Verdict.RUNTIME_ERROR))
    if work.oracle.module.checks:
        _check(work, stage)
    else:
        _compare_with_baseline(work, stage)
    return _paired(turns["candidate"], turns["baseline"], turns["again"])


def _paired(candidate: Turn, baseline: Turn, again: Turn) -> Round:
    one, two, three = candidate.processor_ns, baseline.processor_ns, again.processor_ns
    return Round(
        candidate_ns=candidate.wall_ns,
        baseline_ns=baseline.wall_ns,
        again_ns=again.wall_ns,
        processor_ns=None if one is None or two is None or three is None else (one, two, three),
        waits=(candidate.waits, baseline.waits, again.waits),
    )


def _compare_with_baseline(work: Work, stage: _Stage) -> None:
    """Each timed output against the baseline's, allowing for the baseline's own error."""
    for name, bound in work.expected.bounds.items():
        got = stage.candidate.outputs.stacked(name, stage.batch)
        base = stage.baseline.outputs.stacked(name, stage.batch)
        # only of the reference it is known by how much; others were within the bounds
        known = work.expected.own_errors if work.baseline.is_reference else {}
        own_max, own_rms = known.get(name, (bound.max_error, bound.rms_error))
        wider = replace(
            bound,
            max_error=bound.max_error + own_max,
            rms_error=bound.rms_error + own_rms,
            # the baseline may be off by as much as the candidate, to the other side
            absolute=None if bound.absolute is None else 2 * bound.absolute,
            relative=None if bound.relative is None else 2 * bound.relative,
        )
        if is_surely_close(got, base, wider):
            continue
        comparison = compare(name, got, base, wider)
        if not comparison.ok:
            raise Lost(_wrong(comparison))


def _check(work: Work, stage: _Stage) -> None:
    """Every timed window, by the problem's own check."""
    memories = stage.inputs, stage.candidate.outputs, stage.baseline.outputs
    answers = [
        (memories[0].arrays(window), memories[1].arrays(window), memories[2].arrays(window))
        for window in range(stage.batch)
    ]
    for words in work.oracle.module.check(work.arguments, answers):
        if words is not None:
            raise Lost(_timed_failure("check", words, Verdict.WRONG_ANSWER))


def _audit(work: Work, stage: _Stage) -> None:
    """One timed window, chosen in secret, against float64."""
    if work.oracle.module.checks:
        return  # every window was looked at
    window = secrets.randbelow(stage.batch)
    places, size = lay_out(work.arguments, Role.INPUT)
    with Memory(places, size, sealed=True) as inputs:
        for name in inputs.places:
            inputs.window(name)[...] = stage.inputs.window(name, window)
        expected = work.oracle.expect(work.case, work.arguments, inputs)
    for comparison in judge_outputs(expected, stage.candidate.outputs, window):
        if not comparison.ok:
            raise Lost(_wrong(comparison))


def _wrong(comparison: Comparison) -> Fell:
    return _timed_failure(comparison.reason, comparison.story, Verdict.WRONG_ANSWER)


def _timed_failure(reason: str, message: str, verdict: Verdict) -> Fell:
    return Fell(verdict=verdict, reason=reason, message=f"in a timed call: {message}")
