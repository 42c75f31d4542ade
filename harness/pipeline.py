"""
The pipeline on one screen: read, build, check, time, score.

(Not named grade.py: `from harness import grade` must find the function, and a submodule of that
name would take its place as soon as it is imported.)
"""

import time
from dataclasses import replace
from pathlib import Path

from harness import interpreter
from harness.arena.host import Arena
from harness.build.nvcc import pass_gate
from harness.candidate import Candidate, gist, prepare
from harness.clock.stage import LAUNCHES
from harness.delegation.calls import breach
from harness.delegation.look import calls_of
from harness.device import device_of
from harness.emulated import EVERY, limits_of, look_closer, remark
from harness.errors import HarnessError, ReferenceFailed, UserError
from harness.job import Job, Tell, silence
from harness.oracle.check import Check, check_case, seeds_for
from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle
from harness.plan import not_gradable, plan
from harness.problem import catalogue
from harness.problem.spec import SLUG
from harness.records import (
    BuildFailed,
    Case,
    Device,
    Fell,
    Grade,
    Limits,
    Policy,
    Problem,
    Stage,
    Tier,
    Verdict,
)
from harness.submission import read_submission
from harness.timed import opponent, time_cases


def grade(
    path: str | Path,
    problem: str | Path | Problem | None = None,
    *,
    policy: Policy | None = None,
    problems: Path | None = None,
    arena: Arena | None = None,
    tell: Tell = silence,
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
    device, trouble = device_of(submission, policy)
    job = plan(submission, catalogue.gradable(asked), policy, device, tell)
    if reason := trouble or not_gradable(job):
        return job.ended(Verdict.NOT_GRADABLE, "device", reason)
    if arena is not None:
        return _graded_in(arena, job)
    with Arena(has_walls=policy.isolation != "off") as own:
        return _graded_in(own, job)


def _graded_in(arena: Arena, job: Job) -> Grade:
    arena.demand(job.policy.isolation)
    job.arena = arena
    if job.is_interpreted and (trouble := interpreter.trouble(arena)):
        return job.ended(Verdict.NOT_GRADABLE, "device", trouble)
    return _graded(job, arena)


def _graded(job: Job, arena: Arena) -> Grade:
    policy, problem = job.policy, job.problem
    will_time = policy.time and policy.seed is None and job.device is not Device.EMULATED
    key = ("oracle", problem.sha256, policy.limits)
    try:
        candidate = _made(job, arena)
        if isinstance(candidate, BuildFailed):
            job.build_s = None if candidate.cached else candidate.seconds
            return job.ended(
                candidate.verdict, candidate.reason, gist(candidate), candidate.message
            )
        job.build_s, job.compiler = candidate.build_s, candidate.compiler
        if will_time and any(case.tier is Tier.BENCH for case in job.cases):
            arena.warm_up(LAUNCHES)
        oracle = arena.keep(key, lambda: Oracle(arena, problem, limits=policy.limits))
        if will_time and policy.against is not None:
            job.against = opponent(job, policy.against)
        fell = _check(job, candidate, oracle)
        if fell is None and job.all_accepted:
            fell = _look_at_calls(job, candidate, oracle)
        if fell is None and candidate.watched is not None and job.can_be_explained:
            fell = look_closer(job, candidate, oracle)
        if fell is None and job.is_interpreted and job.all_accepted:
            fell = _compile_launches(job, arena)
        if fell is None and will_time and job.all_accepted:
            time_cases(job, candidate, oracle)
    except ReferenceFailed:
        arena.forget(key)
        raise
    if fell is not None:
        return job.ended(fell.verdict, fell.reason, fell.message, fell.log)
    return _concluded(job)


def _made(job: Job, arena: Arena) -> Candidate | BuildFailed:
    """Ready to run; and, where that was asked, good for a card by its own compiler's word."""
    job.tell(Stage(name="build"))
    policy = job.policy
    if policy.arch is not None and not job.is_interpreted:
        gate = pass_gate(
            job.submission,
            job.problem,
            job.dtype,
            policy.arch,
            nursery=arena.tools,
            limits=policy.limits,
        )
        if isinstance(gate, BuildFailed):
            return gate
        job.gate = gate
    return prepare(
        job.submission,
        job.problem,
        job.dtype,
        arena=arena,
        threads=job.threads,
        compiler=policy.compiler,
        limits=policy.limits,
        interprets=job.is_interpreted,
    )


def _check(job: Job, candidate: Candidate, oracle: Oracle) -> Fell | None:
    """Every planned case; wrong answers go on to the next, whatever else ends it."""
    job.tell(Stage(name="check"))
    began = time.monotonic()
    opened = candidate.open(0, 0)
    if isinstance(opened, Fell):
        return candidate.located(opened)
    with opened as session:
        check = Check(
            problem=job.problem,
            dtype=job.dtype,
            oracle=oracle,
            session=session,
            limits=_limits(job),
            schedules=(None,) if candidate.watched is None else EVERY,
            keep=job.policy.keep,
        )
        for case in job.cases:
            if time.monotonic() > job.deadline:
                return _too_long(job)
            result, expected = check_case(check, case, _seeds(job, case))
            if where := candidate.locate(result.at):
                result = replace(result, message=f"{result.message}, at {where}")
            job.results += (result,)
            if expected is not None:
                job.bounds[case.name] = replace(expected, truth={})
            job.tell(result)
            if session.is_over or result.verdict not in {Verdict.ACCEPTED, Verdict.WRONG_ANSWER}:
                break
        if job.is_interpreted and not session.is_over:
            noted = interpreter.launches_of(session, job.policy.limits)
            if isinstance(noted, Fell):
                return noted
            job.launches = noted
        if not session.is_over:
            job.left_running = session.box.others()
    job.check_s = time.monotonic() - began
    return None


def _seeds(job: Job, case: Case) -> tuple[Seed, ...]:
    if job.policy.seed is not None:
        return (Seed.parse(job.policy.seed),)
    seeds = seeds_for(case, job.cases)
    return seeds[: interpreter.MAX_DRAWS] if job.is_interpreted else seeds


def _limits(job: Job) -> Limits:
    """Where it is emulated a call takes its time."""
    limits = job.policy.limits
    return limits_of(limits) if job.device is Device.EMULATED else limits


def _compile_launches(job: Job, arena: Arena) -> Fell | None:
    """What Triton launched must compile for the card that is named, if one is."""
    arch = job.policy.arch
    if arch is None:
        return None
    job.tell(Stage(name="compile", detail=arch))
    gate = interpreter.pass_gate(job.submission, job.launches, arch, arena, job.policy.limits)
    if isinstance(gate, BuildFailed):
        return Fell(verdict=gate.verdict, reason=gate.reason, message=gate.message)
    job.gate = gate
    return None


def _look_at_calls(job: Job, candidate: Candidate, oracle: Oracle) -> Fell | None:
    """Whom a right submission has work for it; what the problem does not allow ends the grade."""
    job.calls = calls_of(
        job.submission, candidate, job.problem, job.cases[0], job.dtype, oracle, _limits(job)
    )
    return breach(job.calls, job.problem.allow)


def _too_long(job: Job) -> Fell:
    limit = job.policy.limits.grade_s
    return Fell(
        verdict=Verdict.TIME_LIMIT,
        reason="grade",
        message=f"the whole grade took longer than {limit:g} s",
    )


def _concluded(job: Job) -> Grade:
    """The verdict of the first case that is not accepted; accepted means planned = passed > 0."""
    for result in job.results:
        if result.verdict is not Verdict.ACCEPTED:
            message = f"case `{result.name}`: {result.message}"
            return job.ended(result.verdict, result.reason, message, result.log)
    if len(job.results) != len(job.cases) or not job.cases:
        raise HarnessError(f"{len(job.results)} of {len(job.cases)} planned cases were checked")
    if job.device is Device.EMULATED:
        words = interpreter.remark(job.left_out) if job.is_interpreted else remark(job)
        return job.ended(Verdict.ACCEPTED, message=words)
    limit = job.policy.limits.grade_s
    note = f"timing was cut: a grade takes at most {limit:g} s" if job.was_cut else ""
    return job.ended(Verdict.ACCEPTED, message=note)
