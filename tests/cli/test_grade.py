"""`grade` as a user meets it: a real command, real files, real exit codes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
SLUG = "conv-depthwise-separable-2d"
SUBMISSIONS = ROOT / "submissions" / SLUG
NAIVE = SUBMISSIONS / "accepted" / "naive.cpp"
WRONG = SUBMISSIONS / "wrong_answer" / "swaps_padding.cpp"


def grade(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *map(str, words)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def timed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one grade with a timing was written, in each way."""
    folder = tmp_path_factory.mktemp("timed")
    written = ("--json", "grade.json", "--plot", "grade.svg")
    done = grade(NAIVE, "--case", "mnv1-1024-1024-7", "--budget", "0.2", *written, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def timed(timed_folder: Path) -> dict[str, Any]:
    """The same, as JSON."""
    document: dict[str, Any] = json.loads((timed_folder / "grade.json").read_text())
    return document


def test_an_accepted_submission_exits_zero_from_an_empty_folder(tmp_path: Path) -> None:
    """`grade submission.cpp --problem SLUG` needs nothing but the file, and ends with 0."""
    shutil.copy(NAIVE, tmp_path / "submission.cpp")
    done = grade("submission.cpp", "--problem", SLUG, "--no-time", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"accepted  submission.cpp on {SLUG}")


def test_a_wrong_answer_exits_one_and_its_replay_line_fails_the_same_way(tmp_path: Path) -> None:
    """The line that a failure prints, pasted, repeats it and keeps its tensors."""
    done = grade(WRONG, "--no-time", cwd=tmp_path)
    assert done.returncode == 1
    worst = re.search(r"worst at \[[^]]*\]: got [^,]*,", " ".join(done.stdout.split()))
    replay = next(line for line in done.stdout.splitlines() if "--seed" in line).split()
    again = grade(*replay[1:], cwd=tmp_path)
    assert again.returncode == 1
    assert worst is not None
    assert worst[0] in " ".join(again.stdout.split())
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {
        "got.output.npy",
        "expected.output.npy",
        "input.input.npy",
        "input.depthwise_kernel.npy",
        "input.pointwise_kernel.npy",
    }


def test_the_json_of_a_timed_grade_fits_the_published_schema(
    timed: dict[str, Any], tmp_path: Path
) -> None:
    """What `--json` writes is what `grade schema` promises."""
    schema = json.loads(grade("schema", cwd=tmp_path).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(timed, schema)
    rounds = [launch["rounds"] for launch in timed["timing"][0]["launches"]]
    assert len(rounds) >= 3  # five, unless the machine is too busy for them
    assert all(rounds)


def test_a_timed_grade_can_be_drawn(timed_folder: Path, timed: dict[str, Any]) -> None:
    """`--plot` writes a picture of every round, with the file, the case and the interval."""
    figure = ET.fromstring((timed_folder / "grade.svg").read_text())
    (timing,) = timed["timing"]
    rounds = sum(len(launch["rounds"]) for launch in timing["launches"])
    marks = [
        mark
        for group in figure.iter("{http://www.w3.org/2000/svg}g")
        if group.get("class") in {"first", "second", "own"}
        for mark in group
    ]
    assert len(marks) == 3 * rounds
    said = re.match(
        rf"naive\.cpp: mnv1-1024-1024-7: ([0-9.]+)x, {timing['state']}, 95 % interval ",
        figure.attrib["aria-label"],
    )
    assert said is not None
    assert float(said[1]) == pytest.approx(timing["speedup"], abs=0.005)


def test_what_was_not_timed_is_not_drawn(tmp_path: Path) -> None:
    """A wrong answer has no picture: no file, and a sentence that says why."""
    done = grade(WRONG, "--tier", "test", "--plot", "grade.svg", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "grade.svg was not written: nothing was timed" in done.stdout
    assert not list(tmp_path.iterdir())


def test_what_was_not_measured_is_null(tmp_path: Path) -> None:
    """Without timing there is no speedup, rather than a speedup of 0 or 1."""
    done = grade(NAIVE, "--no-time", "--tier", "sample", "--json", "-", cwd=tmp_path)
    document = json.loads(done.stdout)
    score = document["score"]
    assert (score["speedup"], score["ci_low"], score["state"]) == (None, None, None)
    assert score["correct"] is True
    assert document["timing"] == []
    assert document["cases"][0]["planned"] == document["cases"][0]["checked"] > 0


def test_piped_output_is_plain_and_fits_eighty_columns(tmp_path: Path) -> None:
    """No escape sequence and no table line beyond 80 columns when nobody looks."""
    done = grade(WRONG, "--no-time", "-v", cwd=tmp_path)
    assert "\x1b" not in done.stdout
    long = [line for line in done.stdout.splitlines() if len(line) > 80 and "--seed" not in line]
    assert not long


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nowhere.cpp", "--problem", SLUG], 2, "nowhere.cpp: cannot be read"),
        (["kernel.txt", "--problem", SLUG], 2, "a submission ends in .cpp"),
        (["kernel.cpp"], 2, "for which problem?"),
        (["kernel.cpp", "--problem", "conv-depthwise-separabel-2d"], 2, f"did you mean {SLUG}?"),
        (["kernel.cpp", "--problem", SLUG, "--case", "nope"], 2, "has no case `nope`"),
        (["kernel.cpp", "--problem", SLUG, "--dtype", "float99"], 2, "has no dtype float99"),
        (["kernel.cpp", "--problem", SLUG, "--threads", "9999"], 2, "this machine lets us use"),
        (["kernel.cpp", "--problem", SLUG, "--seed", "x"], 2, "--case"),
        (["kernel.cpp", "--problem", SLUG, "--frobnicate"], 2, "No such option"),
        (["kernel.cpp", "--plot", "a.svg", "--no-time"], 2, "--plot draws a timing"),
        (["kernel.cpp", "--plot", "no/a.svg"], 2, "--plot no/a.svg: not a file in an existing"),
        (["kernel.cpp", "--plot", "a", "--json", "./a"], 2, "name the same file"),
        (["kernel.cpp", "--plot", "loop.svg"], 2, "--plot loop.svg: Too many levels of"),
        (["kernel.cpp", "--json", "long" * 99], 2, "File name too long"),
        (["kernel.cpp", "--budget", "nan"], 2, "nan is no finite number"),
        (["kernel.cpp", "--half-width", "nan"], 2, "nan is no finite number"),
        (["kernel.cpp", "--min-speedup", "inf"], 2, "inf is no finite number"),
        (["kernel.cpp", "--reward", ""], 2, "'': write speedups above 0"),
        (["kernel.cu", "--problem", SLUG, "--device", "cuda"], 5, "--device emulated checks it"),
        (["kernel.cpp", "--problem", SLUG, "--device", "cuda"], 5, "no device `cuda`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_what_cannot_be_done_says_so_without_a_stack_trace(
    words: Sequence[str], code: int, says: str, tmp_path: Path
) -> None:
    """Each mistake has its exit code and a sentence; none shows Python's insides."""
    for name in ("kernel.cpp", "kernel.txt", "kernel.cu"):
        (tmp_path / name).write_text("// nothing\n")
    (tmp_path / "loop.svg").symlink_to("loop.svg")
    done = grade(*words, cwd=tmp_path)
    told = done.stdout + done.stderr
    assert done.returncode == code, told
    assert says in " ".join(told.split())
    assert "Traceback" not in told


def test_a_gate_that_is_missed_exits_four(tmp_path: Path) -> None:
    """`--min-speedup` tests the interval's lower end, and a naive kernel misses it."""
    done = grade(
        NAIVE, "--case", "mnv1-1024-1024-7", "--budget", "0.2", "--min-speedup", "50", cwd=tmp_path
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "gate missed" in done.stdout


def test_a_file_named_like_a_verb_is_gradable(tmp_path: Path) -> None:
    """`grade run FILE` takes any name, so no submission is out of reach."""
    folder = tmp_path / "problems"
    folder.mkdir()
    shutil.copy(NAIVE, tmp_path / "run")
    done = grade("run", "run", "--problem", SLUG, cwd=tmp_path)
    assert "run: a submission ends in" in done.stderr
    shutil.copy(NAIVE, tmp_path / "schema.cpp")
    words = ("run", "schema.cpp", "--problem", SLUG, "--problems", ROOT / "problems", "--no-time")
    assert grade(*words, "--tier", "sample", cwd=tmp_path).returncode == 0


def test_an_unwritable_json_file_is_an_error_with_its_path(tmp_path: Path) -> None:
    """A grade that could not be written is not passed over in silence."""
    (tmp_path / "taken").write_text("a file, not a folder")
    words = (NAIVE, "--no-time", "--tier", "sample", "--json", "taken/grade.json")
    done = grade(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "taken/grade.json" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_stopped_grade_leaves_at_once_and_writes_no_result(
    number: signal.Signals, tmp_path: Path
) -> None:
    """Ctrl-C and SIGTERM end with 130, a word, and no half-written file."""
    words = [str(SUBMISSIONS / "time_limit" / "endless_loop.cpp"), "--json", "grade.json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli.main", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # it is under way once it has borne a child of its own
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not children.read_text():
        assert process.poll() is None
    process.send_signal(number)
    _, told = process.communicate()
    assert process.returncode == 130
    assert "stopped" in told
    assert not list(tmp_path.iterdir())


def test_the_library_grades_as_the_command_does(tmp_path: Path) -> None:
    """`from harness import grade, load_problem` is the same judge."""
    code = (
        "from harness import grade, load_problem\n"
        "import harness.pipeline\n"
        "from harness import grade as again\n"
        "assert grade is again and callable(again)\n"
        f"problem = load_problem({SLUG!r})\n"
        "from harness.records import Policy, Tier\n"
        f"result = grade({str(WRONG)!r}, problem, policy=Policy(time=False, tier=Tier.TEST))\n"
        "print(result.verdict)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "wrong_answer\n"
