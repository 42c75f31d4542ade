"""
A problem proved: it can be read, its text and its formulas agree, its reference runs, nobody is
right without computing, and the submissions of the tree get their verdicts.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from harness import machine
from harness.arena.host import Arena
from harness.errors import ReferenceFailed, UserError
from harness.oracle.expect import Oracle, memory_needed
from harness.problem.catalogue import load_problem
from harness.problem.missing import missing_to_grade
from harness.problem.remarks import remarks
from harness.problem.shapes import ShapeError, arguments_of
from harness.proof.lazy import prove_lazy
from harness.proof.prose import disagreements, shapes_told
from harness.proof.reference import prove_inputs_matter, prove_reference
from harness.proof.submissions import prove_submissions
from harness.proof.work import prove_bytes, prove_flops
from harness.records import Finding, Limits, Outcome, Problem, Proof

Tell = Callable[[Finding], None]


def prove(
    name: str | Path, *, arena: Arena, problems: Path | None = None, tell: Tell = lambda _: None
) -> Proof:
    """Look at everything that can be looked at; one fault does not hide the next, where it can."""
    try:
        problem = load_problem(name, problems=problems)
    except UserError as error:
        first, *rest = str(error).splitlines()
        fault = Finding(about="file", outcome=Outcome.FAULT, words=first, details=tuple(rest))
        tell(fault)
        return Proof(name=str(name), problem=None, findings=(fault,))
    findings = []
    for finding in _findings(problem, arena):
        tell(finding)
        findings.append(finding)
    return Proof(name=str(name), problem=problem, findings=tuple(findings))


def _findings(problem: Problem, arena: Arena) -> Iterator[Finding]:
    yield _read(problem)
    if noticed := tuple(remarks(problem)):
        yield Finding(about="file", outcome=Outcome.NOTE, words=noticed[0], details=noticed[1:])
    yield _prose(problem)
    if missing := missing_to_grade(problem):
        words = "it can be shown, not graded; it still needs"
        details = "\n\n".join(missing).splitlines()
        yield Finding(about="complete", outcome=Outcome.FAULT, words=words, details=tuple(details))
        return
    sizes = _sizes(problem)
    yield sizes
    if sizes.outcome is Outcome.FAULT:
        return
    try:
        oracle = Oracle(arena, problem, limits=Limits())
    except ReferenceFailed as failed:
        first, *rest = str(failed).splitlines()
        yield Finding(about="reference", outcome=Outcome.FAULT, words=first, details=tuple(rest))
        return
    try:
        yield from _with_reference(problem, oracle, arena)
    finally:
        oracle.close()


def _with_reference(problem: Problem, oracle: Oracle, arena: Arena) -> Iterator[Finding]:
    for finding in prove_reference(problem, oracle):
        yield finding
        if finding.about == "reference" and finding.outcome is Outcome.FAULT:
            return  # everything below would only say so again
    looks = {"inputs": prove_inputs_matter, "lazy": prove_lazy, "flops": prove_flops}
    for about, look in looks.items():
        try:
            yield look(problem, oracle)
        except ReferenceFailed as failed:
            first, *rest = str(failed).splitlines()
            yield Finding(about=about, outcome=Outcome.FAULT, words=first, details=tuple(rest))
            oracle.module.reopen()
    yield prove_bytes(problem)
    yield from prove_submissions(problem, arena)


def _read(problem: Problem) -> Finding:
    words = (
        f"{len(problem.params)} parameters, {len(problem.cases)} cases, {', '.join(problem.dtypes)}"
    )
    return Finding(about="file", outcome=Outcome.OK, words=words)


def _prose(problem: Problem) -> Finding:
    wrong = tuple(disagreements(problem))
    if wrong:
        words = "the text and `shapes` differ"
        return Finding(about="text", outcome=Outcome.FAULT, words=words, details=wrong)
    told = shapes_told(problem)
    if not told:
        words = "it tells no shape in a form that can be compared: Tensor `x` of shape $(N)$"
        return Finding(about="text", outcome=Outcome.NOTE, words=words)
    words = f"{told} shapes in it agree with `shapes`"
    return Finding(about="text", outcome=Outcome.OK, words=words)


def _sizes(problem: Problem) -> Finding:
    """By shape: what runs here must fit here; what is for a card is only counted."""
    too_large, cards = [], []
    available = min(machine.memory_available_bytes(), Limits().memory_bytes)
    for case in problem.cases:
        try:
            arguments = arguments_of(problem, case, problem.dtypes[0])
        except ShapeError as error:
            too_large.append(f"case `{case.name}`: {error}")
            continue
        if case.device == "cuda":
            total = sum(argument.nbytes for argument in arguments)
            cards.append(f"`{case.name}` {total / 1e9:.2g} GB")
        elif (needed := memory_needed(arguments)) > available:
            too_large.append(
                f"case `{case.name}` needs about {needed / 1e9:.1f} GB,"
                f" and {available / 1e9:.1f} GB may be used here"
            )
    if too_large:
        words = "cases that do not fit"
        return Finding(about="sizes", outcome=Outcome.FAULT, words=words, details=tuple(too_large))
    words = "every case fits in memory"
    if cards:
        words += f"; for CUDA, by shape and bytes only: {', '.join(cards)}"
    return Finding(about="sizes", outcome=Outcome.OK, words=words)
