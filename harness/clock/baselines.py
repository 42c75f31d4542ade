"""
What a candidate is measured against: PyTorch, asked in one way or another, or another submission.

Whatever is not the reference as it is written is first checked like a candidate, on a draw of the
case that is timed: what is quick and wrong is no baseline.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from harness.arena.host import Arena
from harness.arena.session import Session
from harness.arena.wire import Style
from harness.candidate import Candidate, Open
from harness.errors import NoBaseline
from harness.oracle.check import Check, check_case
from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle
from harness.records import Case, Fell, Limits, Problem, Verdict

EAGER, COMPILE, BEST = "eager", "compile", "best"
STYLES = {
    EAGER: Style.REFERENCE,
    "channels_last": Style.CHANNELS_LAST,
    "onednn": Style.ONEDNN,
    COMPILE: Style.COMPILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    name: str
    open: Open
    open_null: Open  # the judge's own empty kernel, in a runner of its kind
    returns: bool  # its result is copied out after its clock has stopped
    is_reference: bool  # as it is written: its own errors are known


@dataclass(frozen=True, slots=True, kw_only=True)
class PyTorch:
    """Whom the baselines of one grade are had from."""

    problem: Problem
    arena: Arena
    threads: int
    limits: Limits
    compiled: Mapping[str, bytes | Fell]  # by case, if that is wanted at all

    def asked(self, name: str, case: Case) -> Baseline:
        """For one case; that it is right is for `require_right` to say."""
        reference = self.problem.reference
        assert reference is not None
        source, file = reference.module, reference.path.name
        if name == COMPILE:
            made = self.compiled[case.name]
            if isinstance(made, Fell):
                raise NoBaseline(name, f"case `{case.name}`", made.message)
            source, file = made, "compiled.pt2"
        opener = partial(_open, self.arena, source, file, STYLES[name], self.threads, self.limits)
        return Baseline(
            name=name,
            open=opener,
            open_null=opener,
            returns=True,
            is_reference=name == EAGER,
        )


def _open(
    arena: Arena,
    source: bytes,
    name: str,
    style: Style,
    threads: int,
    limits: Limits,
    nursery: int,
    heap_bytes: int,
) -> Session | Fell:
    return arena.open_python(
        source,
        name=name,
        style=style,
        threads=threads,
        limits=limits,
        nursery=nursery,
        heap_bytes=heap_bytes,
    )


def of_submission(name: str, candidate: Candidate, reference: Baseline) -> Baseline:
    return Baseline(
        name=name,
        open=candidate.open,
        # in Python it is the reference's runner, not called: a stranger could slow its own
        open_null=candidate.open_null or reference.open_null,
        returns=False,
        is_reference=False,
    )


def require_right(
    baseline: Baseline, problem: Problem, case: Case, dtype: str, oracle: Oracle, limits: Limits
) -> None:
    """What is timed against must be right itself."""
    if baseline.is_reference:
        return
    opened = baseline.open(0, 0)
    if isinstance(opened, Fell):
        raise NoBaseline(baseline.name, f"case `{case.name}`", opened.message)
    with opened as session:
        check = Check(problem=problem, dtype=dtype, oracle=oracle, session=session, limits=limits)
        result, _ = check_case(check, case, (Seed.fresh("normal"),))
    if result.verdict is not Verdict.ACCEPTED:
        raise NoBaseline(baseline.name, f"case `{case.name}`", result.message)
