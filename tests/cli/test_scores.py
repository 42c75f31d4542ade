"""`grade scores` and `grade plot` as a user meets them: files in, a table or a document out."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from click.testing import CliRunner, Result

from harness.cli.main import cli
from harness.errors import UserError
from harness.records import Policy, Problem, State, Timing, Verdict
from harness.report.schema import scores_schema
from tests.report.grades import grade_of, timing_of, write_grades


def grade(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def timed(speedup: float, state: State = State.FASTER) -> Timing:
    low, high = speedup / 1.02, speedup * 1.02
    return replace(timing_of(rounds=1), speedup=speedup, ci_low=low, ci_high=high, state=state)


@pytest.fixture(scope="module")
def folder(doubling: Problem, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four problems: quick, unstable, wrong, and one with two attempts."""
    folder = tmp_path_factory.mktemp("scores") / "grades"
    grades = [
        grade_of(doubling, timed(3.0), slug="quick"),
        grade_of(doubling, timed(9.0, State.UNSTABLE), slug="unstable"),
        grade_of(doubling, slug="wrong", verdict=Verdict.WRONG_ANSWER),
        grade_of(doubling, timed(1.3), slug="tried-twice", name="a/x.cpp"),
        grade_of(doubling, slug="tried-twice", name="b/x.cpp", verdict=Verdict.COMPILE_ERROR),
    ]
    write_grades(folder, grades)
    return folder


def test_scores_are_shown_with_how_much_passed(folder: Path) -> None:
    """Every problem, every share, and no mean without the part that it is of."""
    done = grade("scores", folder)
    assert done.exit_code == 0, done.output
    rows = {tuple(line.split()[:3]) for line in done.stdout.splitlines()}
    assert ("quick", "accepted", "3.00x") in rows
    assert ("unstable", "accepted", "9.00x") in rows
    assert ("wrong", "wrong_answer", "-") in rows
    assert ("passed", "62.5", "%") in rows
    assert ("unstable", "25.0", "%") in rows
    said = " ".join(done.stdout.split())
    assert "4 problems, 5 submissions share" in said
    assert "faster than 1x 37.5 % faster than 1.5x 25.0 % faster than 2x 25.0 %" in said
    (mean,) = [line for line in done.stdout.splitlines() if "geometric mean" in line]
    # of 3, 9 and 1.3
    assert mean.startswith("geometric mean 3.27x, 95 % interval 3.")
    assert mean.endswith("of 62.5 % right and timed")
    assert "does not count as 1.0x" in done.stdout
    assert "counts once, by the share of those" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_document_fits_its_schema(folder: Path, tmp_path: Path) -> None:
    """To a file and to standard output the same, as `grade schema scores` promises."""
    done = grade("scores", folder, "--json", "-", "--faster-than", "2", "--faster-than", "1")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(scores_schema())
    jsonschema.validate(document, scores_schema())
    assert json.loads(grade("schema", "scores").stdout) == scores_schema()
    totals = document["totals"]
    assert totals["exceeding"] == [
        {"speedup": 1.0, "share": 0.375},
        {"speedup": 2.0, "share": 0.25},
    ]
    assert (totals["passed"], totals["unstable"], totals["timed"]) == (0.625, 0.25, 0.625)
    by_slug = {each["slug"]: each["submissions"] for each in document["problems"]}
    assert [each["exceeds"] for each in by_slug["quick"]] == [[1.0, 2.0]]
    assert [each["exceeds"] for each in by_slug["unstable"]] == [[]]
    assert [each["passed"] for each in by_slug["tried-twice"]] == [True, False]
    path = tmp_path / "scores.json"
    again = grade("scores", folder, "--json", path, "--faster-than", "1", "--faster-than", "2")
    assert "geometric mean" in again.stdout
    assert json.loads(path.read_text()) == document


def test_nothing_right_has_no_mean(doubling: Problem, tmp_path: Path) -> None:
    """Not 0, not 1: none, in words and in the document."""
    write_grades(tmp_path, [grade_of(doubling, verdict=Verdict.TIME_LIMIT)])
    assert "no geometric mean: nothing was right and timed" in grade("scores", tmp_path).stdout
    totals = json.loads(grade("scores", tmp_path, "--json", "-").stdout)["totals"]
    assert (totals["passed"], totals["speedup"], totals["ci_low"]) == (0.0, None, None)


def test_what_was_not_tried_is_named(doubling: Problem, tmp_path: Path) -> None:
    """A share of its own below the pass rate, which it lowers; and none where there is none."""
    grades = [grade_of(doubling, slug="a", verdict=Verdict.NOT_GRADABLE), grade_of(doubling)]
    write_grades(tmp_path, grades)
    said = " ".join(grade("scores", tmp_path).stdout.split())
    assert "passed 50.0 % not gradable: nothing tried 50.0 %" in said
    write_grades(tmp_path / "tried", grades[1:])
    assert "not gradable" not in grade("scores", tmp_path / "tried").stdout


def test_all_right_and_timed_has_no_remark(doubling: Problem, tmp_path: Path) -> None:
    """Of 49 problems, each right and timed, nothing is said of what failed."""
    write_grades(tmp_path, [grade_of(doubling, timed(2.0), slug=f"p{n}") for n in range(49)])
    assert "what failed" not in grade("scores", tmp_path).stdout


def test_scores_kept_beside_their_grades_are_passed_over(doubling: Problem, tmp_path: Path) -> None:
    """The same command twice, its own output in the folder that it reads: the same scores."""
    write_grades(tmp_path, [grade_of(doubling)])
    first, second = (grade("scores", tmp_path, "--json", tmp_path / "scores.json") for _ in "ab")
    assert second.exit_code == 0, second.exception
    assert first.stdout == second.stdout


def test_what_was_not_measured_alike_is_said(doubling: Problem, tmp_path: Path) -> None:
    """Against different baselines, or not frozen: each way is named."""
    policies = Policy(), Policy(baseline="onednn"), Policy(own=True)
    slugs = "a", "b", "c"
    grades = [
        grade_of(doubling, timed(2.0), slug=slug, policy=policy)
        for slug, policy in zip(slugs, policies, strict=True)
    ]
    write_grades(tmp_path, grades)
    said = " ".join(grade("scores", tmp_path).stdout.split())
    assert "not all was measured alike" in said
    assert "against onednn" in said
    assert "not frozen between turns" in said
    write_grades(tmp_path / "alike", grades[:1])
    assert "alike:" not in grade("scores", tmp_path / "alike").stdout


@pytest.mark.parametrize(
    "words",
    [[], ["{}", "--faster-than", "0"], ["{}", "--faster-than", "nan"], ["{}", "--json", "no/x"]],
)
def test_what_cannot_be_asked_is_a_usage_error(words: Sequence[str], folder: Path) -> None:
    """Exit code 2, before anything is read."""
    done = grade("scores", *(word.format(folder) for word in words))
    assert done.exit_code == 2


@pytest.mark.parametrize("verb", ["scores", "plot"])
def test_what_cannot_be_read_is_the_users_error(verb: str, tmp_path: Path) -> None:
    """Which `grade` ends with 2."""
    (tmp_path / "a.json").write_text("{}")
    done = grade(verb, tmp_path / "a.json")
    assert isinstance(done.exception, UserError)
    assert "a.json: not a grade" in str(done.exception)


@pytest.mark.parametrize("name", [".", "/", ".."])
def test_what_has_no_name_cannot_be_drawn(name: str) -> None:
    """A folder is no grade, and that is what is said of it."""
    done = grade("plot", name)
    assert isinstance(done.exception, UserError)
    assert str(done.exception) == f"{name}: not a file"


def test_a_grade_that_was_kept_can_be_drawn(doubling: Problem, tmp_path: Path) -> None:
    """Beside it, or where it is asked for; what was not timed is an error and no file."""
    grades = [grade_of(doubling, timing_of()), grade_of(doubling)]
    paths = write_grades(tmp_path, grades)
    assert grade("plot", paths[0]).exit_code == 0
    assert grade("plot", paths[0], "-o", tmp_path / "b.svg").exit_code == 0
    text = (tmp_path / "0.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    assert ET.fromstring(text).attrib["aria-label"].startswith("some.cpp: some: ")
    assert "nothing was timed" in str(grade("plot", paths[1]).exception)
    assert not (tmp_path / "1.svg").exists()
