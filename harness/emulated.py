"""
What else is asked of a kernel that ran by emulation: whether it was right by luck.

An answer that is right in three orders of its threads can still depend on a fourth. So the small
cases run once more as another artefact, in which every access to memory is looked at: two accesses
that nothing orders are a finding, whatever came of them.
"""

import time
from dataclasses import replace

from harness.candidate import Candidate
from harness.job import Job
from harness.oracle.check import ORDERS, Check, check_case
from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle
from harness.problem.shapes import arguments_of
from harness.records import Case, Fell, Limits, Stage, Verdict

SLOWER = 6.0  # times as long as a call that is not emulated may take
WATCHED_S = 20.0  # after so long no further case is watched
EVERY = tuple(range(len(ORDERS)))


def limits_of(limits: Limits) -> Limits:
    return replace(limits, call_s=SLOWER * limits.call_s)


def look_for_races(job: Job, candidate: Candidate, oracle: Oracle) -> Fell | None:
    """The smallest cases, every access watched; what is found there, if anything."""
    assert candidate.open_watched is not None
    job.tell(Stage(name="watch"))
    ends = time.monotonic() + WATCHED_S
    limits = limits_of(job.policy.limits)
    opened = candidate.open_watched(0, 0)
    if isinstance(opened, Fell):
        return candidate.located(opened)
    with opened as session:
        check = Check(
            problem=job.problem,
            dtype=job.dtype,
            oracle=oracle,
            session=session,
            limits=limits,
            schedules=EVERY,
        )
        for case in sorted(job.cases, key=lambda case: _elements(job, case)):
            if job.watched and time.monotonic() > ends:
                break
            result, _ = check_case(check, case, (Seed.fresh("normal"),))
            if result.verdict is not Verdict.ACCEPTED:
                found = Fell(
                    verdict=result.verdict,
                    reason=result.reason,
                    message=f"case `{case.name}`: {result.message}",
                    log=result.log,
                    at=result.at,
                )
                return candidate.located(found)
            job.watched += (case.name,)
    return None


def remark(job: Job) -> str:
    """What an accepted one is worth."""
    return (
        f"emulated on a CPU: right in {len(EVERY)} orders of its threads, every access watched in"
        f" {len(job.watched)} of {len(job.cases)} cases; nothing is said of its speed, and a card"
        " may still differ"
    )


def _elements(job: Job, case: Case) -> int:
    return sum(argument.count for argument in arguments_of(job.problem, case, job.dtype))
