"""The door to compilers: what they leave is read with care, and where a crash lies is told."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.build.toolchain import find_compiler, locate, read_artefact
from harness.errors import ToolError
from harness.records import Built, Limits
from harness.sandbox.door import Nursery

if TYPE_CHECKING:
    from tests.build.conftest import Build


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    """What a compiler left is read whole, up to the cap itself."""
    (tmp_path / "out").write_bytes(b"12345")
    assert read_artefact(tmp_path / "out", 5) == b"12345"


def _symlink(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def _too_large(path: Path) -> None:
    path.write_bytes(b"x" * 101)


def _nothing(_: Path) -> None:
    """Leave no file at all."""


@pytest.mark.parametrize("leave", [_symlink, os.mkfifo, os.mkdir, _too_large, _nothing])
def test_anything_else_is_refused(tmp_path: Path, leave: Callable[[Path], None]) -> None:
    """A link, a FIFO, a folder, too much or nothing is an error, and reading it never hangs."""
    leave(tmp_path / "out")
    with pytest.raises(ToolError):
        read_artefact(tmp_path / "out", 100)


def test_a_missing_compiler_says_how_to_get_one() -> None:
    """A compiler that is not there is an error that names it and what to install."""
    with pytest.raises(ToolError, match=r"g\+\+-no-such.*install"):
        find_compiler("g++-no-such")


def test_an_address_is_told_as_a_line(build: "Build", tools: Nursery) -> None:
    """An offset inside `solution` is told as the writer's own file, line and function."""
    source = "\n\nvoid solution(const VAR* x, VAR* y, size_t n)\n{ y[n] = x[n]; }\n"
    built = build(source, "where.cpp")
    assert isinstance(built, Built)
    offset = _offset_of("solution", built.artefact)
    place = locate(tools, built.artefact, offset, limits=Limits())
    assert place in {"where.cpp:3 in solution", "where.cpp:4 in solution"}


def test_an_address_of_nothing_is_not_told(build: "Build", tools: Nursery) -> None:
    """An offset that lies in no line gives no place rather than a guess."""
    built = build("void solution(const VAR* x, VAR* y, size_t n) {}")
    assert isinstance(built, Built)
    assert not locate(tools, built.artefact, 0, limits=Limits())
    assert not locate(tools, built.artefact, 1 << 40, limits=Limits())


def _offset_of(symbol: str, artefact: Path) -> int:
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", artefact], capture_output=True, text=True, check=True
    ).stdout
    (line,) = (line for line in listed.splitlines() if line.split()[-1] == symbol)
    return int(line.split()[0], 16)
