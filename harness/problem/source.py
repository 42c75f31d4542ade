"""The text of files that people write: regular files of a fair size, in UTF-8; and its syntax."""

import ast
import contextlib
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

from harness.errors import UserError

MAX_BYTES = 1 << 20


def read_text(path: Path) -> str:
    """The text of a regular file within the size cap, or a UserError that says what it is."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path}: not a regular file")
        if status.st_size > MAX_BYTES:
            size = status.st_size
            raise UserError(f"{path}: {size} bytes; a problem file has at most {MAX_BYTES}")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError(f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x})") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise UserError(f"{path}:{line}: holds a NUL byte")
    return text.replace("\r\n", "\n")


def parse_module(source: str | bytes) -> ast.Module:
    """Python's tree of it, never run; a SyntaxError in whichever way it cannot be read."""
    with _silence():
        try:
            return ast.parse(source)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or type(error).__name__) from error


def parse_expression(source: str) -> ast.expr:
    with _silence():
        try:
            return ast.parse(source, mode="eval").body
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or type(error).__name__) from error


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """An odd backslash in somebody's file is no warning to whoever reads it."""
    with warnings.catch_warnings(action="ignore"):
        yield
