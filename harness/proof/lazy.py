"""
Those who answer without computing: constants, an input, its mean, the answer to another question.
Where one of them passes, the problem asks too little.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.memory import Memory, lay_out
from harness.dtypes import DTYPES
from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle
from harness.proof.draws import Drawn, drawn, runnable, seeds_of
from harness.records import Case, Finding, Outcome, Problem, Role, Tier

Array = NDArray[Any]
Answers = Mapping[str, Array]

MORE_DRAWS = 32  # before luck is ruled out; a coin would have to fall the same way each time
MORE_BENCH_DRAWS = 4


def prove_lazy(problem: Problem, oracle: Oracle) -> Finding:
    """No lazy candidate may be right in every draw of any case, unless the problem says why."""
    excused = dict(problem.lazy)
    wins: dict[str, list[str]] = {}
    before: Answers = {}
    for case in runnable(problem):
        left, before = _always_right(problem, case, before, oracle)
        for name in sorted(left):
            wins.setdefault(name, []).append(case.name)
    faults = {name: cases for name, cases in wins.items() if _kind(name) not in excused}
    if faults:
        return _passing(faults)
    idle = excused.keys() - {_kind(name) for name in wins}
    if idle:
        words = f"`lazy` excuses {_listed(sorted(idle))}, and no case needs it"
        return Finding(about="lazy", outcome=Outcome.NOTE, words=words)
    words = "zeros, ones, copies, means and stale answers are refused"
    if wins:
        words = (
            f"all answers without computing are refused, but {_listed(sorted(wins))}, as declared"
        )
    return Finding(about="lazy", outcome=Outcome.OK, words=words)


def _passing(faults: Mapping[str, list[str]]) -> Finding:
    kinds = ", ".join(f"{kind}: why" for kind in sorted({_kind(name) for name in faults}))
    details = [f"{name} is right in {_listed(cases)}" for name, cases in faults.items()]
    return Finding(
        about="lazy",
        outcome=Outcome.FAULT,
        words="an answer without computing is right",
        details=(
            *details,
            (
                "mend: change these cases, the inputs or the tolerance;"
                f" or, where it cannot be otherwise, `lazy: {{{kinds}}}`"
            ),
        ),
    )


def _coarsest(problem: Problem) -> str:
    """The dtype that allows most: who is wrong there is wrong in the others."""
    return max(problem.dtypes, key=lambda dtype: DTYPES[dtype].eps)


def _always_right(
    problem: Problem, case: Case, before: Answers, oracle: Oracle
) -> tuple[set[str], Answers]:
    """Who is right in every draw of a case; and what was right in the last one."""
    left: set[str] | None = None
    truth: Answers = {}
    for seed in _seeds(case):
        with drawn(problem, case, _coarsest(problem), seed, oracle) as one:
            answers = dict(_answers(one))
            if truth:
                answers["stale"] = _resized(truth, one)
            if before:
                answers["stale, of the case before"] = _resized(before, one)
            passed = {name for name in answers if _is_right(one, answers[name], oracle)}
            if not truth:
                passed.add("stale")  # nobody knows yet
            truth = one.expected.truth
        left = passed if left is None else left & passed
        if not left:
            break
    return left or set(), truth


def _seeds(case: Case) -> Iterator[Seed]:
    """Every kind of draw; then, as long as somebody still passes, more of the ordinary one."""
    yield from seeds_of(case)
    for _ in range(MORE_BENCH_DRAWS if case.tier is Tier.BENCH else MORE_DRAWS):
        yield Seed.fresh("normal")


def _answers(one: Drawn) -> Iterator[tuple[str, Answers]]:
    """Each lazy candidate's name and its answer: every output at once."""
    outputs = [argument for argument in one.arguments if argument.role.is_written]
    given = one.inputs.arrays()
    yield "zeros", {output.name: np.zeros(output.shape) for output in outputs}
    yield "ones", {output.name: np.ones(output.shape) for output in outputs}
    for name, array in given.items():
        plain = array.astype(np.float64)
        yield f"copy of `{name}`", {o.name: np.resize(plain, o.shape) for o in outputs}
        yield f"mean of `{name}`", {o.name: np.full(o.shape, plain.mean()) for o in outputs}
    if any(output.role is Role.INOUT for output in outputs):
        kept = {o.name: given.get(o.name, np.zeros(o.shape)) for o in outputs}
        yield "copy: all left as it was", kept


def _resized(answers: Answers, one: Drawn) -> Answers:
    shapes = {argument.name: argument.shape for argument in one.arguments}
    return {name: np.resize(answer, shapes[name]) for name, answer in answers.items()}


def _is_right(one: Drawn, answers: Answers, oracle: Oracle) -> bool:
    places, size = lay_out(one.arguments, Role.OUTPUT)
    with Memory(places, size, sealed=False) as outputs, np.errstate(all="ignore"):
        outputs.poison()
        for name, answer in answers.items():
            target = outputs.window(name)
            target[...] = answer.astype(target.dtype)
        comparisons = oracle.judge(one.arguments, one.inputs, outputs, one.expected)
    return all(comparison.ok for comparison in comparisons)


def _kind(name: str) -> str:
    """Its first word, which is what `lazy` calls it by."""
    return name.replace(",", " ").replace(":", " ").split(maxsplit=1)[0]


def _listed(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
