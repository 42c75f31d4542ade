"""Macros as they are written: where a `#define` ends, and which stand for a word of CUDA's."""

import re

_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:\\\r?\n|.)*$", re.MULTILINE)


def aliases(source: str, word: str) -> set[str]:
    """The word, and macros that stand for it: `#define KERNEL extern "C" __global__`."""
    names = {word}
    for found in _DEFINE.finditer(source):
        text = found.group()
        if re.search(rf"\b{word}\b", text) and "{" not in text and ";" not in text:
            names.add(found.group(1))
    return names


def define_around(source: str, offset: int) -> re.Match[str] | None:
    """The `#define` that this place is in, continued lines and all."""
    begin = source.rfind("\n", 0, offset) + 1
    while begin >= 2 and source[: begin - 1].rstrip("\r").endswith("\\"):
        begin = source.rfind("\n", 0, begin - 1) + 1
    return _DEFINE.match(source, begin)
