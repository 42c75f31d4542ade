"""
Triton kernels without a GPU, as the judge sees them: can they be judged here, on which cases, and
what did a compiler say that knows a card?
"""

import os
from dataclasses import dataclass

from harness.arena.host import Arena
from harness.arena.session import Session
from harness.arena.wire import LAUNCHES_BYTES, Op
from harness.build import triton as compiler
from harness.emulation.triton import versions
from harness.problem.cases import EMULATED
from harness.problem.shapes import ShapeError, arguments_of, labelled, scope_of
from harness.records import (
    BuildFailed,
    Case,
    Fell,
    Gate,
    Limits,
    Problem,
    Submission,
    Tier,
)

TRIAL_MODULE = "harness.emulation.triton.trial"
COMPILER_MODULE = "harness.emulation.triton.ahead"
# the interpreter does some thousands of operations a second, each on a block
MAX_ELEMENTS, MAX_FLOPS = 40_000, 150_000
MAX_DRAWS = 2  # of a case
_OK = b"ok"
_OWN_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """What came of trying out the Triton that is installed; empty if all is well."""

    trouble: str

    def close(self) -> None:
        """Nothing is held."""


def trouble(arena: Arena) -> str:
    """Why no Triton kernel can be judged here; empty if they can."""
    if words := versions.trouble():
        return words
    failed = arena.keep(TRIAL_MODULE, lambda: _Trial(trouble=_tried(arena))).trouble
    if not failed:
        return ""
    return (
        f"Triton {versions.installed()} as it is installed here fails our trial of its"
        f" interpreter ({failed}): {versions.MEND}"
    )


def _tried(arena: Arena) -> str:
    result = os.memfd_create("trial", os.MFD_CLOEXEC)
    try:
        with arena.bear_interpreted(TRIAL_MODULE, result, _OWN_LIMITS) as box:
            ended = box.wait(_OWN_LIMITS.load_s)
        words = os.pread(result, compiler.REPORT_BYTES, 0)
    finally:
        os.close(result)
    if ended is None:
        return "it takes too long"
    return "" if words == _OK else words.decode(errors="replace") or f"it ended with {ended}"


# ---- which cases ----------------------------------------------------------------------------


def cases_of(problem: Problem, cases: tuple[Case, ...], dtype: str) -> tuple[Case, ...]:
    """Those that are emulated: a problem's own, or what is small enough of all."""
    own = tuple(case for case in problem.cases if case.device == EMULATED)
    if own:
        return own
    return tuple(case for case in cases if _is_small(problem, case, dtype))


def _is_small(problem: Problem, case: Case, dtype: str) -> bool:
    if case.tier is Tier.BENCH:
        return False
    try:
        elements = sum(each.count for each in arguments_of(problem, case, dtype))
        flops = (
            labelled("flops", problem.flops, scope_of(problem.let, case)) if problem.flops else 0
        )
    except ShapeError:  # it is told when the case is looked at
        return True
    return elements <= MAX_ELEMENTS and flops <= MAX_FLOPS


def remark(left_out: int) -> str:
    """What an accepted one is worth."""
    words = (
        "emulated by Triton's interpreter: every access within bounds, no program in another's way"
    )
    if left_out:
        words += f"; {left_out} larger case{'s were' if left_out > 1 else ' was'} left out"
    return f"{words}; nothing is said of its speed, and a card may still differ"


# ---- what was launched, compiled ------------------------------------------------------------


def launches_of(session: Session, limits: Limits) -> bytes | Fell:
    """What the runner noted: told by a stranger's process, for a stranger's compiler only."""
    noted = os.memfd_create("launches", os.MFD_CLOEXEC)
    try:
        done = session.ask(Op.LAUNCHES, descriptors=[noted], timeout_s=limits.call_s)
        return done if isinstance(done, Fell) else os.pread(noted, LAUNCHES_BYTES, 0)
    finally:
        os.close(noted)


def pass_gate(
    submission: Submission, launches: bytes, arch: str, arena: Arena, limits: Limits
) -> Gate | BuildFailed:
    nursery = arena.importing("torch", COMPILER_MODULE)
    return compiler.compile_ahead(
        submission, launches, arch, nursery=nursery, module=COMPILER_MODULE, limits=limits
    )
