"""A submission as it is read: bytes, language, and what its own first lines ask for."""

import hashlib
import os
import re
import stat
from pathlib import Path

from harness.errors import UserError
from harness.records import Language, Submission

MAX_BYTES = 1 << 20
LANGUAGES = {
    ".cpp": Language.CPP,
    ".cc": Language.CPP,
    ".c": Language.C,
    ".cu": Language.CUDA,
    ".py": Language.PYTHON,
}
_HEADER = re.compile(r"^\s*(?://|#|\*)\s*grade:\s*(.*?)\s*(?:\*/)?\s*$", re.MULTILINE)
_HEADER_LINES = 40
_KEYS = ("problem", "dtype", "device")


def read_submission(path: Path) -> Submission:
    """The file as a Submission, or a UserError that says what it is instead."""
    language = LANGUAGES.get(path.suffix)
    if language is None:
        raise UserError(f"{path}: a submission ends in {', '.join(LANGUAGES)}")
    source = _read(path)
    asked = _header(path, source)
    return Submission(
        path=path,
        source=source,
        sha256=hashlib.sha256(source).hexdigest(),
        language=language,
        problem=asked.get("problem"),
        dtype=asked.get("dtype"),
        device=asked.get("device"),
    )


def _read(path: Path) -> bytes:
    try:
        # a FIFO must not hang us, and what is checked must be what is read
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path}: not a regular file")
        if status.st_size > MAX_BYTES:
            raise UserError(f"{path}: {status.st_size} bytes; a submission has at most {MAX_BYTES}")
        source = file.read(MAX_BYTES)
    if not source.strip():
        raise UserError(f"{path}: the file is empty")
    return source


def _header(path: Path, source: bytes) -> dict[str, str]:
    """`# grade: problem=… dtype=…` from the first lines."""
    head = "\n".join(source.decode("utf-8", "replace").splitlines()[:_HEADER_LINES])
    asked: dict[str, str] = {}
    for line in _HEADER.findall(head):
        for word in line.split():
            key, equals, value = word.partition("=")
            if not equals or key not in _KEYS or not value:
                raise UserError(
                    f"{path}: `grade: {line}` cannot be read at `{word}`;"
                    f" write {'=… '.join(_KEYS)}=…"
                )
            asked[key] = value
    return asked
