"""The one door for writing files that others read: whole or not there at all."""

import contextlib
import fcntl
import functools
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """A reader sees the old file, or the new one, or none: never a half, whenever we are killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, mode)
        nameless = True
    except OSError:  # a file system without nameless files
        descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode)
        nameless = False
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if nameless:
                # a directory descriptor, though unused, makes Python ask linkat to follow the link
                link = functools.partial(
                    os.link, f"/proc/self/fd/{file.fileno()}", src_dir_fd=file.fileno()
                )
                try:
                    link(path)
                    return
                except FileExistsError:
                    link(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)  # still there only if something went wrong


@contextlib.contextmanager
def locked(path: Path, *, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Alone with this file among all processes; first told, if somebody else has it."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def cache_root() -> Path:
    """`$GRADE_CACHE`, else the user's cache folder."""
    if given := os.environ.get("GRADE_CACHE"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "grade"
