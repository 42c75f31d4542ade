"""
How much memory a call takes beyond the buffers that are lent: of the candidate, of the baseline.

Each is called twice in a box of its own, in which nothing was grown beforehand:

    a call          pays for what is paid once: libraries, code, scratch that is kept
    free heap       is given back: what is there now is kept between calls
    another call    on other inputs, which must be right; how far it rises is seen from outside

What is kept counts from what a runner of the same kind keeps, the judge's own empty kernel or the
reference, so scratch is seen that was there before: static arrays, caches. Of PyTorch as a baseline
only the call counts, without its result: that is its output.

Nothing hangs on it but a number, and a stranger can make its own too small: by another algorithm in
its first two calls, by lying in its outputs until they are written, and where no controller counts
the whole box, in children that have ended and in files that nobody mapped.
"""

import time
from contextlib import ExitStack
from dataclasses import replace

from harness.arena.memory import Memory, lay_out
from harness.candidate import Open
from harness.clock.agreement import Answers, disagreement
from harness.clock.arms import Arm, Kind, Lost, Turn
from harness.clock.stage import Work
from harness.records import Fell, Footprint, Footprints, Role
from harness.sandbox.gauge import Gauge, Level

_UNTIMED = Turn(wall_ns=0.0, processor_ns=None, waits=0)


def footprints(work: Work) -> Footprints | Fell | None:
    """Of one case; or what the candidate did instead of computing; None where it cannot be seen."""
    if time.monotonic() > work.stop.deadline:
        return None
    try:
        with ExitStack() as stack:
            return _footprints(work, stack)
    except Lost as lost:
        return lost.fell


def _footprints(work: Work, stack: ExitStack) -> Footprints | Fell | None:
    pool = work.pool(1)
    places, size = lay_out(work.arguments, Role.INPUT)
    inputs = stack.enter_context(Memory(places, size, sealed=True))
    inputs.poison()
    pool.refresh(inputs, 0, 1)
    candidate = _Watched(work, work.open_candidate, inputs, stack, is_baseline=False)
    baseline = _Watched(work, work.baseline.open, inputs, stack)
    levels = candidate.settled(), baseline.settled()
    zeros = _zeros(work, inputs, levels[1])
    pool.refresh(inputs, 0, 1)
    rises = candidate.risen(levels[0]), baseline.risen(levels[1])
    answers = Answers(
        inputs=inputs,
        candidate=candidate.arm.outputs,
        baseline=baseline.arm.outputs,
        count=1,
    )
    if fell := disagreement(work, answers):
        return replace(fell, message=f"while its memory was watched: {fell.message}")
    found = [_footprint(*seen) for seen in zip(levels, zeros, rises, strict=True)]
    if found[0] is None or found[1] is None:
        return None
    results = sum(a.nbytes for a in work.arguments if a.role.is_written)
    returned = results if work.baseline.returns else 0
    return Footprints(
        buffers_bytes=sum(a.nbytes for a in work.arguments if a.role is not Role.SCALAR),
        candidate=found[0],
        baseline=replace(found[1], call_bytes=max(0, found[1].call_bytes - returned)),
    )


def _zeros(work: Work, inputs: Memory, baseline: Level | None) -> tuple[Level | None, Level | None]:
    """What runners of either kind keep of themselves."""

    def zero(open_null: Open) -> Level | None:
        if work.baseline.returns and open_null is work.baseline.open_null:
            return baseline  # PyTorch, for PyTorch
        with ExitStack() as stack:
            return _Watched(work, open_null, inputs, stack).settled()

    return zero(work.open_null), zero(work.baseline.open_null)


class _Watched:
    """An arm of which nobody asks how quick it is."""

    def __init__(
        self,
        work: Work,
        opens: Open,
        inputs: Memory,
        stack: ExitStack,
        *,
        is_baseline: bool = True,
    ) -> None:
        kind = Kind(
            name="watched", open=opens, null=_UNTIMED, is_baseline=is_baseline, returns=False
        )
        self.arm = Arm(
            kind,
            work.arguments,
            inputs,
            1,
            nursery=0,
            heap_bytes=0,
            timeout_s=work.call_s,
            own=False,
            stack=stack,
        )
        self._gauge: Gauge = stack.enter_context(self.arm.box.gauge())

    def settled(self) -> Level | None:
        """What is kept between calls."""
        self.arm.timed(1)
        self.arm.trim()
        return self._gauge.level()

    def risen(self, since: Level | None) -> int | None:
        self.arm.outputs.poison()
        self.arm.timed(1)
        return None if since is None else self._gauge.risen(since)


def _footprint(level: Level | None, zero: Level | None, risen: int | None) -> Footprint | None:
    if level is None or zero is None or risen is None:
        return None
    return Footprint(kept_bytes=level.above(zero), call_bytes=risen)
