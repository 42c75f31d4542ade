"""What a grade will run, decided before anything does: cases, device, cores; or why it cannot."""

import sys
import time

from harness import interpreter, machine
from harness.device import is_for_cards
from harness.errors import UserError
from harness.job import Job, Tell
from harness.oracle.expect import memory_needed
from harness.problem.shapes import ShapeError, arguments_of
from harness.records import Case, Device, Language, Policy, Problem, Submission, Tier


def plan(
    submission: Submission, problem: Problem, policy: Policy, device: Device, tell: Tell
) -> Job:
    dtype = policy.dtype or submission.dtype or problem.dtypes[0]
    if dtype not in problem.dtypes:
        known = ", ".join(problem.dtypes)
        raise UserError(f"`{problem.slug}` has no dtype {dtype}; it has {known}")
    cases = planned = _cases(problem, policy, device)
    if device is Device.EMULATED and submission.language is Language.PYTHON and not policy.case:
        cases = interpreter.cases_of(problem, planned, dtype)
        if not cases:
            raise UserError(f"`{problem.slug}` has no case that is small enough to be emulated")
    cores = machine.usable_cores()
    if not 1 <= policy.threads <= cores:
        raise UserError(f"--threads {policy.threads}: this machine lets us use 1 to {cores}")
    if policy.own and policy.threads > 1:
        raise UserError(
            "--own is for one thread: idle threads of a side that is not frozen would run on"
        )
    if policy.arch is not None and not is_for_cards(submission):
        raise UserError("--arch compiles CUDA and Triton for a card; this is neither")
    if device is Device.EMULATED and (policy.reward or policy.against):
        raise UserError("an emulated kernel is not timed: drop --reward and --against")
    return Job(
        submission=submission,
        problem=problem,
        policy=policy,
        dtype=dtype,
        threads=policy.threads,
        cases=cases,
        left_out=sum(case.tier is not Tier.BENCH for case in planned if case not in cases),
        device=device,
        tell=tell,
        began=time.monotonic(),
    )


def _cases(problem: Problem, policy: Policy, device: Device) -> tuple[Case, ...]:
    """What this grade runs: one case, one tier, or all that a full grade asks for."""
    here = [case for case in problem.cases if case.device in {"any", device}]
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
    times = policy.time and device is not Device.EMULATED
    chosen = [case for case in here if times or case.tier is not Tier.BENCH]
    if here and not chosen:
        raise UserError(f"`{problem.slug}` has bench cases only: nothing is left without timing")
    return tuple(chosen)


def not_gradable(job: Job) -> str:
    """Why this cannot be graded here at all; empty if it can."""
    if not sys.platform.startswith("linux"):
        return "grading needs Linux (a container or a virtual machine will do)"
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
