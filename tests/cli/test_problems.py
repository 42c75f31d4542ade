"""`grade problems …` as an author meets it, from an empty folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

KINDS = Path(__file__).parents[1] / "pipeline" / "kinds"


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_from_nothing_to_an_honest_wrong_answer(tmp_path: Path) -> None:
    """A problem begun, proved and answered, all in an empty folder: three commands."""
    begun = run("problems", "new", "row-shift", folder=tmp_path)
    assert begun.returncode == 0, begun.stderr
    checked = run("problems", "check", "row-shift.md", folder=tmp_path)
    assert checked.returncode == 0, checked.stdout
    assert "the problem holds" in checked.stdout
    starter = run("problems", "starter", "row-shift.md", "--language", "torch", folder=tmp_path)
    assert "grade row_shift.py --problem row-shift.md" in starter.stdout
    graded = run("row_shift.py", "--problem", "row-shift.md", "--no-time", folder=tmp_path)
    assert graded.returncode == 1
    assert graded.stdout.startswith("wrong_answer")


def test_a_problem_typed_as_one_file_is_graded(tmp_path: Path) -> None:
    """One Markdown file in an empty folder is a whole problem."""
    shutil.copy(KINDS / "leaky-clamp.md", tmp_path)
    (tmp_path / "mine.py").write_text(
        "def solution(x, y, n, slope):\n"
        "    inside = x.clamp(-1, 1)\n"
        "    y.copy_(inside + slope * (x - inside))\n"
    )
    graded = run("mine.py", "--problem", "leaky-clamp.md", "--no-time", folder=tmp_path)
    assert (graded.returncode, graded.stdout[:8]) == (0, "accepted"), graded.stdout + graded.stderr


def test_a_faulty_problem_exits_2_and_says_all(tmp_path: Path) -> None:
    """Every fault of the file is told with its place, and nothing of ours is shown."""
    text = (KINDS / "leaky-clamp.md").read_text()
    (tmp_path / "bad.md").write_text(
        text.replace("shapes: {x: [n], y: [n]}", "shapes: {x: [k], z: [n]}")
    )
    checked = run("problems", "check", "bad.md", folder=tmp_path)
    assert checked.returncode == 2
    for words in ("bad.md:10:", "`k` is not a scalar", "`z` is not a pointer", "`y` has no shape"):
        assert words in checked.stdout
    assert "Traceback" not in checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("problems", "new", "../up"), "is not a slug"),
        (("problems", "new", "conv-depthwise-separable-2d"), "already"),
        (("problems", "new", "there"), "is there already"),
        (("problems", "new", "fresh", "-o", "no/where.md"), "there is no folder"),
        (("problems", "starter", "nothing"), "no problem `nothing`"),
        (("problems", "show", "there.md", "--case", "huge"), "no case `huge`"),
    ],
)
def test_mistakes_are_told_and_nothing_is_overwritten(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    """A user's mistake exits 2 with what to do, and no file is touched."""
    shutil.copy(KINDS / "leaky-clamp.md", tmp_path / "there.md")
    before = (tmp_path / "there.md").read_bytes()
    done = run(*words, folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["there.md"]
    assert (tmp_path / "there.md").read_bytes() == before


def test_a_dialect_is_fixed_in_place_and_the_change_is_shown(tmp_path: Path) -> None:
    """`check --fix` writes the normal form, shows what it changed, and leaves the rest alone."""
    text = (KINDS / "leaky-clamp.md").read_text()
    path = tmp_path / "leaky-clamp.md"
    path.write_text(
        text.replace("pointer: true, const: true", "pointer: \"True\", constant: 'true'")
    )
    path.chmod(0o640)
    fixed = run("problems", "check", "--fix", path.name, folder=tmp_path)
    assert fixed.returncode == 0, fixed.stdout
    assert '-  - {name: x, type: "[VAR]", pointer: "True", constant: \'true\'}' in fixed.stdout
    assert '+  - {name: x, type: "[VAR]", pointer: true, const: true}' in fixed.stdout
    assert path.read_text() == text
    assert path.stat().st_mode & 0o777 == 0o640
    again = run("problems", "check", "--fix", path.name, folder=tmp_path)
    assert "(fixed)" not in again.stdout


def test_a_case_is_shown_with_every_number(tmp_path: Path) -> None:
    """Sizes, bytes, operations and their ratio, for each dtype of the problem."""
    path = str(KINDS / "banded-matmul.md")
    shown = run("problems", "show", path, "--case", "bench-cpu-1", folder=tmp_path).stdout
    for words in ("n = 128", "128x128", "4194304 operations", "196608 bytes", "98304 bytes"):
        assert words in shown
    for dtype in ("float32", "bfloat16"):
        assert f"\n{dtype}\n" in shown


def test_the_tolerance_is_shown_in_words(tmp_path: Path) -> None:
    """A kernel writer reads how close is close enough."""
    shown = run("problems", "show", str(KINDS / "banded-matmul.md"), folder=tmp_path).stdout
    assert "16 x the reference's own error" in " ".join(shown.split())
    assert "K = n" in shown
