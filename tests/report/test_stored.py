"""Documents are read as strictly as they are written, and a fault is named by file and place."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.clock.scores import Answer
from harness.errors import UserError
from harness.records import Policy, Problem, State, Tier, Verdict
from harness.report.plot import heading_of, render_plot
from harness.report.schema import machine_schema, scores_schema
from harness.report.stored import SHOWN, read_grade, read_grades
from tests.report.grades import grade_of, timing_of, write_grades

Document = dict[str, Any]


@pytest.fixture(scope="module")
def kept(doubling: Problem, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One grade with two timings, as it was written."""
    timings = timing_of(rounds=3), replace(timing_of(seed=2, rounds=3), case="other")
    folder = tmp_path_factory.mktemp("kept")
    (path,) = write_grades(folder, [grade_of(doubling, *timings)])
    return path


@pytest.fixture
def document(kept: Path) -> Document:
    read: Document = json.loads(kept.read_text())
    return read


def written(document: Any, tmp_path: Path) -> Path:
    path = tmp_path / "grade.json"
    path.write_text(json.dumps(document))
    return path


def test_what_was_written_is_read(doubling: Problem, tmp_path: Path) -> None:
    """Score, verdict, and every round; so that it is drawn like the grade itself."""
    grade = grade_of(doubling, timing_of(), slug="one", name="folder/two.cpp")
    stored = read_grade(write_grades(tmp_path, [grade])[0])
    assert stored.answer == Answer(problem="one", verdict=grade.verdict, score=grade.score)
    assert (stored.submission.path, stored.dtype) == ("folder/two.cpp", "float32")
    heading = heading_of(file="two.cpp", problem="one", dtype="float32", threads=1, machine="x")
    assert render_plot(heading, stored.timing) == render_plot(heading, grade.timing)


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_read(doubling: Problem, tmp_path: Path, verdict: Verdict) -> None:
    """Also of what failed, where there is no speedup."""
    grade = grade_of(doubling, verdict=verdict)
    stored = read_grade(write_grades(tmp_path, [grade])[0])
    assert stored.verdict is verdict
    assert stored.score == grade.score


def _at(*keys: str | int, value: Any = None) -> Callable[[Document], None]:
    """Put something else there; None takes it away."""

    def change(document: Document) -> None:
        place: Any = document
        for key in keys[:-1]:
            place = place[key]
        if value is None:
            del place[keys[-1]]
        else:
            place[keys[-1]] = value

    return change


ROUND = ("timing", 0, "launches", 1, "rounds", 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_at("schema"), "not a grade that --json wrote"),
        (_at("schema", value="machine/1"), "not a grade that --json wrote"),
        (_at("schema", value=["grade/1"]), "not a grade that --json wrote"),
        (_at("schema", value="grade/2"), "a document of grade/2; this reads grade/1"),
        (_at("verdict"), "verdict is missing"),
        (_at("verdict", value="great"), "verdict is none of accepted, wrong_answer"),
        (_at("verdict", value=["accepted"]), "verdict is none of accepted"),
        (_at("problem", value="some"), "problem is not an object"),
        (_at("problem", "slug", value=5), "problem.slug is not text"),
        (_at("policy", "own", value="no"), "policy.own is not true or false"),
        (_at("policy", "threads", value=1.5), "policy.threads is not a whole number"),
        (_at("policy", "threads", value=True), "policy.threads is not a whole number"),
        (_at("score", "passed"), "score.passed is missing"),
        (_at("score", "speedup", value="2x"), "score.speedup is not a number"),
        (_at("score", "speedup", value=10**400), "score.speedup is too large a number"),
        (_at("score", "ci_low", value=99.0), "score has an interval that does not hold"),
        (_at("score", "ci_low", value=-1.0), "score has an interval that does not hold"),
        (_at("timing", value={}), "timing is not a list"),
        (_at("timing", 1, "ci_high", value=0.1), "timing[1] has an interval that does not"),
        (_at("timing", 1, "aa", value=0), "timing[1] holds no measurement"),
        (_at("timing", 0, "launches", value=[]), "timing[0] holds no measurement"),
        (_at("timing", 0, "launches", 1, "rounds", value=[]), "launches[1] holds no times"),
        (_at(*ROUND, "again_ns"), "timing[0].launches[1].rounds[2].again_ns is missing"),
        (_at(*ROUND, "again_ns", value=0), "timing[0].launches[1] holds no times, or none"),
        (_at(*ROUND, "again_ns", value=1e300), "timing[0].launches[1] holds no times, or"),
        (_at(*ROUND, "processor_ns", value=[1.0, 2.0]), "processor_ns has 2 items, not 3"),
        (_at(*ROUND, "processor_ns", value=[1.0, 2.0, 0]), "launches[1] holds no times, or"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named(
    document: Document, tmp_path: Path, change: Callable[[Document], None], says: str
) -> None:
    """File, place, and what it should have been."""
    change(document)
    path = written(document, tmp_path)
    with pytest.raises(UserError) as caught:
        read_grade(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)


def test_half_a_speedup_is_none(document: Document, tmp_path: Path) -> None:
    """A number without its interval is not taken."""
    document["score"]["ci_high"] = None
    with pytest.raises(UserError, match="score has a part of a speedup only"):
        read_grade(written(document, tmp_path))


def test_what_is_not_known_is_passed_over(document: Document, tmp_path: Path) -> None:
    """Later versions may add, anywhere."""
    document["new"] = document["timing"][0]["new"] = document["score"]["new"] = {"a": 1}
    assert read_grade(written(document, tmp_path)).score.correct


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON: Expecting value"),
        ("{", "not JSON: Expecting property name"),
        ('{"schema": NaN}', "not JSON: NaN is no number"),
        ("[" * 100_000, "not JSON: maximum recursion"),
        ("[]", "not a JSON object"),
        ("\xff", "not JSON"),
        ("9" * 5000, "not JSON"),
    ],
    ids=str.__len__,
)
def test_what_is_no_document_is_told(text: str, says: str, tmp_path: Path) -> None:
    """Whatever a file holds, it is one sentence."""
    path = tmp_path / "grade.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError) as caught:
        read_grade(path)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["nowhere.json", ".", "/dev/null"])
def test_what_is_no_file_is_told(name: str, tmp_path: Path) -> None:
    """Nothing, a folder, a device."""
    with pytest.raises(UserError, match="not a file"):
        read_grade(tmp_path / name)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(data=st.data())
@settings(
    max_examples=40, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_whatever_stands_anywhere_it_is_read_or_told(
    kept: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Any value in any place: a grade that can be drawn, or a sentence; never a stack trace."""
    document = json.loads(kept.read_text())
    place: Any = document
    while True:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(junk)
    path = written(document, tmp_path)
    with suppress(UserError):
        stored = read_grade(path)
        heading = heading_of(file="a", problem="b", dtype="c", threads=1, machine="d")
        assert render_plot(heading, stored.timing)


# ---- several ------------------------------------------------------------------------------------


def test_folders_and_files_are_read_once(doubling: Problem, tmp_path: Path) -> None:
    """All below a folder, in order, and none twice, however it was named."""
    inside = tmp_path / "a"
    grades = [grade_of(doubling, slug=slug) for slug in ("one", "two")]
    first = write_grades(inside, grades)
    third = write_grades(inside / "b", [grade_of(doubling, slug="three")])
    (inside / "notes.txt").write_text("no grade")
    found = read_grades([third[0], inside, first[1], inside / "." / "0.json"])
    assert [grade.problem.slug for _, grade in found] == ["three", "one", "two"]
    assert [path for path, _ in found] == [third[0], *first]


@pytest.mark.parametrize("schema", [scores_schema(), machine_schema()], ids=["scores", "machine"])
def test_other_documents_are_passed_over_in_a_folder(
    doubling: Problem, tmp_path: Path, schema: Document
) -> None:
    """What else `--json` writes is no fault beside grades; by name, or alone, it is."""
    (path,) = write_grades(tmp_path / "grades", [grade_of(doubling)])
    other = path.with_name("other.json")
    other.write_text(json.dumps({"schema": schema["properties"]["schema"]["const"]}))
    assert [found for found, _ in read_grades([path.parent])] == [path]
    with pytest.raises(UserError, match=f"{other}: not a grade"):
        read_grades([path.parent, other])
    path.unlink()
    with pytest.raises(UserError, match=f"{path.parent}: no grade in there"):
        read_grades([path.parent])


def test_what_cannot_be_reached_is_told(doubling: Problem, tmp_path: Path) -> None:
    """A link to itself, alone or in a folder, and a name that no file can have: a sentence each."""
    write_grades(tmp_path, [grade_of(doubling)])
    loop = tmp_path / "loop.json"
    loop.symlink_to(loop)
    for path in (loop, tmp_path, tmp_path / ("long" * 99)):
        with pytest.raises(UserError, match=r"cannot be read|not a file") as caught:
            read_grades([path])
        assert str(caught.value).startswith(str(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_closed_folder_is_told(tmp_path: Path) -> None:
    """What lies in a folder that one may not enter."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    with pytest.raises(UserError, match="cannot be read: Permission denied"):
        read_grades([closed / "grade.json"])


def test_all_faults_are_told_at_once(doubling: Problem, tmp_path: Path) -> None:
    """Each with its file; and not without end."""
    (good,) = write_grades(tmp_path, [grade_of(doubling)])
    (tmp_path / "empty").mkdir()
    bad = [tmp_path / f"bad{number}.json" for number in range(SHOWN + 5)]
    for path in bad:
        path.write_text("{}")
    with pytest.raises(UserError) as caught:
        read_grades([good, *bad[:2], tmp_path / "empty"])
    lines = str(caught.value).splitlines()
    assert {line.partition(": ")[0] for line in lines} == {*map(str, bad[:2]), f"{tmp_path}/empty"}
    with pytest.raises(UserError) as caught:
        read_grades(bad)
    assert str(caught.value).splitlines()[SHOWN:] == ["and 5 more"]


def test_several_submissions_to_one_problem_are_welcome(doubling: Problem, tmp_path: Path) -> None:
    """And one submission under several conditions."""
    grades = [
        grade_of(doubling, name="one.cpp"),
        grade_of(doubling, name="two.cpp"),
        grade_of(doubling, name="two.cpp", policy=Policy(baseline="onednn")),
        replace(grade_of(doubling, name="two.cpp"), dtype="float16"),
    ]
    found = read_grades(write_grades(tmp_path, grades))
    assert len({grade.conditions for _, grade in found}) == 3


def test_an_opponent_is_what_it_holds(document: Document, tmp_path: Path) -> None:
    """The same path with something else in it is another opponent; another path to it is none."""

    def conditions(against: str, sha256: str | None) -> str:
        document["policy"] |= {"against": against, "against_sha256": sha256}
        return read_grade(written(document, tmp_path)).conditions

    first, second = "1" * 64, "2" * 64
    assert conditions("a.cpp", first) != conditions("a.cpp", second)
    assert conditions("a.cpp", first) == conditions("b/a.cpp", first)
    assert conditions("a.cpp", None) != conditions("b.cpp", None)
    del document["policy"]["against_sha256"]  # as it was written before
    assert "against b.cpp" in read_grade(written(document, tmp_path)).conditions


def test_who_was_graded_twice_does_not_choose(doubling: Problem, tmp_path: Path) -> None:
    """The same bytes, graded again under the same conditions: one of them has to go."""
    grades = [grade_of(doubling), grade_of(doubling)]
    paths = write_grades(tmp_path, grades)
    with pytest.raises(UserError, match=f"{paths[1]}: the same submission to some as in") as caught:
        read_grades(paths)
    assert str(paths[0]) in str(caught.value)


def test_versions_of_a_problem_are_not_mixed(doubling: Problem, tmp_path: Path) -> None:
    """What is called the same and asks something else is another problem."""
    changed = replace(doubling, sha256="0" * 64)
    grades = [grade_of(doubling), grade_of(changed, name="b.cpp")]
    with pytest.raises(UserError, match="another version of the problem some than in"):
        read_grades(write_grades(tmp_path, grades))


@pytest.mark.parametrize(
    "policy", [Policy(case="odd"), Policy(tier=Tier.SAMPLE), Policy(case="odd", seed="normal-1")]
)
def test_a_part_of_a_grade_is_no_answer(doubling: Problem, tmp_path: Path, policy: Policy) -> None:
    """Who chose the cases could have chosen the easy ones."""
    with pytest.raises(UserError, match="a grade of some cases only"):
        read_grades(write_grades(tmp_path, [grade_of(doubling, policy=policy)]))


def test_an_unstable_grade_is_read_as_such(doubling: Problem, tmp_path: Path) -> None:
    """The state that was written is the state that counts."""
    unstable = replace(timing_of("quiet"), state=State.UNSTABLE)
    stored = read_grade(write_grades(tmp_path, [grade_of(doubling, unstable)])[0])
    assert stored.answer.is_unstable
