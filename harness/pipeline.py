"""
The pipeline on one screen: read, build, check, time, score.

(Not named grade.py: `from harness import grade` must find the function, and a submodule of that
name would take its place as soon as it is imported.)
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from harness import machine
from harness.arena.host import NOTHING_RAN, Arena
from harness.candidate import Candidate, prepare
from harness.clock import roofs
from harness.clock.baselines import (
    EAGER,
    Baseline,
    of_pytorch,
    of_submission,
    require_right,
)
from harness.clock.roofline import demand_of, placed
from harness.clock.rounds import LAUNCHES, Stop, Work, time_case
from harness.clock.statistics import score_of
from harness.delegation.calls import breach
from harness.delegation.look import calls_of
from harness.errors import HarnessError, ReferenceFailed, UserError
from harness.oracle.check import Check, check_case, seeds_for
from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle, memory_needed
from harness.oracle.judge import Expected
from harness.problem import catalogue
from harness.problem.shapes import ShapeError, arguments_of
from harness.problem.spec import SLUG
from harness.records import (
    BuildFailed,
    Case,
    CaseResult,
    Fell,
    Grade,
    Language,
    Policy,
    Problem,
    Seconds,
    Stage,
    Submission,
    Tier,
    Timing,
    Verdict,
)
from harness.submission import read_submission

Tell = Callable[[Stage | CaseResult | Timing], None]


def _silence(_: Stage | CaseResult | Timing) -> None:
    """Nobody listens."""


def grade(
    path: str | Path,
    problem: str | Path | Problem | None = None,
    *,
    policy: Policy | None = None,
    problems: Path | None = None,
    arena: Arena | None = None,
    tell: Tell = _silence,
) -> Grade:
    """Grade one submission. A wrong kernel is a value; the errors raised are not about it."""
    policy = policy or Policy()
    submission = read_submission(Path(path))
    asked = problem if problem is not None else submission.problem
    if asked is None:
        raise UserError(f"{path}: for which problem? give --problem, or `grade: problem=…` in it")
    if problem is None and not SLUG.fullmatch(str(asked)):
        # a submission may name its problem, not bring one along
        raise UserError(f"{path}: `grade: problem={asked}` is not a slug")
    if not isinstance(asked, Problem):
        asked = catalogue.load_problem(asked, problems=problems)
    job = _plan(submission, catalogue.gradable(asked), policy, tell)
    if reason := _not_gradable(job):
        return job.ended(Verdict.NOT_GRADABLE, "device", reason)
    if arena is not None:
        return _graded(job, arena)
    with Arena(has_walls=policy.isolation != "off") as own:
        return _graded(job, own)


@dataclass(slots=True)
class _Job:
    """One grade under way."""

    submission: Submission
    problem: Problem
    policy: Policy
    dtype: str
    threads: int
    cases: tuple[Case, ...]
    tell: Tell
    began: float
    arena: Arena | None = None
    against: Candidate | None = None  # what it is measured against, if not PyTorch
    build_s: float | None = None
    check_s: float | None = None
    time_s: float | None = None
    was_cut: bool = False  # the time for the whole grade ran out while timing
    calls: tuple[str, ...] | None = None
    left_running: int | None = None
    results: tuple[CaseResult, ...] = ()
    timings: tuple[Timing, ...] = ()
    bounds: dict[str, Expected] = field(default_factory=dict)

    @property
    def all_accepted(self) -> bool:
        passed = [result.verdict is Verdict.ACCEPTED for result in self.results]
        return len(passed) == len(self.cases) and all(passed)

    def spoil(self, case: Case, fell: Fell) -> None:
        """A case that was right when checked, and not when timed."""
        self.results = tuple(
            replace(
                result,
                verdict=fell.verdict,
                reason=fell.reason,
                message=fell.message,
                log=fell.log,
                seeds=(),  # those of its check would not show the fault
            )
            if result.name == case.name
            else result
            for result in self.results
        )

    @property
    def deadline(self) -> float:
        return self.began + self.policy.limits.grade_s

    def ended(self, verdict: Verdict, reason: str = "", message: str = "", log: str = "") -> Grade:
        passed = sum(result.verdict is Verdict.ACCEPTED for result in self.results)
        return Grade(
            problem=self.problem,
            submission=self.submission,
            dtype=self.dtype,
            policy=self.policy,
            verdict=verdict,
            reason=reason,
            message=message,
            cases=self.results,
            timing=self.timings,
            score=score_of(len(self.cases), passed, () if self.was_cut else self.timings),
            isolation=self.arena.isolation() if self.arena else NOTHING_RAN,
            machine=machine.describe(self.threads),
            seconds=Seconds(
                build=self.build_s,
                check=self.check_s,
                time=self.time_s,
                total=time.monotonic() - self.began,
            ),
            calls=self.calls,
            left_running=self.left_running,
            log=log,
        )


def _plan(submission: Submission, problem: Problem, policy: Policy, tell: Tell) -> _Job:
    dtype = policy.dtype or submission.dtype or problem.dtypes[0]
    if dtype not in problem.dtypes:
        known = ", ".join(problem.dtypes)
        raise UserError(f"`{problem.slug}` has no dtype {dtype}; it has {known}")
    cores = machine.usable_cores()
    if not 1 <= policy.threads <= cores:
        raise UserError(f"--threads {policy.threads}: this machine lets us use 1 to {cores}")
    return _Job(
        submission=submission,
        problem=problem,
        policy=policy,
        dtype=dtype,
        threads=policy.threads,
        cases=_cases(problem, policy),
        tell=tell,
        began=time.monotonic(),
    )


def _cases(problem: Problem, policy: Policy) -> tuple[Case, ...]:
    """What this grade runs: one case, one tier, or all that a full grade asks for."""
    here = [case for case in problem.cases if case.device in {"any", "cpu"}]
    if policy.case is not None:
        chosen = [case for case in problem.cases if case.name == policy.case]
        if not chosen:
            names = ", ".join(case.name for case in problem.cases)
            raise UserError(f"`{problem.slug}` has no case `{policy.case}`; it has {names}")
        return tuple(chosen)
    if policy.tier is not None:
        chosen = [case for case in here if case.tier is policy.tier]
        if not chosen:
            raise UserError(f"`{problem.slug}` has no {policy.tier} case for this device")
        return tuple(chosen)
    return tuple(case for case in here if policy.time or case.tier is not Tier.BENCH)


def _not_gradable(job: _Job) -> str:
    """Why this cannot be graded here at all; empty if it can."""
    device = job.policy.device if job.policy.device != "auto" else job.submission.device or "auto"
    if not sys.platform.startswith("linux"):
        return "grading needs Linux (a container or a virtual machine will do)"
    if job.submission.language is Language.CUDA:
        return "CUDA sources cannot be graded yet: neither on a GPU nor by emulation"
    if device not in {"auto", "cpu"}:
        return f"no device `{device}` here: this version grades on the CPU"
    available = min(machine.memory_available_bytes(), job.policy.limits.memory_bytes)
    for case in job.cases:
        try:
            arguments = arguments_of(job.problem, case, job.dtype)
        except ShapeError as error:
            raise UserError(f"{job.problem.path}: case `{case.name}`: {error}") from error
        needed = memory_needed(arguments)
        if needed > available:
            return (
                f"case `{case.name}` needs about {needed / 1e9:.1f} GB,"
                f" and {available / 1e9:.1f} GB may be used"
            )
    return ""


def _graded(job: _Job, arena: Arena) -> Grade:
    arena.demand(job.policy.isolation)
    job.arena = arena
    policy, problem = job.policy, job.problem
    will_time = policy.time and policy.seed is None
    key = ("oracle", problem.sha256, policy.limits)
    try:
        job.tell(Stage(name="build"))
        candidate = prepare(
            job.submission,
            problem,
            job.dtype,
            arena=arena,
            threads=job.threads,
            compiler=policy.compiler,
            limits=policy.limits,
        )
        if isinstance(candidate, BuildFailed):
            job.build_s = None if candidate.cached else candidate.seconds
            return job.ended(
                candidate.verdict, candidate.reason, _gist(candidate), candidate.message
            )
        job.build_s = candidate.build_s
        if will_time and any(case.tier is Tier.BENCH for case in job.cases):
            arena.warm_up(LAUNCHES)
        oracle = arena.keep(key, lambda: Oracle(arena, problem, limits=policy.limits))
        if will_time and policy.against is not None:
            job.against = _opponent(job, policy.against)
        fell = _check(job, candidate, oracle)
        if fell is None and job.all_accepted:
            fell = _look_at_calls(job, candidate, oracle)
        if fell is None and will_time and job.all_accepted:
            _time(job, candidate, oracle)
    except ReferenceFailed:
        arena.forget(key)
        raise
    if fell is not None:
        return job.ended(fell.verdict, fell.reason, fell.message, fell.log)
    return _concluded(job)


def _gist(failed: BuildFailed) -> str:
    """The line that a person would read first: ours where we know better, else the error's."""
    lines = [line for line in failed.message.splitlines() if line.strip()]
    if failed.verdict is Verdict.COMPILE_ERROR:
        return next((line for line in lines if "error" in line), lines[0] if lines else "")
    return lines[0] if lines else ""


def _check(job: _Job, candidate: Candidate, oracle: Oracle) -> Fell | None:
    """Every planned case; wrong answers go on to the next, whatever else ends it."""
    job.tell(Stage(name="check"))
    began = time.monotonic()
    opened = candidate.open(0, 0)
    if isinstance(opened, Fell):
        return _located(opened, candidate)
    with opened as session:
        check = Check(
            problem=job.problem,
            dtype=job.dtype,
            oracle=oracle,
            session=session,
            limits=job.policy.limits,
            keep=job.policy.keep,
        )
        for case in job.cases:
            if time.monotonic() > job.deadline:
                return _too_long(job)
            seeds = seeds_for(case, job.cases)
            if job.policy.seed is not None:
                seeds = (Seed.parse(job.policy.seed),)
            result, expected = check_case(check, case, seeds)
            if where := candidate.locate(result.at):
                result = replace(result, message=f"{result.message}, at {where}")
            job.results += (result,)
            if expected is not None:
                job.bounds[case.name] = replace(expected, truth={})
            job.tell(result)
            if session.is_over or result.verdict not in {Verdict.ACCEPTED, Verdict.WRONG_ANSWER}:
                break
        if not session.is_over:
            job.left_running = session.box.others()
    job.check_s = time.monotonic() - began
    return None


def _look_at_calls(job: _Job, candidate: Candidate, oracle: Oracle) -> Fell | None:
    """Whom a right submission has work for it; what the problem does not allow ends the grade."""
    job.calls = calls_of(
        job.submission, candidate, job.problem, job.cases[0], job.dtype, oracle, job.policy.limits
    )
    return breach(job.calls, job.problem.allow)


def _time(job: _Job, candidate: Candidate, oracle: Oracle) -> None:
    """Every bench case, after all are known to be right."""
    job.tell(Stage(name="time"))
    assert job.arena is not None
    job.arena.wait_until_warm()
    began = time.monotonic()

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
            stop=Stop(budget_s=job.policy.budget_s, deadline=job.deadline),
        )
        timed = time_case(work)
        if timed is None:
            job.was_cut = True
            break
        if isinstance(timed, Timing):
            demand = demand_of(job.problem, case, job.dtype)
            timed = placed(timed, demand, known, job.threads)
        if isinstance(timed, Fell):
            job.spoil(case, _located(timed, candidate))
            break
        job.timings += (timed,)
        job.tell(timed)
    job.time_s = time.monotonic() - began


def _baselines(job: _Job) -> tuple[Baseline, Baseline]:
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


def _opponent(job: _Job, path: Path) -> Candidate:
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
        raise UserError(f"--against {path}: {made.verdict}: {_gist(made)}")
    return made


def _located(fell: Fell, candidate: Candidate) -> Fell:
    where = candidate.locate(fell.at)
    return replace(fell, message=f"{fell.message}, at {where}") if where else fell


def _too_long(job: _Job) -> Fell:
    limit = job.policy.limits.grade_s
    return Fell(
        verdict=Verdict.TIME_LIMIT,
        reason="grade",
        message=f"the whole grade took longer than {limit:g} s",
    )


def _concluded(job: _Job) -> Grade:
    """The verdict of the first case that is not accepted; accepted means planned = passed > 0."""
    for result in job.results:
        if result.verdict is not Verdict.ACCEPTED:
            message = f"case `{result.name}`: {result.message}"
            return job.ended(result.verdict, result.reason, message, result.log)
    if len(job.results) != len(job.cases) or not job.cases:
        raise HarnessError(f"{len(job.results)} of {len(job.cases)} planned cases were checked")
    limit = job.policy.limits.grade_s
    note = f"timing was cut: a grade takes at most {limit:g} s" if job.was_cut else ""
    return job.ended(Verdict.ACCEPTED, message=note)
