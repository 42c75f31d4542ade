"""The submissions of the tree: the folder of each is the verdict that it must get."""

from collections.abc import Iterator
from pathlib import Path

from harness.arena.host import Arena
from harness.errors import UserError
from harness.pipeline import grade
from harness.records import Finding, Grade, Outcome, Policy, Problem, Verdict
from harness.submission import LANGUAGES


def prove_submissions(problem: Problem, arena: Arena) -> Iterator[Finding]:
    found = _submissions(problem)
    if not found:
        words = (
            f"none in submissions/{problem.slug}/<verdict>/: nothing shows that it can be solved"
        )
        yield Finding(about="submissions", outcome=Outcome.NOTE, words=words)
        return
    wrong, unseen = [], []
    for path in found:
        graded = _graded(path, problem, arena)
        if isinstance(graded, str):
            wrong.append(f"{path.parent.name}/{path.name}: {graded}")
        elif graded.verdict is Verdict.NOT_GRADABLE:
            unseen.append(f"{path.parent.name}/{path.name} is not gradable here")
        elif graded.verdict != path.parent.name:
            wrong.append(f"{path.parent.name}/{path.name} is {graded.verdict}: {graded.message}")
    right = len(found) - len(wrong) - len(unseen)
    words = f"{right} of {len(found)} get the verdict of their folder"
    lacking = {"accepted", "wrong_answer"} - {path.parent.name for path in found}
    details = (*wrong, *unseen, *(f"there is no {verdict} one" for verdict in sorted(lacking)))
    outcome = Outcome.FAULT if wrong else Outcome.NOTE if details else Outcome.OK
    yield Finding(about="submissions", outcome=outcome, words=words, details=details)


def _graded(path: Path, problem: Problem, arena: Arena) -> Grade | str:
    try:
        return grade(path, problem, policy=Policy(time=False), arena=arena)
    except UserError as error:  # such as a header that asks for a dtype that there is not
        return str(error)


def _submissions(problem: Problem) -> list[Path]:
    """Beside the folder of the problem, or under the one where we are."""
    beside = problem.path.resolve().parent.parent / "submissions" / problem.slug
    here = Path("submissions") / problem.slug
    folder = beside if beside.is_dir() else here
    verdicts = [folder / verdict for verdict in Verdict]
    return sorted(
        path
        for place in verdicts
        if place.is_dir()
        for path in place.iterdir()
        if path.suffix in LANGUAGES and path.is_file()
    )
