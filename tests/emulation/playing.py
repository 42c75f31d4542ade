"""Kernels of the corpus, played here: under each schedule, each in a process of its own."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from harness.build import cuda
from harness.records import Built, Language, Limits, Problem, Submission
from harness.sandbox.door import Nursery

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
PLANTED = sorted((CORPUS / "planted").glob("*.cu"))
CLEAN = sorted((CORPUS / "clean").glob("*.cu"))
SCHEDULES = ("forward", "reverse", "random")
KINDS = {1: "race", 2: "divergence", 3: "uninitialised", 4: "bounds", 5: "launch", 6: "trap"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How one schedule ended: in a word, where, and in the finding's own words."""

    word: str
    line: int = 0
    words: str = ""


def build_player(folder: Path) -> Path:
    """The program that plays an artefact under each schedule."""
    program = folder / "player"
    command = ["g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", str(HERE / "player.cpp")]
    subprocess.run([*command, "-o", program], check=True)
    return program


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
