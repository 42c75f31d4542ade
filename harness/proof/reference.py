"""The reference at work: in every case and dtype, on every kind of draw, and the same each time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.memory import Memory, lay_out
from harness.errors import ReferenceFailed
from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle
from harness.oracle.tolerance import in_words
from harness.proof.draws import Drawn, drawn, runnable, seeds_of
from harness.records import Bound, Case, Finding, Outcome, Problem, Role, Tier

MOST_ALLOWED = 0.5  # of the values themselves; a bound that wide is no bound
MOST_NOT_FINITE = 0.01  # of the truth's elements, for an ordinary draw


@dataclass(slots=True)
class _Losses:
    """What rounding costs the reference itself, and what kernels are therefore allowed."""

    worst: dict[str, float] = field(default_factory=dict)
    allowed: dict[str, float] = field(default_factory=dict)

    def add(self, dtype: str, one: Drawn, *, is_ordinary: bool) -> None:
        if is_ordinary:
            explicit = (_share(bound, one.expected.truth[name])
                        for name, bound in one.expected.bounds.items())  # fmt: skip
            self.allowed[dtype] = max([self.allowed.get(dtype, 0.0), *explicit])
        own = (error for error, _ in one.expected.own_errors.values())
        bounds = (bound.max_error for bound in one.expected.bounds.values())
        self.worst[dtype] = max([self.worst.get(dtype, 0.0), *own])
        self.allowed[dtype] = max([self.allowed.get(dtype, 0.0), *bounds])


def prove_reference(problem: Problem, oracle: Oracle) -> Iterator[Finding]:
    """It runs wherever it will be asked to, and its own answers are right."""
    losses, cases = _Losses(), runnable(problem)
    for case in cases:
        for dtype in problem.dtypes:
            for seed in seeds_of(case):
                where = f"case `{case.name}` in {dtype}, {seed.kind} draw"
                try:
                    fault = _fault(problem, case, dtype, seed, oracle, losses)
                except ReferenceFailed as failed:
                    first, *rest = str(failed).splitlines()
                    yield _faulty(f"{where}: {first}", *rest)
                    return
                if fault:
                    yield _faulty(f"{where}: {fault}")
                    return
    words = (
        f"{len(cases)} cases in {', '.join(problem.dtypes)}, every kind of draw: it runs, is right"
    )
    yield Finding(about="reference", outcome=Outcome.OK, words=f"{words}, and steady")
    yield _dtypes(problem, losses)


def _faulty(words: str, *details: str) -> Finding:
    return Finding(about="reference", outcome=Outcome.FAULT, words=words, details=details)


def _fault(
    problem: Problem, case: Case, dtype: str, seed: Seed, oracle: Oracle, losses: _Losses
) -> str:
    with drawn(problem, case, dtype, seed, oracle) as one:
        losses.add(dtype, one, is_ordinary=seed.kind == "normal")
        if oracle.module.draws and (fault := _unsteady(problem, case, dtype, seed, oracle, one)):
            return fault
        looks = [_changing(one, oracle), _not_its_own(one, oracle)]
        if seed.kind == "normal":  # what was made to be extreme may well overflow
            looks.append(_not_finite(one))
        return next((fault for look in looks for fault in look), "")


def _share(bound: Bound, truth: NDArray[Any]) -> float:
    """How much of the values themselves an explicit bound lets an answer be off by."""
    if bound.absolute is None:
        return 0.0
    finite = truth[np.isfinite(truth)].astype(np.float64)
    rms = float(np.sqrt(np.mean(np.square(finite)))) if finite.size else 0.0
    return (bound.relative or 0.0) + (bound.absolute / rms if rms else 0.0)


def _unsteady(
    problem: Problem, case: Case, dtype: str, seed: Seed, oracle: Oracle, one: Drawn
) -> str:
    """A failure is repeated from its seed: so must the draw be."""
    with drawn(problem, case, dtype, seed, oracle) as again:
        for name, first in one.inputs.arrays().items():
            if first.tobytes() != again.inputs.window(name).tobytes():
                return f"inputs() gives another `{name}` for the same seed; draw it from `draw`"
    return ""


def _not_finite(one: Drawn) -> Iterator[str]:
    for name, truth in one.expected.truth.items():
        if truth.dtype.kind != "f":
            continue
        share = float(np.mean(~np.isfinite(truth)))
        if share > MOST_NOT_FINITE:
            yield (
                f"{share:.0%} of `{name}` is not finite for ordinary inputs, and so anybody's NaN"
                " would be right; draw inputs that suit it, for example"
                " `inputs: {x: {uniform: [0.5, 2]}}`"
            )


def _not_its_own(one: Drawn, oracle: Oracle) -> Iterator[str]:
    """The reference's own answer in the problem's dtype must be right."""
    own = oracle.run(one.arguments, one.inputs)
    places, size = lay_out(one.arguments, Role.OUTPUT)
    with Memory(places, size, sealed=False) as outputs:
        outputs.poison()
        for name, values in own.items():
            outputs.window(name)[...] = values
        for comparison in oracle.judge(one.arguments, one.inputs, outputs, one.expected):
            if not comparison.ok:
                yield f"its own answer is not right: {comparison.story}"


def _changing(one: Drawn, oracle: Oracle) -> Iterator[str]:
    first, second = (oracle.run(one.arguments, one.inputs) for _ in range(2))
    for name in first:
        if first[name].tobytes() != second[name].tobytes():
            yield f"it gives another `{name}` the second time; a reference is not random"


def _dtypes(problem: Problem, losses: _Losses) -> Finding:
    declared = problem.tolerance
    is_measured = not (
        declared.exact or declared.absolute is not None or declared.relative is not None
    )
    checks = problem.reference is not None and problem.reference.checks
    if checks or not is_measured:
        words = in_words(problem)
    elif not any(losses.allowed.values()):
        words = "whole numbers, exactly"
    else:
        words = "; ".join(
            f"{dtype}: off by {losses.worst[dtype]:.2g} at most, so {allowed:.2g} is allowed"
            for dtype, allowed in losses.allowed.items()
        )
    vast = tuple(
        f"{dtype}: an answer may be off by {allowed:.2g} of what the values are"
        for dtype, allowed in losses.allowed.items()
        if allowed > MOST_ALLOWED
    )
    if vast:
        words = "so much is allowed that nearly anything would be right"
        return Finding(about="dtypes", outcome=Outcome.FAULT, words=words, details=vast)
    return Finding(about="dtypes", outcome=Outcome.OK, words=words)


def prove_inputs_matter(problem: Problem, oracle: Oracle) -> Finding:
    """An input that changes nothing in any case is one that a kernel need not read."""
    idle = {param.name for param in problem.params if param.role.is_read}
    for case in runnable(problem):
        if idle and case.tier is not Tier.BENCH:
            idle -= set(_those_that_matter(problem, case, idle, oracle))
    if idle:
        names = ", ".join(f"`{name}`" for name in sorted(idle))
        words = f"{names}: other values change nothing in any case"
        return Finding(about="inputs", outcome=Outcome.FAULT, words=words)
    return Finding(about="inputs", outcome=Outcome.OK, words="each of them changes the answer")


def _those_that_matter(
    problem: Problem, case: Case, names: set[str], oracle: Oracle
) -> Iterator[str]:
    """Each given the values of another draw, while the others keep theirs."""
    dtype = problem.dtypes[0]
    with (
        drawn(problem, case, dtype, Seed.fresh("normal"), oracle) as one,
        drawn(problem, case, dtype, Seed.fresh("normal"), oracle) as other,
    ):
        before = oracle.run(one.arguments, one.inputs)
        for name in sorted(names):
            kept = one.inputs.window(name).copy()
            one.inputs.window(name)[...] = other.inputs.window(name)
            try:
                changed = oracle.run(one.arguments, one.inputs)
            except ReferenceFailed:
                # inputs that belong together, and now do not: it was not ignored
                if not oracle.module.draws:
                    raise
                oracle.module.reopen()
                changed = {}
            one.inputs.window(name)[...] = kept
            if any(not _same(before[key], changed.get(key)) for key in before):
                yield name


def _same(one: NDArray[Any], other: NDArray[Any] | None) -> bool:
    return other is not None and one.tobytes() == other.tobytes()
