"""
The clock: three arms, rounds, several launches.

A launch starts the candidate, the baseline, and the baseline again, each in its own process; the
Python arms of a launch are forked from one warm parent, each launch's from another. A round:

    1. with every stranger frozen, the judge writes fresh inputs and fresh poison
    2. the arms take their timed turns in a new random order
    3. all outputs are compared

One round of a launch shows inputs that equal earlier ones but for one element: who keeps results
must know all of what it keeps them by.

With --own nobody is frozen, and a turn ends with its answer: what follows holds for strangers.

A turn is timed by the judge, from the thaw to verified frozen, less what a null kernel of the
judge's own takes. So nothing can be computed before the clock runs or after it stops, and nothing
that a candidate says of time is heard. Two clocks run: the wall's, and the processor's, which adds
up what the whole box used. On one thread they differ only by what others took: there the second
decides, unless an arm went to sleep, because who waits for something is slow and uses nothing.
"""

import gc
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from harness.clock.agreement import Answers, disagreement, untruth
from harness.clock.arms import Kind, Lost, Turn
from harness.clock.calibration import batch_of
from harness.clock.conditions import watch
from harness.clock.pool import Pool
from harness.clock.stage import FEWEST, PARENTS, Stage, Work, kinds_of
from harness.clock.statistics import are_heard, estimate
from harness.records import (
    Clock,
    Fell,
    Launch,
    Round,
    State,
    Timing,
)

MIN_ROUNDS, MAX_ROUNDS = 2, 30  # of a launch
TOO_WIDE = "the interval is wider than 5 % to either side"
MAX_WAITING = 0.1  # of an arm's turns; a page that comes from the disk is nobody's sleep


class _OutOfTime(Exception):  # noqa: N818 — not an error: the whole grade's time is over
    pass


def time_case(work: Work) -> Timing | Fell | None:
    """Time one case; or what the candidate did instead of computing; None if time ran out."""
    began, conditions = time.monotonic(), watch()
    launches: list[Launch] = []
    try:
        with _no_collections():
            kinds = kinds_of(work)
            batch = batch_of(work, kinds[:2])
            pool = work.pool(batch.length)
            is_over = False
            while not is_over:
                started = time.monotonic()
                launch = _launch(work, kinds, len(launches), pool, batch.length)
                longer = batch.after(launch.by(_clock(work, [launch])))
                if longer != batch:
                    batch, pool = longer, work.pool(longer.length)
                    launches.clear()  # they were rehearsals
                    continue
                launches.append(launch)
                ended = time.monotonic()
                is_over = len(launches) > 1 and work.stop.is_over(
                    len(launches),
                    estimate(_by(_clock(work, launches), launches)),
                    passed_s=ended - began,
                    launch_s=ended - started,
                )
    except Lost as lost:
        return lost.fell
    except _OutOfTime:
        return None
    timing = _summed_up(work, kinds, batch.length, tuple(launches))
    return replace(timing, seconds=time.monotonic() - began, conditions=conditions())


def _summed_up(
    work: Work, kinds: tuple[Kind, ...], batch: int, launches: tuple[Launch, ...]
) -> Timing:
    clock = _clock(work, launches)
    counted = _by(clock, launches)
    found = estimate(counted)
    rounds = [r for launch in counted for r in launch.rounds]
    nulls_ns = kinds[0].null.by(clock), kinds[1].null.by(clock)
    is_heard = are_heard(counted, batch=batch, nulls_ns=nulls_ns)
    why = found.trouble if is_heard else "samples were too short beside the freezing"
    return Timing(
        case=work.case.name,
        baseline=work.baseline.name,
        state=State.UNSTABLE if why else found.state,
        steady=not why,
        why=why or ("" if found.state is not State.UNSTABLE else TOO_WIDE),
        speedup=found.speedup,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        aa=found.aa,
        candidate_ms=float(np.median([r.candidate_ns for r in rounds])) / 1e6,
        baseline_ms=float(np.median([r.baseline_ns for r in rounds])) / 1e6,
        copy_ms=_copy_ms(rounds, clock),
        batch=batch,
        null_ns=kinds[0].null.wall_ns,
        clock=clock,
        launches=launches,
    )


def _copy_ms(rounds: list[Round], clock: Clock) -> float | None:
    """What the baseline took to copy its result out, after its time."""
    copies = [r.copy_ns[clock is Clock.PROCESSOR] for r in rounds if r.copy_ns is not None]
    return float(np.median(copies)) / 1e6 if copies else None


def _clock(work: Work, launches: Sequence[Launch]) -> Clock:
    """Which of the two decides: several threads share one result, and sleep costs no processor."""
    rounds = [r for launch in launches for r in launch.rounds]
    waits = np.array([r.waits for r in rounds])
    slept = bool(np.any(np.mean(waits > 0, axis=0) > MAX_WAITING))
    is_known = all(r.processor_ns is not None for r in rounds)
    return Clock.PROCESSOR if work.threads == 1 and is_known and not slept else Clock.WALL


def _by(clock: Clock, launches: Sequence[Launch]) -> list[Launch]:
    return [launch.by(clock) for launch in launches]


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


def _launch(work: Work, kinds: tuple[Kind, ...], number: int, pool: Pool, batch: int) -> Launch:
    """As long in rounds as it took to get there: by then neither is what costs most."""
    began, parent = time.monotonic(), number % PARENTS
    # most rewards are clear as soon as there can be an answer
    most = MIN_ROUNDS if work.stop.reward and number < FEWEST else MAX_ROUNDS
    with Stage(work, kinds, parent, batch) as stage:
        pool.refresh(stage.inputs, 0, batch)
        is_quiet = {arm.kind.name: arm.warm(batch) for arm in stage.arms}
        making_s, in_rounds_s = time.monotonic() - began, 0.0
        audited, repeated = secrets.randbelow(MIN_ROUNDS), secrets.randbelow(MIN_ROUNDS)
        rounds: list[Round] = []
        while len(rounds) < MIN_ROUNDS or (len(rounds) < most and in_rounds_s < making_s):
            started = time.monotonic()
            if started > work.stop.deadline:
                raise _OutOfTime
            rounds.append(_round(work, stage, pool, repeats=len(rounds) == repeated))
            in_rounds_s += time.monotonic() - started
            if len(rounds) - 1 == audited:
                _audit(work, stage)
        is_raised = all(arm.is_raised for arm in stage.arms)
    return Launch(
        rounds=tuple(rounds),
        parent=parent,
        quiet=is_quiet["baseline"] and is_quiet["again"],
        raised=is_raised,
    )


def _round(work: Work, stage: Stage, pool: Pool, *, repeats: bool = False) -> Round:
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
    copies = {arm.kind.name: arm.copy_out(stage.batch) for arm in arms}
    if fell := disagreement(work, _answers(stage)):
        raise _in_time(fell)
    return _paired(turns["candidate"], turns["baseline"], turns["again"], copies["baseline"])


def _paired(candidate: Turn, baseline: Turn, again: Turn, copy: Turn | None) -> Round:
    one, two, three = candidate.processor_ns, baseline.processor_ns, again.processor_ns
    return Round(
        candidate_ns=candidate.wall_ns,
        baseline_ns=baseline.wall_ns,
        again_ns=again.wall_ns,
        processor_ns=None if one is None or two is None or three is None else (one, two, three),
        waits=(candidate.waits, baseline.waits, again.waits),
        preempted=(candidate.preempted, baseline.preempted, again.preempted),
        copy_ns=None if copy is None else (copy.wall_ns, copy.by(Clock.PROCESSOR)),
    )


def _audit(work: Work, stage: Stage) -> None:
    """One timed window, chosen in secret, against float64."""
    if work.oracle.module.checks and work.baseline.is_reference:
        return  # every window was looked at, beside what is right
    if fell := untruth(work, _answers(stage), secrets.randbelow(stage.batch)):
        raise _in_time(fell)


def _answers(stage: Stage) -> Answers:
    return Answers(
        inputs=stage.inputs,
        candidate=stage.candidate.outputs,
        baseline=stage.baseline.outputs,
        count=stage.batch,
    )


def _in_time(fell: Fell) -> Lost:
    return Lost(replace(fell, message=f"in a timed call: {fell.message}"))
