"""
As much Markdown as finding a title and a block needs: headings and fenced blocks.

What looks like a heading inside a block of code is code. Lines count from 1, as in an editor.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)")
_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})([^`\n]*)")


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    title: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code; `end_line` is None where no fence ends it."""

    fence: str
    info: str  # what stands behind the opening fence: the language, as a rule
    source: str
    line: int
    end_line: int | None

    @property
    def is_python(self) -> bool:
        words = re.findall(r"\w+", self.info.lower())
        return bool(words) and words[0] in {"python", "py", "python3"}


Outline = tuple[Heading | Block, ...]


def outline(text: str, first_line: int = 1) -> Outline:
    """The headings and the blocks of a text, in their order; in time linear in the text."""
    return tuple(_parts(text, first_line))


def _parts(text: str, first_line: int) -> Iterator[Heading | Block]:
    lines = text.split("\n")
    position = 0
    while position < len(lines):
        line = lines[position]
        if fence := _FENCE.fullmatch(line.rstrip()):
            end = _closing(lines, position + 1, fence[2])
            inside = lines[position + 1 : end]
            yield Block(
                fence=fence[2],
                info=fence[3].strip(),
                source="".join(_outdented(code, len(fence[1])) + "\n" for code in inside),
                line=first_line + position,
                end_line=None if end is None else first_line + end,
            )
            position = len(lines) if end is None else end
        elif heading := _HEADING.fullmatch(line):
            title = re.sub(r"[ \t]+#+$", "", heading[2].rstrip()).strip()
            yield Heading(len(heading[1]), title, first_line + position)
        position += 1


def _closing(lines: list[str], begin: int, fence: str) -> int | None:
    """The line that holds nothing but a fence of that kind, at least as long."""
    for position in range(begin, len(lines)):
        found = _FENCE.fullmatch(lines[position].rstrip())
        if found and found[2].startswith(fence) and not found[3]:
            return position
    return None


def _outdented(line: str, columns: int) -> str:
    """A block whose fence stands further right does so as a whole."""
    blank = len(line) - len(line.lstrip(" "))
    return line[min(blank, columns) :]
