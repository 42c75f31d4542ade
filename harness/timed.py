"""The last stage of a grade: its bench cases against a baseline, once all are known to be right."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.arena.host import Arena
from harness.build import cache
from harness.candidate import Candidate, gist, prepare
from harness.clock import roofs
from harness.clock.baselines import (
    BEST,
    COMPILE,
    EAGER,
    STYLES,
    Baseline,
    PyTorch,
    of_submission,
    require_right,
)
from harness.clock.compilation import Compiler
from harness.clock.footprint import footprints
from harness.clock.heat import best_of
from harness.clock.roofline import demand_of, placed
from harness.clock.rounds import time_case
from harness.clock.stage import Stop, Work
from harness.disk import cache_root, locked
from harness.errors import UserError
from harness.job import Job
from harness.oracle.expect import Oracle
from harness.problem.shapes import arguments_of
from harness.records import (
    BuildFailed,
    Case,
    Fell,
    Language,
    Stage,
    Submission,
    Tier,
    Timing,
    Way,
)
from harness.submission import read_submission


def time_cases(job: Job, candidate: Candidate, oracle: Oracle) -> None:
    """Every bench case, after all are known to be right."""
    assert job.arena is not None
    job.tell(Stage(name="time"))
    job.arena.wait_until_warm()
    with _alone(job):
        pytorch = _pytorch(job, job.arena)
        began = time.monotonic()
        _time(job, candidate, oracle, pytorch)
        job.time_s = time.monotonic() - began


@contextmanager
def _alone(job: Job) -> Iterator[None]:
    """Two grades at once would time each other."""
    began = time.monotonic()

    def waiting() -> None:
        job.tell(Stage(name="time", detail="another grade is being timed"))

    path = cache_root() / "clock.lock"
    with ExitStack() as stack:
        with cache.writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(path, waiting=waiting))
        job.waited_s += time.monotonic() - began
        yield


def _time(job: Job, candidate: Candidate, oracle: Oracle, pytorch: PyTorch) -> None:
    known = roofs.of_this_machine()  # never measured now: that would disturb the clock
    bench = _bench(job)
    for number, case in enumerate(bench, start=1):
        job.tell(Stage(name="time", detail=f"{case.name}, {number} of {len(bench)}"))
        reference = pytorch.asked(EAGER, case)
        work = Work(
            problem=job.problem,
            case=case,
            arguments=arguments_of(job.problem, case, job.dtype),
            oracle=oracle,
            expected=job.bounds[case.name],
            open_candidate=candidate.open,
            open_null=candidate.open_null or reference.open_null,
            baseline=reference,
            call_s=job.policy.limits.call_s,
            threads=job.threads,
            stop=_stop(job, len(bench)),
            own=job.policy.own,
        )
        baseline, ways = _opponent(job, pytorch, work)
        work = replace(work, baseline=baseline)
        timed = time_case(work)
        if timed is None:
            job.was_cut = True
            break
        if isinstance(timed, Timing):
            demand = demand_of(job.problem, case, job.dtype)
            timed = placed(replace(timed, ways=ways), demand, known, job.threads)
        if isinstance(timed, Timing):  # a reward has no time for the boxes that memory takes
            timed = timed if job.policy.reward else _with_memory(timed, work)
        if isinstance(timed, Fell):
            job.spoil(case, candidate.located(timed))
            break
        job.timings += (timed,)
        job.tell(timed)


def _stop(job: Job, cases: int) -> Stop:
    policy = job.policy
    stop = Stop(half_width=policy.half_width, budget_s=policy.budget_s, deadline=job.deadline)
    if not policy.reward:
        return stop
    # of several cases it is their mean that is asked for: what one says of itself ends nothing
    return replace(stop, patience_s=0.0, reward=policy.reward if cases == 1 else ())


def _with_memory(timing: Timing, work: Work) -> Timing | Fell:
    seen = footprints(work)
    return seen if isinstance(seen, Fell) else replace(timing, memory=seen)


def _bench(job: Job) -> list[Case]:
    return [case for case in job.cases if case.tier is Tier.BENCH]


def _pytorch(job: Job, arena: Arena) -> PyTorch:
    """With what is compiled for it already made; who asks has the clock, so nobody is timed."""
    limits, compiled = job.policy.limits, {}
    if job.against is None and job.policy.baseline in {COMPILE, BEST}:
        assert job.problem.reference is not None
        compiler = Compiler(job.problem.reference, arena, job.threads, limits)
        with closing(compiler):
            for case in _bench(job):
                job.tell(Stage(name="compile", detail=f"the baseline, for {case.name}"))
                arguments = arguments_of(job.problem, case, job.dtype)
                compiled[case.name] = compiler.compiled(arguments)
    return PyTorch(
        problem=job.problem, arena=arena, threads=job.threads, limits=limits, compiled=compiled
    )


def _opponent(job: Job, pytorch: PyTorch, work: Work) -> tuple[Baseline, tuple[Way, ...]]:
    """What a case is timed against, and what that was chosen from; all of it is right."""

    def right(baseline: Baseline) -> Baseline:
        limits = job.policy.limits
        require_right(baseline, job.problem, work.case, job.dtype, work.oracle, limits)
        return baseline

    def of_pytorch(name: str) -> Baseline:
        if name == EAGER:
            return work.baseline
        return right(pytorch.asked(name, work.case))

    asked = job.policy.baseline
    if job.against is not None:
        assert job.policy.against is not None
        return right(of_submission(job.policy.against.name, job.against, work.baseline)), ()
    if asked != BEST:
        return of_pytorch(asked), ()
    return best_of(work, {name: partial(of_pytorch, name) for name in STYLES})


def opponent(job: Job, path: Path) -> Candidate:
    """Another submission, made ready; that it is right is seen in each case that is timed."""
    assert job.arena is not None
    made = prepare(
        _rival(job, path),
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


def _rival(job: Job, path: Path) -> Submission:
    """As it is read; one that is for something else is no opponent."""
    rival = read_submission(path)
    if rival.language is Language.CUDA:
        raise UserError(f"--against {path}: CUDA sources are emulated here, which says no time")
    for key, its, ours in (
        ("problem", rival.problem, job.problem.slug),
        ("dtype", rival.dtype, job.dtype),
    ):
        if its not in {None, ours}:
            raise UserError(f"--against {path}: it says `grade: {key}={its}`; this is for {ours}")
    return rival
