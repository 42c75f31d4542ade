"""`grade --isolation` and `grade doctor` as a user meets them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.arena.host import Arena
from harness.errors import SandboxError
from harness.pipeline import grade
from harness.records import Policy

ROOT = Path(__file__).parents[2]
SLUG = "conv-depthwise-separable-2d"
NAIVE = ROOT / "submissions" / SLUG / "accepted" / "naive.cpp"


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "harness.cli.main", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=os.environ)


WHERE_REFUSED = """
import json, sys
from harness.sandbox import filter as seccomp, kernel
seccomp.DENIED.update(json.loads(sys.argv.pop(1)))
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
kernel.install_filter(seccomp.program(is_alone=True, affinity=True))
from harness.cli.main import main
main()
"""
NO_LANDLOCK = {"landlock_create_ruleset": 444}


def where_refused(refused: dict[str, int], *words: str | Path) -> subprocess.CompletedProcess[str]:
    """The command as in a container: behind a filter that refuses namespaces, and what is given."""
    argv = [sys.executable, "-c", WHERE_REFUSED, json.dumps(refused), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=os.environ)


@pytest.mark.parametrize("name", ["naive.cpp", "functional.py"])
@pytest.mark.parametrize(("refused", "level"), [({}, 2), (NO_LANDLOCK, 1)], ids=["2", "1"])
def test_lower_levels_grade_as_well(name: str, refused: dict[str, int], level: int) -> None:
    """Where walls are refused an honest kernel passes all the same, and the loss is told."""
    source = ROOT / "submissions" / SLUG / "accepted" / name
    done = where_refused(refused, "run", source, "--no-time", "--tier", "sample")
    assert done.returncode == 0, done.stdout
    assert f"sandbox level {level} of 3; missing: namespaces" in " ".join(done.stdout.split())


def test_lower_levels_are_no_strict_ones() -> None:
    """A strict grade below the highest level is exit code 3, with what is missing."""
    done = where_refused({}, "run", NAIVE, "--no-time", "--isolation", "strict")
    assert done.returncode == 3
    assert "sandbox level 2 of 3; missing: namespaces" in done.stderr


def test_off_is_told(tmp_path: Path) -> None:
    """Without walls a grade says so, in a line and property by property."""
    target = tmp_path / "grade.json"
    done = command(NAIVE, "--no-time", "--tier", "sample", "--isolation", "off", "--json", target)
    assert done.returncode == 0, done.stderr
    assert "its walls were turned off" in done.stdout
    document = json.loads(target.read_text())
    assert document["policy"]["isolation"] == "off"
    assert document["sandbox"]["level"] == 1
    assert document["sandbox"]["properties"]["file_read"]["holds"] is False


@pytest.fixture
def weak() -> Arena:
    """As on a machine where no wall can be had."""
    return Arena(has_walls=False)


def test_strict_refuses_what_is_weak(weak: Arena) -> None:
    """Below the highest level a strict grade is a fault of the machine, with its mend."""
    with weak, pytest.raises(SandboxError, match="--isolation strict: sandbox level 1"):
        grade(NAIVE, SLUG, policy=Policy(time=False, isolation="strict"), arena=weak)


def test_strict_grades_where_all_walls_stand() -> None:
    """At the highest level a strict grade is like any other; below it, exit code 3."""
    done = command(NAIVE, "--no-time", "--tier", "sample", "--isolation", "strict", "-v")
    if done.returncode == 3:
        assert "--isolation strict: sandbox level" in done.stderr
        assert "missing" in done.stderr
    else:
        assert done.returncode == 0
        assert "sandbox level 3" in done.stdout


def test_the_doctor_prints_a_document() -> None:
    """`grade doctor --json` tells level, properties and attacks; its exit code sums up."""
    done = command("doctor", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == (0 if document["is_well"] else 1)
    assert {attack["door"] for attack in document["attacks"]} == {"program", "module"}
    assert document["is_well"] or document["missing"] or document["attacks"]


def test_the_doctor_prints_a_table() -> None:
    """`grade doctor` shows each attack in a line that a narrow screen holds."""
    done = command("doctor")
    assert "read a file" in done.stdout
    assert "sandbox level" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
