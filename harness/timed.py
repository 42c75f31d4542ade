"""The last stage of a grade: its bench cases against a baseline, once all are known to be right."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.build import cache
from harness.candidate import Candidate, gist, prepare
from harness.clock import roofs
from harness.clock.baselines import (
    EAGER,
    Baseline,
    of_pytorch,
    of_submission,
    require_right,
)
from harness.clock.footprint import footprints
from harness.clock.roofline import demand_of, placed
from harness.clock.rounds import time_case
from harness.clock.stage import Stop, Work
from harness.disk import cache_root, locked
from harness.errors import UserError
from harness.job import Job
from harness.oracle.expect import Oracle
from harness.problem.shapes import arguments_of
from harness.records import BuildFailed, Fell, Stage, Tier, Timing
from harness.submission import read_submission


def time_cases(job: Job, candidate: Candidate, oracle: Oracle) -> None:
    """Every bench case, after all are known to be right."""
    job.tell(Stage(name="time"))
    assert job.arena is not None
    job.arena.wait_until_warm()
    with _alone(job):
        began = time.monotonic()
        _time(job, candidate, oracle)
        job.time_s = time.monotonic() - began


@contextmanager
def _alone(job: Job) -> Iterator[None]:
    """Two grades at once would time each other."""
    began = time.monotonic()

    def waiting() -> None:
        job.tell(Stage(name="time", detail="another grade is being timed"))

    path = cache_root() / "clock.lock"
    with cache.writing():
        path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path, waiting=waiting):
        job.waited_s += time.monotonic() - began
        yield


def _time(job: Job, candidate: Candidate, oracle: Oracle) -> None:
    reference, baseline = _baselines(job)
    known = roofs.of_this_machine()  # never measured now: that would disturb the clock
    bench = [case for case in job.cases if case.tier is Tier.BENCH]
    for number, case in enumerate(bench, start=1):
        job.tell(Stage(name="time", detail=f"{case.name}, {number} of {len(bench)}"))
        require_right(baseline, job.problem, case, job.dtype, oracle, job.policy.limits)
        work = Work(
            problem=job.problem,
            case=case,
            arguments=arguments_of(job.problem, case, job.dtype),
            oracle=oracle,
            expected=job.bounds[case.name],
            open_candidate=candidate.open,
            open_null=candidate.open_null or reference.open_null,
            baseline=baseline,
            call_s=job.policy.limits.call_s,
            threads=job.threads,
            stop=Stop(
                half_width=job.policy.half_width,
                budget_s=job.policy.budget_s,
                deadline=job.deadline,
                reward=job.policy.reward,
            ),
            own=job.policy.own,
        )
        timed = time_case(work)
        if timed is None:
            job.was_cut = True
            break
        if isinstance(timed, Timing):
            demand = demand_of(job.problem, case, job.dtype)
            timed = placed(timed, demand, known, job.threads)
        if isinstance(timed, Timing):
            timed = _with_memory(timed, work)
        if isinstance(timed, Fell):
            job.spoil(case, candidate.located(timed))
            break
        job.timings += (timed,)
        job.tell(timed)


def _with_memory(timing: Timing, work: Work) -> Timing | Fell:
    seen = footprints(work)
    return seen if isinstance(seen, Fell) else replace(timing, memory=seen)


def _baselines(job: Job) -> tuple[Baseline, Baseline]:
    """The reference as it is written, and what is measured against: most often the same."""
    policy = job.policy
    assert job.arena is not None
    asked = partial(
        of_pytorch, problem=job.problem, arena=job.arena, threads=job.threads, limits=policy.limits
    )
    reference = asked(EAGER)
    if job.against is not None:
        assert policy.against is not None
        return reference, of_submission(policy.against.name, job.against, reference)
    return reference, reference if policy.baseline == EAGER else asked(policy.baseline)


def opponent(job: Job, path: Path) -> Candidate:
    """Another submission, made ready; that it is right is seen in each case that is timed."""
    assert job.arena is not None
    made = prepare(
        read_submission(path),
        job.problem,
        job.dtype,
        arena=job.arena,
        threads=job.threads,
        compiler=job.policy.compiler,
        limits=job.policy.limits,
    )
    if isinstance(made, BuildFailed):
        raise UserError(f"--against {path}: {made.verdict}: {gist(made)}")
    return made
