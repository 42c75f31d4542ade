"""The house stands as it is drawn: imports go down, and torch stays in its basement."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "harness"
# one floor a row, the ground first; a room may import what is below it, and its own
FLOORS = (
    ("dtypes",),
    ("records",),
    ("errors", "disk", "closing"),
    ("machine", "cards", "submission", "problem", "emulation"),
    ("sandbox", "device"),
    ("build", "arena"),
    ("candidate", "oracle", "interpreter"),
    ("clock", "delegation"),
    ("job",),
    ("timed", "emulated", "plan"),
    ("pipeline",),
    ("proof", "drafting"),
    ("report",),
    ("cli",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
TORCH_ROOMS = {
    "arena/authored.py", "arena/operators.py", "arena/runner.py", "arena/ways.py",
    *(f"arena/tracing/{name}.py" for name in (
        "bench", "formulas", "loading", "main", "ranges", "reductions", "subject", "symbols")),
    *(f"emulation/triton/{name}.py" for name in ("ahead", "card", "launches", "library", "trial")),
}  # fmt: skip
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    """A module imports its own room and rooms on lower floors, never up and never sideways."""
    room = room_of(path)
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] != "harness" or len(parts) == 1:
            continue
        other = parts[1]
        if other == room:
            continue
        assert other in FLOOR, f"{name} is no room of the house"
        assert FLOOR[other] < FLOOR[room], f"{room} (floor {FLOOR[room]}) imports {name}"


def test_every_room_has_a_floor() -> None:
    """The drawing in this test names every room that exists, and no other."""
    assert {room_of(path) for path in SOURCES} == set(FLOOR)


def test_torch_is_imported_by_the_python_runner_alone() -> None:
    """Only what runs in a runner's process imports torch, so the judge never loads it."""
    found = {
        str(path.relative_to(PACKAGE))
        for path in SOURCES
        if any(name.split(".")[0] == "torch" for name in imports_of(path))
    }
    assert found == TORCH_ROOMS


@pytest.mark.parametrize(
    "words",
    [["--help"], ["run", "--help"], ["problems", "list"], ["schema"], ["machine", "--help"]],
    ids=" ".join,
)
def test_quick_commands_load_no_torch(words: list[str]) -> None:
    """`grade --help`, `grade problems list` and the like answer without torch."""
    code = (
        "import sys\n"
        "from harness.cli.main import main\n"
        f"sys.argv = ['grade', *{words!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as left:\n    assert left.code == 0, left.code\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_completion_loads_neither_torch_nor_numpy() -> None:
    """Shell completion of options and problem names stays light."""
    code = (
        "import os, sys\n"
        "os.environ.update(_GRADE_COMPLETE='bash_complete', COMP_CWORD='3',\n"
        "                  COMP_WORDS='grade x.cpp --problem conv')\n"
        "from harness.cli.main import cli\n"
        "try:\n    cli.main(prog_name='grade')\n"
        "except SystemExit:\n    pass\n"
        "assert not {'torch', 'numpy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "conv-depthwise-separable-2d" in done.stdout


def test_every_dependency_is_used_in_production() -> None:
    """What pyproject.toml asks users to install is imported by the package itself."""
    modules = {"pyyaml": "yaml", "python-frontmatter": "frontmatter", "ml-dtypes": "ml_dtypes"}
    used = {name.split(".")[0] for path in SOURCES for name in imports_of(path)}
    for requirement in metadata.requires("harness") or ():
        if "extra ==" in requirement:
            continue
        name = requirement.split(">")[0].strip().lower()
        assert modules.get(name, name) in used, f"{name} is not used"


def test_no_clock_is_read_that_can_be_turned() -> None:
    """The judge measures and waits by the monotonic clock: a change of date moves no verdict."""
    turned = {"time.time", "time.time_ns", "time.clock_gettime"}
    assert turned >= set(names_in("import time\nbegan = time.time()"))
    for path in SOURCES:
        names = set(names_in(path.read_text()))
        assert not names & turned, path
        assert not any(name.startswith("datetime") for name in imports_of(path)), path


def names_in(source: str) -> Iterator[str]:
    """Attributes that are read, as `module.name`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def test_files_stay_small() -> None:
    """No module grows beyond what is read in one sitting."""
    long = {
        str(path.relative_to(PACKAGE)): count
        for path in SOURCES
        if (count := len(path.read_text().splitlines())) > 400
    }
    assert not long


def test_stages_have_no_broad_excepts() -> None:
    """Only the tops of what runs authors' code, of the nursery and of the command line do."""
    broad = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                name = getattr(node.type, "id", None)
                if node.type is None or name in {"Exception", "BaseException"}:
                    broad.add(str(path.relative_to(PACKAGE)))
    assert broad == {
        "arena/authored.py", "arena/runner.py", "arena/tracing/subject.py", "cli/main.py",
        "emulation/triton/interpreted.py", "emulation/triton/trial.py", "sandbox/nursery.py",
    }  # fmt: skip
