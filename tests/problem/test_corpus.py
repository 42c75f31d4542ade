"""Inputs that fuzzing found worth keeping: each loads, or its author is told, as before."""

from pathlib import Path

import pytest

from harness.errors import UserError
from harness.problem.missing import missing_to_grade
from harness.problem.normalise import normalise
from harness.problem.remarks import remarks
from harness.problem.spec import read_problem

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.txt"))


def test_the_corpus_is_there_and_small() -> None:
    """A handful of files that cost nothing to replay."""
    assert 10 <= len(CORPUS) <= 40
    assert sum(path.stat().st_size for path in CORPUS) <= 50_000


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_it_is_read_or_refused_as_its_name_says(path: Path) -> None:
    """The name of the file says what became of it when it was found."""
    text = path.read_bytes().decode(errors="replace")
    assert normalise(normalise(text)) == normalise(text)
    if path.stem.startswith("loaded"):
        problem = read_problem(path)
        list(remarks(problem))
        missing_to_grade(problem)
    else:
        with pytest.raises(UserError):
            read_problem(path)
