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
_HEADER = re.compile(r"^[ \t]*(?://|#|/?\*)[ \t]*grade:(.*)$", re.MULTILINE)
_HEADER_LINES = 40
_KEYS = ("problem", "dtype", "device", "flags")
# what a kernel may say of its own arithmetic and code; nothing of what is read, linked or loaded
FLAGS = (
    "-O1", "-O2", "-O3", "-Os", "-ffast-math", "-fno-math-errno", "-fno-trapping-math",
    "-fno-signed-zeros", "-ffinite-math-only", "-fassociative-math", "-freciprocal-math",
    "-funsafe-math-optimizations", "-ffp-contract=fast", "-ffp-contract=off", "-funroll-loops",
    "-fno-unroll-loops", "-fno-tree-vectorize", "-fno-strict-aliasing",
    "-mprefer-vector-width=128", "-mprefer-vector-width=256", "-mprefer-vector-width=512",
)  # fmt: skip


def read_submission(path: Path) -> Submission:
    """The file as a Submission, or a UserError that says what it is instead."""
    language = LANGUAGES.get(path.suffix)
    if language is None:
        raise UserError(f"{path}: a submission ends in {', '.join(LANGUAGES)}")
    source = _read(path)
    asked = _header(path, source)
    flags = _flags(path, language, asked.get("flags", ""))
    return Submission(
        path=path,
        source=source,
        sha256=hashlib.sha256(source).hexdigest(),
        language=language,
        problem=asked.get("problem"),
        dtype=asked.get("dtype"),
        device=asked.get("device"),
        flags=flags,
    )


def _read(path: Path) -> bytes:
    try:
        # a FIFO must not hang us, and what is checked must be what is read
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UserError(f"{path}: not a regular file")
            if status.st_size > MAX_BYTES:
                size = status.st_size
                raise UserError(f"{path}: {size} bytes; a submission has at most {MAX_BYTES}")
            source = file.read(MAX_BYTES)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from error
    if not source.strip():
        raise UserError(f"{path}: the file is empty")
    return source


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _header(path: Path, source: bytes) -> dict[str, str]:
    """`# grade: problem=… dtype=…` from the first lines."""
    head = "\n".join(source.decode("utf-8-sig", "replace").splitlines()[:_HEADER_LINES])
    asked: dict[str, str] = {}
    for found in _HEADER.findall(head):
        line = found.strip().removesuffix("*/").strip()
        for word in line.split():
            key, equals, value = word.partition("=")
            if not equals or key not in _KEYS or not value:
                raise UserError(
                    f"{path}: `grade: {line}` cannot be read at `{word}`;"
                    f" write {'=… '.join(_KEYS)}=…"
                )
            asked[key] = value
    return asked


def _flags(path: Path, language: Language, asked: str) -> tuple[str, ...]:
    flags = tuple(flag for flag in asked.split(",") if flag)
    if flags and language not in {Language.C, Language.CPP}:
        raise UserError(f"{path}: `grade: flags=` is for C and C++")
    for flag in flags:
        if flag not in FLAGS:
            raise UserError(
                f"{path}: `grade: flags=` may not ask for `{flag}`; it may for {', '.join(FLAGS)}"
            )
    return flags
