"""Files that others read: whole or not there at all."""

import os
import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.disk import cache_root, write_atomically


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """A disk that is full after `size` bytes: for this process, any file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_written_with_its_folders(tmp_path: Path) -> None:
    """Missing folders are made, and nothing else."""
    path = tmp_path / "some" / "folder" / "file.bin"
    write_atomically(path, b"\x00data")
    assert path.read_bytes() == b"\x00data"
    assert _names(path.parent) == ["file.bin"]


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755])
def test_the_mode_is_what_was_asked_for(tmp_path: Path, mode: int) -> None:
    """Less what the umask takes, on the first write and on the next."""
    old = os.umask(0o022)
    try:
        for data in (b"one", b"two"):
            write_atomically(tmp_path / "file", data, mode=mode)
            assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode
    finally:
        os.umask(old)


def test_an_old_file_is_replaced_and_no_litter_left(tmp_path: Path) -> None:
    """The new one is another file: who has the old one open still reads the old one."""
    path = tmp_path / "file"
    write_atomically(path, b"a long old content")
    with path.open("rb") as reader:
        write_atomically(path, b"new")
        assert reader.read() == b"a long old content"
    assert path.read_bytes() == b"new"
    assert _names(tmp_path) == ["file"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """On a full disk: the old content, no half, no litter."""
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with _largest_file(1024), pytest.raises(OSError, match="File too large"):
        write_atomically(path, b"x" * 5000)
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["file"]


def test_a_first_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """On a full disk: no file at all."""
    with _largest_file(1024), pytest.raises(OSError, match="File too large"):
        write_atomically(tmp_path / "file", b"x" * 5000)
    assert _names(tmp_path) == []


def test_a_folder_in_the_way_is_an_error_and_leaves_no_litter(tmp_path: Path) -> None:
    """What cannot be replaced stays, and the new file does not stay beside it."""
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        write_atomically(tmp_path / "file", b"new")
    assert _names(tmp_path) == ["file"]


def test_a_reader_never_sees_a_half(tmp_path: Path) -> None:
    """While one thread writes, every read gives one of the contents, whole."""
    path = tmp_path / "file"
    contents = [bytes([letter]) * 300_000 for letter in b"ab"]
    write_atomically(path, contents[0])
    done = threading.Event()
    seen: list[bytes] = []

    def write() -> None:
        for turn in range(30):
            write_atomically(path, contents[turn % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        seen.append(path.read_bytes())
    writer.join()
    assert seen
    assert all(content in contents for content in seen)


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({"GRADE_CACHE": "/given", "XDG_CACHE_HOME": "/xdg"}, "/given"),
        ({"GRADE_CACHE": "", "XDG_CACHE_HOME": "/xdg"}, "/xdg/grade"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/grade"),
        ({"HOME": "/home/me"}, "/home/me/.cache/grade"),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": ""}, "/home/me/.cache/grade"),
    ],
)
def test_the_cache_is_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], root: str
) -> None:
    """Our own variable, then the desktop's, then the home folder; empty means not given."""
    for name in ("GRADE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_root() == Path(root)
