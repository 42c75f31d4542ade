"""A machine that fails for real: no compiler, no room, a helper that died."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.sandbox import processes

COMMAND = (sys.executable, "-m", "harness.cli.main")
GRADE = ("doubles.cpp", "--problem", "small.md", "--no-time")


def grade(
    desk: Path, *words: str | Path, before: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, *COMMAND, *map(str, words or GRADE)],
        cwd=desk, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def in_small_folder(folder: Path, options: str) -> tuple[str, ...]:
    """Before a command: a tiny file system on a folder, in a mount namespace of its own."""
    mount = f'mount -t tmpfs -o {options} none {folder} && exec "$@"'
    words = ("unshare", "--mount", "sh", "-c", mount, "sh")
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("no mount can be made on this machine")
    return words


def assert_failed(done: subprocess.CompletedProcess[str], says: str) -> None:
    assert done.returncode == 3, done.stdout + done.stderr
    assert says in done.stderr
    assert "accepted" not in done.stdout
    assert "Traceback" not in done.stderr
    assert "grade: the harness failed" in done.stderr


def test_a_missing_compiler_is_told_with_its_mend(desk: Path) -> None:
    """Without g++ nothing is said of the submission, and the package is named."""
    assert_failed(grade(desk, PATH="/nowhere"), "apt-get install g++")


def test_a_cache_that_cannot_be_is_told_by_its_name(desk: Path) -> None:
    """A cache below something that is no folder is the machine's fault."""
    assert_failed(grade(desk, GRADE_CACHE="/dev/null/cache"), "/dev/null/cache")


def test_a_full_cache_is_no_verdict(desk: Path) -> None:
    """A build that cannot be kept for want of room says where there is none."""
    cache = desk / "cache"
    cache.mkdir()
    before = in_small_folder(cache, "size=16k")
    assert_failed(grade(desk, before=before, GRADE_CACHE=str(cache)), "No space left on device")


def test_a_full_disk_gets_no_half_of_a_result(desk: Path) -> None:
    """A result that does not fit is not there at all, and its verdict is not told either."""
    folder = desk / "results"
    folder.mkdir()
    script = (
        "head -c 4096 /dev/zero > results/full;"
        ' "$@" --json results/grade.json; code=$?; ls -A results; exit $code'
    )
    before = (*in_small_folder(folder, "size=4k"), "sh", "-c", script, "sh")
    done = grade(desk, before=before)
    assert_failed(done, "No space left on device")
    assert done.stdout == "full\n"  # neither a verdict nor a file


@pytest.mark.parametrize("words", [(), ("--json", "-")], ids=["table", "json"])
def test_a_verdict_that_cannot_be_told_is_none(desk: Path, words: tuple[str, ...]) -> None:
    """When standard output is full, the exit code does not say `accepted`."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, *GRADE, *words], cwd=desk, env=os.environ, stdout=full,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "No space left on device" in done.stderr


@pytest.fixture
def endless(desk: Path) -> Iterator["subprocess.Popen[str]"]:
    """A grade that is under way, with a stranger in it who never answers."""
    words = [*COMMAND, "loops.cpp", *GRADE[1:], "--json", "grade.json"]
    with subprocess.Popen(
        words, cwd=desk, env=os.environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_a_killed_nursery_is_no_verdict(desk: Path, endless: "subprocess.Popen[str]") -> None:
    """When the helper that bears strangers is killed, the stranger is not blamed for it."""
    while not (killed := [n for n in processes.children(endless.pid) if processes.children(n)]):
        assert endless.poll() is None
    for nursery in killed:
        os.kill(nursery, 9)
    out, told = endless.communicate()
    assert endless.returncode == 3, out + told
    assert "helper process" in told
    assert "accepted" not in out
    assert not (desk / "grade.json").exists()
