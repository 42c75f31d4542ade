"""
The pipeline on one screen: read, build, check, time, score.

(Not named grade.py: `from harness import grade` must find the function, and a submodule of that
name would take its place as soon as it is imported.)
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

from harness import interpreter, machine
from harness.arena.host import Arena
from harness.arena.session import Session
from harness.candidate import Candidate, gist, prepare
from harness.clock.stage import LAUNCHES
from harness.delegation.calls import breach
from harness.delegation.look import calls_of
from harness.emulation.triton.source import is_triton
from harness.errors import HarnessError, ReferenceFailed, UserError
from harness.job import Job, Tell, silence
from harness.oracle.check import Check, check_case, seeds_for
from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle, memory_needed
from harness.problem import catalogue
from harness.problem.shapes import ShapeError, arguments_of
from harness.problem.spec import SLUG
from harness.records import (
    BuildFailed,
    Case,
    Device,
    Fell,
    Grade,
    Language,
    Limits,
    Policy,
    Problem,
    Stage,
    Submission,
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
    job = _plan(submission, catalogue.gradable(asked), policy, tell)
    if reason := _not_gradable(job):
        return job.ended(Verdict.NOT_GRADABLE, "device", reason)
    if arena is not None:
        return _graded_in(arena, job)
    with Arena(has_walls=policy.isolation != "off") as own:
        return _graded_in(own, job)


def _graded_in(arena: Arena, job: Job) -> Grade:
    arena.demand(job.policy.isolation)
    job.arena = arena
    if job.device is Device.EMULATED and (trouble := interpreter.trouble(arena)):
        return job.ended(Verdict.NOT_GRADABLE, "device", trouble)
    return _graded(job, arena)


def _plan(submission: Submission, problem: Problem, policy: Policy, tell: Tell) -> Job:
    dtype = policy.dtype or submission.dtype or problem.dtypes[0]
    if dtype not in problem.dtypes:
        known = ", ".join(problem.dtypes)
        raise UserError(f"`{problem.slug}` has no dtype {dtype}; it has {known}")
    is_emulated = _is_emulated(submission, policy)
    cases = all_cases = _cases(problem, policy)
    if is_emulated and policy.case is None:
        cases = interpreter.cases_of(problem, all_cases, dtype)
        if not cases:
            raise UserError(f"`{problem.slug}` has no case that is small enough to be emulated")
    cores = machine.usable_cores()
    if not 1 <= policy.threads <= cores:
        raise UserError(f"--threads {policy.threads}: this machine lets us use 1 to {cores}")
    if policy.own and policy.threads > 1:
        raise UserError(
            "--own is for one thread: idle threads of a side that is not frozen would run on"
        )
    return Job(
        submission=submission,
        problem=problem,
        policy=policy,
        dtype=dtype,
        threads=policy.threads,
        cases=cases,
        device=Device.EMULATED if is_emulated else Device.CPU,
        left_out=sum(case.tier is not Tier.BENCH for case in all_cases if case not in cases),
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
    chosen = [case for case in here if policy.time or case.tier is not Tier.BENCH]
    if here and not chosen:
        raise UserError(f"`{problem.slug}` has bench cases only: nothing is left without timing")
    return tuple(chosen)


def _is_emulated(submission: Submission, policy: Policy) -> bool:
    """What launches Triton's kernels: there is no other way for it on a CPU."""
    device = policy.device if policy.device != "auto" else submission.device or "auto"
    is_python = submission.language is Language.PYTHON
    return is_python and device in {"auto", "cpu", "emulated"} and is_triton(submission.source)


def _not_gradable(job: Job) -> str:
    """Why this cannot be graded here at all; empty if it can."""
    device = job.policy.device if job.policy.device != "auto" else job.submission.device or "auto"
    if not sys.platform.startswith("linux"):
        return "grading needs Linux (a container or a virtual machine will do)"
    if job.submission.language is Language.CUDA:
        return "CUDA sources cannot be graded yet: neither on a GPU nor by emulation"
    if device not in {"auto", "cpu"} and job.device is not Device.EMULATED:
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


def _graded(job: Job, arena: Arena) -> Grade:
    policy, problem = job.policy, job.problem
    is_emulated = job.device is Device.EMULATED
    will_time = policy.time and policy.seed is None and not is_emulated
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
            interprets=is_emulated,
        )
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
        if fell is None and is_emulated and job.all_accepted:
            fell = _pass_gate(job, arena)
        if fell is None and will_time and job.all_accepted:
            time_cases(job, candidate, oracle)
    except ReferenceFailed:
        arena.forget(key)
        raise
    if fell is not None:
        return job.ended(fell.verdict, fell.reason, fell.message, fell.log)
    return _concluded(job)


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
        if job.device is Device.EMULATED and (fell := _note_launches(job, session)):
            return fell
        if not session.is_over:
            job.left_running = session.box.others()
    job.check_s = time.monotonic() - began
    return None


def _seeds(job: Job, case: Case) -> tuple[Seed, ...]:
    if job.policy.seed is not None:
        return (Seed.parse(job.policy.seed),)
    seeds = seeds_for(case, job.cases)
    return seeds[: interpreter.MAX_DRAWS] if job.device is Device.EMULATED else seeds


def _note_launches(job: Job, session: Session) -> Fell | None:
    if session.is_over:
        return None
    noted = interpreter.launches_of(session, job.policy.limits)
    if isinstance(noted, Fell):
        return noted
    job.launches = noted
    return None


def _pass_gate(job: Job, arena: Arena) -> Fell | None:
    """What was launched must compile for the card that is named, if one is."""
    arch = job.policy.arch
    if arch is None:
        return None
    job.tell(Stage(name="compile", detail=arch))
    gate = interpreter.pass_gate(job.submission, job.launches, arch, arena, job.policy.limits)
    if isinstance(gate, BuildFailed):
        return Fell(verdict=gate.verdict, reason=gate.reason, message=gate.message)
    job.gate = gate
    return None


def _limits(job: Job) -> Limits:
    """An interpreter takes its time."""
    limits = job.policy.limits
    if job.device is not Device.EMULATED:
        return limits
    return replace(limits, call_s=interpreter.SLOWER * limits.call_s)


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
        return job.ended(Verdict.ACCEPTED, message=interpreter.remark(job.left_out, job.gate))
    limit = job.policy.limits.grade_s
    note = f"timing was cut: a grade takes at most {limit:g} s" if job.was_cut else ""
    return job.ended(Verdict.ACCEPTED, message=note)
