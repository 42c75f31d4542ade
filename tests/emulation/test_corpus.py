"""The emulation on kernels with one fault each, and on kernels without: what is found, where."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from harness.build import cuda
from harness.records import Built, Language, Limits, Problem, Submission
from harness.sandbox.door import Nursery

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
PLANTED = sorted((CORPUS / "planted").glob("*.cu"))
CLEAN = sorted((CORPUS / "clean").glob("*.cu"))
SCHEDULES = ("forward", "reverse", "random")
KINDS = {1: "race", 2: "divergence", 3: "uninitialised", 4: "bounds", 5: "launch", 6: "trap"}
# what the runtime sees by itself, without the checker
BY_RUNTIME = "divergence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How one schedule ended: in a word, where, and in the finding's own words."""

    word: str
    line: int = 0
    words: str = ""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that plays an artefact under each schedule."""
    program = tmp_path_factory.mktemp("player") / "player"
    subprocess.run(
        [
            "g++",
            "-std=c++20",
            "-Wall",
            "-Wextra",
            "-Werror",
            str(HERE / "player.cpp"),
            "-o",
            program,
        ],
        check=True,
    )
    return program


@pytest.fixture(scope="module")
def table() -> Iterator[list[tuple[str, ...]]]:
    """What was found of what, printed at the end."""
    rows: list[tuple[str, ...]] = []
    yield rows
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    print()
    for row in rows:
        print(
            "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        )


def play(
    player: Path, nursery: Nursery, problem: Problem, path: Path, *, checked: bool
) -> tuple[Played, ...]:
    source = path.read_bytes()
    submission = Submission(
        path=path, source=source, sha256=sha256(source).hexdigest(), language=Language.CPP, flags=()
    )
    built = cuda.build(
        submission, problem, "float32", nursery=nursery, limits=Limits(), checked=checked
    )
    assert isinstance(built, Built), built.message
    done = subprocess.run([player, built.artefact], check=True, capture_output=True, text=True)
    played = [_read(line, built.artefact, path.name) for line in done.stdout.splitlines()]
    assert len(played) == len(SCHEDULES), done.stdout + done.stderr
    return tuple(played)


def _read(line: str, artefact: Path, name: str) -> Played:
    word, _, rest = line.partition(" ")
    if word != "found":
        return Played(word=word, words=rest)
    why, offset, words = rest.split(" ", 2)
    tool = shutil.which("addr2line")
    assert tool is not None
    places = subprocess.run(
        [tool, "-i", "-e", artefact, offset], check=True, capture_output=True, text=True
    ).stdout
    # of functions within functions, the first line that is the kernel writer's own
    found = re.search(rf"{re.escape(name)}:(\d+)", places)
    return Played(word=KINDS[int(why)], line=int(found[1]) if found else 0, words=words)


@pytest.mark.parametrize("path", PLANTED, ids=lambda path: path.stem)
def test_a_planted_fault_is_found(
    player: Path,
    nursery: Nursery,
    doubling: Problem,
    table: list[tuple[str, ...]],
    path: Path,
) -> None:
    """Under each schedule the fault is found for what it is, at a line that has part in it, in
    words that name the kernel, a block and a thread.
    """
    lines = path.read_text().splitlines()
    kind = lines[0].removeprefix("// ").partition(":")[0]
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("// <-")}
    plain = play(player, nursery, doubling, path, checked=False)
    checked = play(player, nursery, doubling, path, checked=True)
    table.append((path.stem, kind, *(end.word for end in plain), *(end.word for end in checked)))
    for end in (*checked, *(plain if kind == BY_RUNTIME else ())):
        assert end.word == kind, end
        assert end.line in marked, end
        assert re.match(r"kernel `\w+`, block \(\d+,\d+,\d+\): thread \(\d+,\d+,\d+\) ", end.words)


@pytest.mark.parametrize("path", CLEAN, ids=lambda path: path.stem)
def test_nothing_is_found_in_a_clean_kernel(
    player: Path,
    nursery: Nursery,
    doubling: Problem,
    table: list[tuple[str, ...]],
    path: Path,
) -> None:
    """An honest kernel is right under each schedule, and nothing is said of it, checked or not."""
    plain = play(player, nursery, doubling, path, checked=False)
    checked = play(player, nursery, doubling, path, checked=True)
    table.append((path.stem, "clean", *(end.word for end in plain), *(end.word for end in checked)))
    assert [end.word for end in (*plain, *checked)] == ["right"] * 6, (plain, checked)


def test_the_corpus_is_large_enough() -> None:
    """There are faults of every kind, and many styles."""
    kinds = {path.read_text().partition(":")[0].removeprefix("// ") for path in PLANTED}
    assert kinds == {"race", "bounds", "uninitialised", "divergence"}
    assert len(PLANTED) >= 25
    assert len(CLEAN) >= 20
