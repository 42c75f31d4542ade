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
