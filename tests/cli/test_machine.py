"""`grade machine` as a user meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest


def grade(*words: str | Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """On one core: half the work, and the same program."""
    core = min(os.sched_getaffinity(0))
    return subprocess.run(
        [sys.executable, "-c", ON_ONE_CORE, str(core), *map(str, words)],
        env={**os.environ, "GRADE_CACHE": str(cache), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


ON_ONE_CORE = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv.pop(1))})
from harness.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("measured")


@pytest.fixture(scope="module")
def first(cache: Path) -> subprocess.CompletedProcess[str]:
    """The one measurement: some seconds, and more where others are busy."""
    return grade("machine", "--json", cache / "first.json", cache=cache)


def test_what_was_measured_is_a_table_and_a_document(
    first: subprocess.CompletedProcess[str], cache: Path
) -> None:
    """Within 80 columns; and as `grade schema machine` promises."""
    assert first.returncode == 0, first.stderr
    assert max(map(len, first.stdout.splitlines())) <= 80
    for word in ("L1", "memory", "float32", "float64", "add"):
        assert word in first.stdout
    document = json.loads((cache / "first.json").read_text())
    jsonschema.validate(document, json.loads(grade("schema", "machine", cache=cache).stdout))


def test_a_machine_is_measured_once(first: subprocess.CompletedProcess[str], cache: Path) -> None:
    """The second time the same figures, from what was kept."""
    assert first.returncode == 0, first.stderr
    again = grade("machine", "--json", "-", cache=cache)
    assert json.loads(again.stdout) == json.loads((cache / "first.json").read_text())


def test_a_file_that_cannot_be_written_is_told_before_anything_is_measured(cache: Path) -> None:
    """Nobody waits half a minute for a typing error."""
    done = grade("machine", "--again", "--json", "nowhere/at/all.json", cache=cache)
    assert done.returncode == 2
    assert "not a file in an existing folder" in done.stderr
