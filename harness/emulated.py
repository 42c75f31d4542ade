"""
What else is asked of a kernel that was emulated: was it right by luck, or why is it wrong?

An answer that is right in three orders of its threads can still depend on a fourth. So the small
cases run once more as another artefact, in which every access to memory is looked at: two accesses
that nothing orders are a finding, whatever came of them. A case that went wrong is looked at so
too: what is found there says more than what came out.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from harness.candidate import Candidate
from harness.job import Job
from harness.oracle.check import ORDERS, Check, check_case
from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle
from harness.problem.shapes import arguments_of
from harness.records import Case, CaseResult, Fell, Limits, Stage, Verdict

SLOWER = 6.0  # times as long as a call that is not emulated may take
WATCHED_S = 20.0  # after so long no further case is watched
EVERY = tuple(range(len(ORDERS)))
# what says more than that an answer is wrong, or that something was written behind its end
_FINDINGS = frozenset({"race", "divergence", "uninitialised", "out_of_bounds"})


def limits_of(limits: Limits) -> Limits:
    return replace(limits, call_s=SLOWER * limits.call_s)


def look_closer(job: Job, candidate: Candidate, oracle: Oracle) -> Fell | None:
    """The case that went wrong, or the smallest if none did; what is found, if anything."""
    assert candidate.watched is not None
    job.tell(Stage(name="watch"))
    watched = candidate.watched()
    wrong = [result for result in job.results if result.verdict is not Verdict.ACCEPTED]
    if wrong:
        case = next(case for case in job.cases if case.name == wrong[0].name)
        found = _watch(job, watched, oracle, [(case, Seed.parse(wrong[0].seeds[-1]))])
        return found if found is not None and found.reason in _FINDINGS else None
    cases = sorted(job.cases, key=lambda case: _elements(job, case))
    return _watch(job, watched, oracle, [(case, Seed.fresh("normal")) for case in cases])


def _watch(
    job: Job, watched: Candidate, oracle: Oracle, draws: Sequence[tuple[Case, Seed]]
) -> Fell | None:
    ends = time.monotonic() + WATCHED_S
    opened = watched.open(0, 0)
    if isinstance(opened, Fell):
        return watched.located(opened)
    with opened as session:
        check = Check(
            problem=job.problem,
            dtype=job.dtype,
            oracle=oracle,
            session=session,
            limits=limits_of(job.policy.limits),
            schedules=EVERY,
        )
        for case, seed in draws:
            if job.watched and time.monotonic() > ends:
                break
            result, _ = check_case(check, case, (seed,))
            if result.verdict is not Verdict.ACCEPTED:
                return watched.located(_fell(result))
            job.watched += (case.name,)
    return None


def _fell(result: CaseResult) -> Fell:
    return Fell(
        verdict=result.verdict,
        reason=result.reason,
        message=f"case `{result.name}`: {result.message}",
        log=result.log,
        at=result.at,
    )


def remark(job: Job) -> str:
    """What an accepted one is worth."""
    return (
        f"emulated on a CPU: right in {len(EVERY)} orders of its threads, every access watched in"
        f" {len(job.watched)} of {len(job.cases)} cases; nothing is said of its speed, and a card"
        " may still differ"
    )


def _elements(job: Job, case: Case) -> int:
    return sum(argument.count for argument in arguments_of(job.problem, case, job.dtype))
