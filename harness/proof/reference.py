"""The reference at work: in every case and dtype, on every kind of draw, and the same each time."""

from collections.abc import Iterator

import numpy as np

from harness.arena.memory import Memory, lay_out
from harness.errors import ReferenceFailed
from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle
from harness.proof.draws import Drawn, drawn, runnable, seeds_of
from harness.records import Bound, Finding, Outcome, Problem, Role, Tier

MOST_NOT_FINITE = 0.01  # of the truth's elements, for an ordinary draw


def prove_reference(problem: Problem, oracle: Oracle) -> Iterator[Finding]:
    """It runs wherever it will be asked to, and its answers are numbers of the declared shapes."""
    cases = runnable(problem)
    try:
        for case in cases:
            for dtype in problem.dtypes:
                with drawn(problem, case, dtype, Seed.fresh("normal"), oracle) as one:
                    faults = [
                        *_changing(one, oracle),
                        *_not_finite(one),
                        *_not_its_own(one, oracle),
                    ]
                if faults:
                    words = f"case `{case.name}` in {dtype}: {faults[0]}"
                    yield Finding(about="reference", outcome=Outcome.FAULT, words=words)
                    return
    except ReferenceFailed as failed:
        first, *rest = str(failed).splitlines()
        words = f"case `{case.name}` in {dtype}: {first}"
        yield Finding(about="reference", outcome=Outcome.FAULT, words=words, details=tuple(rest))
        return
    words = f"{len(cases)} cases in {', '.join(problem.dtypes)}: it runs, and gives the same twice"
    yield Finding(about="reference", outcome=Outcome.OK, words=words)


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


def prove_dtypes(problem: Problem, oracle: Oracle) -> Finding:
    """What rounding costs the reference itself, and what kernels are therefore allowed."""
    lines, vast = [], []
    for dtype in problem.dtypes:
        worst, allowed = 0.0, 0.0
        for case in runnable(problem):
            if case.tier is Tier.BENCH:
                continue
            for seed in seeds_of(case):
                with drawn(problem, case, dtype, seed, oracle) as one:
                    worst = max([worst, *(error for error, _ in one.expected.own_errors.values())])
                    allowed = max([allowed, *map(_allowed, one.expected.bounds.values())])
        said = f"off by {worst:.2g} at most, so {allowed:.2g} is allowed" if allowed else "exact"
        lines.append(f"{dtype}: {said}")
        if allowed > 1:
            vast.append(f"{dtype}: {allowed:.2g} is allowed, more than the values themselves")
    if vast:
        words = "the reference loses so much that anything would be right"
        return Finding(about="dtypes", outcome=Outcome.FAULT, words=words, details=tuple(vast))
    if problem.reference is not None and problem.reference.checks:
        words = f"{', '.join(problem.dtypes)}: the problem's own check decides"
        return Finding(about="dtypes", outcome=Outcome.OK, words=words)
    return Finding(about="dtypes", outcome=Outcome.OK, words="; ".join(lines))


def _allowed(bound: Bound) -> float:
    return bound.max_error


def prove_inputs_matter(problem: Problem, oracle: Oracle) -> Finding:
    """An input that changes nothing in any case is one that a kernel need not read."""
    idle = {param.name for param in problem.params if param.role.is_read}
    for case in runnable(problem):
        if not idle:
            break
        if case.tier is Tier.BENCH:
            continue
        dtype = problem.dtypes[0]
        with (
            drawn(problem, case, dtype, Seed.fresh("normal"), oracle) as one,
            drawn(problem, case, dtype, Seed.fresh("normal"), oracle) as other,
        ):
            for name in sorted(idle):
                kept = one.inputs.window(name).copy()
                one.inputs.window(name)[...] = other.inputs.window(name)
                changed = oracle.run(one.arguments, one.inputs)
                one.inputs.window(name)[...] = kept
                before = oracle.run(one.arguments, one.inputs)
                if any(before[key].tobytes() != changed[key].tobytes() for key in before):
                    idle.discard(name)
    if idle:
        names = ", ".join(f"`{name}`" for name in sorted(idle))
        words = f"{names}: other values change nothing in any case"
        return Finding(about="inputs", outcome=Outcome.FAULT, words=words)
    return Finding(about="inputs", outcome=Outcome.OK, words="each of them changes the answer")
