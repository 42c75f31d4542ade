"""
C++ cut into tokens, as far as the emulation needs it: where comments, strings and numbers are, and
which brackets belong together. Nothing is expanded, so a macro is read as it is written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>  (?: \s | \\\r?\n )+ | //(?:[^\\\n]|\\(?:.|\n))* | /\*.*?(?:\*/|\Z) )
  | (?P<string> (?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
              | (?:u8|[uUL])?"(?:[^"\\\n]|\\.)*"  | (?:u8|[uUL])?'(?:[^'\\\n]|\\.)*' )
  | (?P<number> \.?[0-9](?:[eEpP][+-]|'[0-9a-zA-Z]|[\w.])* )
  | (?P<name>   [^\W\d]\w* )
  | (?P<sign>   <<< | :: | -> | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_OPENS = {close: open_ for open_, close in _CLOSES.items()}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # "string", "number", "name" or "sign"
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokens_of(source: str) -> tuple[Token, ...]:
    """Everything but space and comments."""
    return tuple(_read(source))


def _read(source: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(source):
        kind = "string" if found.lastgroup == "mark" else found.lastgroup
        if kind is not None and kind != "space":
            yield Token(kind, found.group(), found.start())


def line_of(source: str, offset: int) -> int:
    return source.count("\n", 0, offset) + 1


def closing(tokens: tuple[Token, ...], at: int) -> int | None:
    """The bracket that closes the one at this index; None where the file ends first."""
    depth = 0
    for index in range(at, len(tokens)):
        if tokens[index].kind == "sign":
            depth += (tokens[index].text in _CLOSES) - (tokens[index].text in _OPENS)
            if depth == 0:
                return index
    return None


def opening(tokens: tuple[Token, ...], at: int) -> int | None:
    """The bracket that the one at this index closes; `<` for `>`, with no look at other brackets'
    insides.
    """
    closer = tokens[at].text
    opener = _OPENS.get(closer, "<")
    depth = 0
    index = at
    while index >= 0:
        text = tokens[index].text if tokens[index].kind == "sign" else ""
        if text == closer:
            depth += 1
        elif text == opener:
            depth -= 1
            if depth == 0:
                return index
        elif closer == ">" and text in _OPENS:  # `K<(a > b)>`: what is inside is no angle
            before = opening(tokens, index)
            if before is None:
                return None
            index = before
        elif closer == ">" and text in {";", "{", "}"}:
            return None
        index -= 1
    return None
