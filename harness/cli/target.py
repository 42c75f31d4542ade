"""Files that a command is told to write: asked for before it works, written after."""

import os
from contextlib import suppress
from pathlib import Path

import click


def json_target(name: str | None) -> Path | None:
    """Where the JSON goes, if into a file."""
    return None if name is None or name == "-" else file_target("--json", name)


def file_target(option: str, name: str) -> Path:
    """Where something goes; that it can go there is asked before anything is graded."""
    path = Path(name)
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.stat()  # tells of a folder one may not enter, and of a link to itself
        folder = path.resolve().parent
        if path.is_dir() or not folder.is_dir():
            raise click.UsageError(f"{option} {name}: not a file in an existing folder")
        if not os.access(path if path.exists() and not path.is_file() else folder, os.W_OK):
            raise click.UsageError(f"{option} {name}: it may not be written")
    except OSError as error:
        raise click.UsageError(f"{option} {name}: {error.strerror}") from error
    return path


def write(path: Path, text: str) -> None:
    from harness.disk import write_atomically
    from harness.errors import HarnessError

    try:
        if path.exists() and not path.is_file():  # a pipe or a device: it cannot be replaced
            path.write_text(text)
        else:
            write_atomically(path.resolve(), text.encode())
    except OSError as error:
        raise HarnessError(f"{path}: {error.strerror}") from error
