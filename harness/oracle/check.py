"""One case checked: secret draws, the candidate's turn, every element of every output compared."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.host import random_address
from harness.arena.memory import Memory, lay_out
from harness.arena.session import Session
from harness.disk import write_atomically
from harness.errors import HarnessError
from harness.oracle.draw import STRUCTURED, Seed, draw_inputs
from harness.oracle.expect import Oracle
from harness.oracle.judge import Expected
from harness.problem.shapes import arguments_of
from harness.records import (
    Argument,
    Case,
    CaseResult,
    Comparison,
    Fell,
    Limits,
    Problem,
    Ran,
    Role,
    Tier,
    Verdict,
)

# in which an emulated kernel's threads take their turns; what is right is right in all of them
ORDERS = ("in order", "in reverse order", "in random order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What checking a submission's cases needs."""

    problem: Problem
    dtype: str
    oracle: Oracle
    session: Session
    limits: Limits
    schedules: Sequence[int | None] = (None,)  # of an emulated kernel's threads: each is tried
    keep: Path | None = None


def seeds_for(case: Case, cases: Sequence[Case]) -> tuple[Seed, ...]:
    """
    Fresh seeds: a normal draw always, and structured ones that go round over the cases, so that
    every kind is drawn in two cases of a grade: one alone may be too small to show anything (five
    numbers times 64 overflow no exponential). Bench cases get normal ones only.
    """
    if case.tier is Tier.BENCH:
        return (Seed.fresh("normal"),)
    others = [each for each in cases if each.tier is not Tier.BENCH]
    position, step = others.index(case), min(max(len(others) // 2, 1), len(STRUCTURED))
    kinds = [kind for i, kind in enumerate(STRUCTURED) if (i - position) % step == 0]
    return tuple(Seed.fresh(kind) for kind in ("normal", *kinds))


def check_case(
    check: Check, case: Case, seeds: Sequence[Seed]
) -> tuple[CaseResult, Expected | None]:
    """The case's result, and what was expected in its last draw."""
    arguments = arguments_of(check.problem, case, check.dtype)
    planned = len(seeds) * sum(a.count for a in arguments if a.role.is_written)
    checked, worst, expected = 0, _Worst(), None
    used: list[Seed] = []  # the last of them is the one that failed, if one did

    def result(
        verdict: Verdict, reason: str = "", message: str = "", log: str = "", at: int = 0
    ) -> CaseResult:
        return CaseResult(
            name=case.name, tier=case.tier, verdict=verdict, reason=reason, message=message,
            log=log, at=at, planned=planned, checked=checked, max_error=worst.error,
            allowed=worst.allowed, seeds=tuple(str(seed) for seed in used),
        )  # fmt: skip

    for seed in seeds:
        used.append(seed)
        answer = _answer(check, case, arguments, seed)
        if isinstance(answer, Fell):
            return result(
                answer.verdict, answer.reason, answer.message, answer.log, answer.at
            ), None
        expected, comparisons, doubt = answer
        for comparison in comparisons:
            checked += comparison.count
            worst.add(comparison)
            if not comparison.ok:
                reason, message = comparison.reason, comparison.story
                if doubt is not None:
                    reason, message = doubt[0], f"{message}; {doubt[1]}"
                log = check.session.box.log.text()
                return result(Verdict.WRONG_ANSWER, reason, message, log), expected
    if not checked == planned > 0:
        raise HarnessError(f"case {case.name}: {checked} of {planned} elements were compared")
    return result(Verdict.ACCEPTED), expected


class _Worst:
    """The output that came nearest to its bound, or went farthest beyond."""

    def __init__(self) -> None:
        self.error: float | None = None
        self.allowed: float | None = None
        self._ratio = -1.0

    def add(self, comparison: Comparison) -> None:
        bound = comparison.bound
        if bound.absolute is not None or bound.checked:
            return  # an explicit bound has no single number to stand beside, a check has none
        allowed = bound.max_error
        ratio = comparison.max_error / allowed if allowed else float(comparison.wrong)
        if ratio > self._ratio:
            self._ratio, self.error, self.allowed = ratio, comparison.max_error, allowed


def _answer(
    check: Check, case: Case, arguments: tuple[Argument, ...], seed: Seed
) -> tuple[Expected, tuple[Comparison, ...], tuple[str, str] | None] | Fell:
    """One draw: what was expected, what came; where it is wrong, whether it always is."""
    right = seed.is_right_aligned
    input_places, input_bytes = lay_out(arguments, Role.INPUT, right=right)
    output_places, output_bytes = lay_out(arguments, Role.OUTPUT, right=right)
    call_s = check.limits.call_s
    with (
        Memory(input_places, input_bytes, sealed=True) as inputs,
        Memory(output_places, output_bytes, sealed=False) as outputs,
    ):
        lent = check.session.lend(
            arguments, inputs, outputs, address=random_address(), timeout_s=call_s
        )
        if isinstance(lent, Fell):
            return lent
        # all while the stranger is frozen
        draw_inputs(check.problem, case, arguments, inputs, seed, check.oracle.module)
        expected = None
        for schedule in check.schedules:
            outputs.poison()
            outputs.restore(inputs)
            ran = _called(check.session, schedule, seed, call_s)
            if isinstance(ran, Fell):
                return ran
            if overrun := outputs.overrun(1):
                return Fell(verdict=Verdict.RUNTIME_ERROR, reason="out_of_bounds", message=overrun)
            expected = expected or check.oracle.expect(case, arguments, inputs)
            comparisons = check.oracle.judge(arguments, inputs, outputs, expected)
            if check.keep is not None:
                _keep(check.keep, inputs, outputs, expected)
            if all(comparison.ok for comparison in comparisons):
                continue
            if schedule != check.schedules[0]:
                words = f"{ORDERS[schedule or 0]}, and right {ORDERS[0]}"
                return expected, comparisons, ("race", f"so it is with its threads {words}")
            again = _second_thoughts(check.session, inputs, outputs, call_s)
            return expected, comparisons, ("nondeterministic", again) if again else None
        assert expected is not None
        return expected, comparisons, None


def _called(session: Session, schedule: int | None, seed: Seed, timeout_s: float) -> Ran | Fell:
    if schedule is not None:
        told = session.schedule(schedule, seed.of_order, timeout_s)
        if isinstance(told, Fell):
            return told
    return session.call(timeout_s=timeout_s)


def _second_thoughts(session: Session, inputs: Memory, outputs: Memory, call_s: float) -> str:
    """What the same inputs give a second time, if that is not the same answer bit for bit."""
    first = {name: outputs.window(name).tobytes() for name in outputs.places}
    untouched = {name: outputs.unwritten(name).copy() for name in outputs.places}
    outputs.poison()
    outputs.restore(inputs)
    again = session.call(timeout_s=call_s)
    if isinstance(again, Fell):
        return f"a second call on the same inputs ended otherwise: {again.message}"
    for name, before in first.items():
        now = outputs.window(name)
        written = ~(untouched[name] | outputs.unwritten(name))
        raw = np.dtype(f"u{now.dtype.itemsize}")
        old = np.frombuffer(before, dtype=raw).reshape(now.shape)
        if not np.array_equal(old[written], now.view(raw)[written]):
            return "a second call on the same inputs gave another answer"
    return ""


def _keep(folder: Path, inputs: Memory, outputs: Memory, expected: Expected) -> None:
    """Every tensor of a draw as .npy; bfloat16 as float32, which loses nothing."""

    def save(name: str, values: NDArray[Any]) -> None:
        buffer = io.BytesIO()
        plain = values if values.dtype.kind in "fiub" else values.astype(np.float32)
        np.save(buffer, plain)
        write_atomically(folder / f"{name}.npy", buffer.getvalue())

    kept: tuple[tuple[str, Callable[[str], NDArray[Any]], Memory], ...] = (
        ("input", inputs.window, inputs),
        ("got", outputs.window, outputs),
    )
    for label, window, memory in kept:
        for name in memory.places:
            save(f"{label}.{name}", window(name))
    for name, truth in expected.truth.items():
        save(f"expected.{name}", truth)
