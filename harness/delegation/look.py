"""Whom a submission has work for it, by every means of finding out."""

from harness.candidate import Candidate
from harness.delegation.calls import calls_of_artefact, calls_of_operators, calls_of_source
from harness.delegation.trace import operators_of
from harness.oracle.expect import Oracle
from harness.records import Case, Fell, Limits, Problem, Submission


def calls_of(
    submission: Submission,
    candidate: Candidate,
    problem: Problem,
    case: Case,
    dtype: str,
    oracle: Oracle,
    limits: Limits,
) -> tuple[str, ...]:
    if candidate.artefact is not None:
        return calls_of_artefact(candidate.artefact)
    found = calls_of_source(submission.source)
    opened = candidate.open(0, 0)  # another run: nothing that was judged is watched
    if isinstance(opened, Fell):
        return (*found, _untraced(opened))
    with opened as session:
        operators = operators_of(session, problem, case, dtype, oracle, limits)
    if isinstance(operators, Fell):
        return (*found, _untraced(operators))
    return (*found, *calls_of_operators(operators))


def _untraced(fell: Fell) -> str:
    """Who does not let itself be watched is told as such; no rule names that as allowed."""
    return f"untraced ({fell.message})"
