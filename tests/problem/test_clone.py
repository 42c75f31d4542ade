"""
A whole collection's history, read from the user's own clone: $GRADE_TENSARA names a checkout or a
bare repository of it. Nothing of such a collection is kept here, so without one this is skipped.
"""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.problem.catalogue import gradable
from harness.problem.normalise import normalise
from harness.problem.spec import read_problem

CLONE = os.environ.get("GRADE_TENSARA")
pytestmark = pytest.mark.skipif(CLONE is None, reason="GRADE_TENSARA names no clone to read")


def _git(*words: str, given: str = "") -> bytes:
    command = ["git", "-C", str(CLONE), *words]
    return subprocess.run(command, input=given.encode(), capture_output=True, check=True).stdout


def _contents(names: list[str]) -> Iterator[bytes]:
    data, position = _git("cat-file", "--batch", given="\n".join(names)), 0
    for _ in names:
        end = data.index(b"\n", position)
        size = int(data[position:end].split()[-1])
        yield data[end + 1 : end + 1 + size]
        position = end + 1 + size + 1


def test_every_version_of_every_problem_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each distinct Markdown file of all branches loads, and what it lacks is told with blocks."""
    lines = _git("rev-list", "--objects", "--all").decode().splitlines()
    blobs = [line.split(" ", 1) for line in lines if line.endswith(".md")]
    answers: Counter[str] = Counter()
    for number, ((_, place), data) in enumerate(
        zip(blobs, _contents([name for name, _ in blobs]), strict=True)
    ):
        path = tmp_path / str(number) / f"top/{place}"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        try:
            problem = read_problem(path)
        except UserError as error:
            answers[f"refused: {error}"] += 1
            continue
        answers["with parameters" if problem.params else "without"] += 1
        with pytest.raises(UserError, match="can be shown but not graded"):
            gradable(problem)
        text = normalise(data.decode())
        assert normalise(text) == text
        path.write_text(text)
        assert read_problem(path).params == problem.params
    with capsys.disabled():
        print(f"\n{len(blobs)} versions of Markdown files: {dict(answers)}")
    assert answers.keys() == {"with parameters", "without"}


def test_parameters_beside_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At the head, each problem has parameters where its text or its `def.py` gives some."""
    places = _git("ls-tree", "-r", "--name-only", "HEAD").decode().splitlines()
    wanted = [place for place in places if place.endswith(("/problem.md", "/def.py"))]
    for place, data in zip(wanted, _contents([f"HEAD:{place}" for place in wanted]), strict=True):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found = 0
    for path in sorted(tmp_path.rglob("problem.md")):
        definition = path.with_name("def.py")
        says = definition.is_file() and "\n    parameters = [" in definition.read_text()
        params = read_problem(path).params
        assert params or not says, path
        found += says
    with capsys.disabled():
        print(f"\n{found} problems whose def.py lists parameters")
    assert found
