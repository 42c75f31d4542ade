"""What people read, machines may read too: a CI log acts on what looks like an order."""

import re
from typing import Any, TextIO

from harness.sandbox.box import printable

# GitHub obeys `::order::` where a line begins, spaces aside, and `##[order]` anywhere; others know
# `##vso[` and `##teamcity[`
_AT_LINE_START = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_ANYWHERE = re.compile(r"##(?=\w*\[)")
_COLOUR = r"\x1b\[[0-9;]*m"
_CONTROL = re.compile(rf"({_COLOUR})|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """The same to the eye, and no order to anybody."""
    return _ANYWHERE.sub("# #", _AT_LINE_START.sub(r"\1: ", text))


def harmless_json(text: str) -> str:
    """The same document, and plain text that orders nothing."""
    return _ANYWHERE.sub(r"#\\u0023", text).replace("\x7f", r"\u007f")


def on_one_line(text: str) -> str:
    """A name, whoever gave it: without line ends, and without what nobody sees."""
    return " ".join(printable(text).split())


class Harmless:
    """A stream through which nothing gets that could act: wrapped lines and our own errors too."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        safe = text
        if not self._stream.isatty():  # on a terminal our own spinner moves the cursor
            safe = _CONTROL.sub(lambda found: found[1] or "", safe)
        self._stream.write(harmless(safe))  # last: what is taken out may have stood before an order
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
