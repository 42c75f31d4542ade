"""
`__shared__` declarations become references into the block's memory.

    __shared__ float tile[16][17], *next;    a struct each, of which the block has one
    extern __shared__ float part[];          a pointer to where the launch's own memory lies
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.emulation.macros import aliases, define_around
from harness.emulation.tokens import Token, closing, opening

# what may stand in a declaration with brackets of its own, and what before `__shared__`
_ATTRIBUTES = {"__attribute__", "alignas", "__align__"}
_BEFORE = {"extern", "static", "volatile", "const", "inline"}
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of a source, and what stands there instead."""

    start: int
    end: int
    text: str


def shared_memory(source: str, tokens: tuple[Token, ...]) -> Iterator[Edit]:
    names = aliases(source, "__shared__")
    for index, token in enumerate(tokens):
        if token.kind != "name" or token.text not in names:
            continue
        first = _statement(tokens, index)
        last = _semicolon(tokens, index)
        define = define_around(source, token.start)
        if last is None or (define is not None and define.end() < tokens[last].end):
            continue  # no declaration: the word's own macro, or nothing that would compile
        words = [*tokens[first:index], *tokens[index + 1 : last]]
        is_dynamic = any(word.text == "extern" for word in words)
        words = [word for word in words if word.text not in {"extern", "static", "inline"}]
        text = _declared(words, is_dynamic, token.start)
        gap = source[tokens[first].start : tokens[last].end]
        breaks = "".join(_breaks(gap))
        yield Edit(tokens[first].start, tokens[last].end, text + breaks)


def _breaks(text: str) -> Iterator[str]:
    """Its line breaks, with the backslash that each has inside a macro."""
    for found in re.finditer(r"\\?\r?\n", text):
        yield f" {found.group()}"


def _statement(tokens: tuple[Token, ...], at: int) -> int:
    index = at
    while index:
        before = tokens[index - 1].text
        if before in _BEFORE:
            index -= 1
        elif before == ")":
            opened = opening(tokens, index - 1)
            if not opened or tokens[opened - 1].text not in _ATTRIBUTES:
                return index
            index = opened - 1
        else:
            return index
    return index


def _semicolon(tokens: tuple[Token, ...], at: int) -> int | None:
    depth = 0
    for index in range(at, len(tokens)):
        text = tokens[index].text
        if tokens[index].kind == "sign":
            depth += (text in "([{") - (text in ")]}")
        if depth < 0:
            return None
        if depth == 0 and text == ";":
            return index
    return None


def _declared(words: list[Token], is_dynamic: bool, place: int) -> str:
    """What stands for `TYPE a[2][3], *b;`, on one line."""
    pieces: list[str] = []
    base: list[Token] = []
    for number, declarator in enumerate(_declarators(words)):
        at = _name(declarator)
        if at is None:
            return ""  # the compiler misses the names, and says so
        before = base if number else []
        if number == 0:
            base = declarator[:at]
            while base and base[-1].text == "*":
                base.pop()
        name = declarator[at].text
        if is_dynamic:
            kind = _text(_without_attributes([*before, *declarator[:at]]))
            pieces.append(f"static {kind}* const {name} = ({kind}*)::grade_dynamic_memory;")
        else:
            struct = f"grade_shared_{place}_{number}"
            pieces.append(
                f"struct {struct} {{ {_text([*before, *declarator])}; }};"
                f' auto& {name} = ::grade::shared<{struct}>("{name}").{name};'
            )
    return " ".join(pieces)


def _declarators(words: list[Token]) -> Iterator[list[Token]]:
    """Split at commas that are in no brackets; `<` opens one behind a name, outside of others."""
    depth = angles = 0
    piece: list[Token] = []
    for word in words:
        if word.kind == "sign":
            depth += (word.text in "([{") - (word.text in ")]}")
            if depth == 0 and word.text == "<":
                angles += 1
            elif depth == 0 and word.text == ">":
                angles -= 1
        if depth == 0 and angles == 0 and word.text == ",":
            yield piece
            piece = []
        else:
            piece.append(word)
    yield piece


def _name(declarator: list[Token]) -> int | None:
    """The name that a declarator declares: the last one before its extents."""
    angles = 0
    last = None
    index = 0
    while index < len(declarator):
        word = declarator[index]
        if word.text in {"(", "{"}:  # an attribute's, or a type's own
            index = closing(tuple(declarator), index) or len(declarator)
        elif word.text in {"[", "="} and angles == 0:
            break
        elif word.text in {"<", ">"}:
            angles += 1 if word.text == "<" else -1
        elif word.kind == "name" and angles == 0 and word.text not in _ATTRIBUTES:
            last = index
        index += 1
    return last


def _without_attributes(words: list[Token]) -> list[Token]:
    kept: list[Token] = []
    index = 0
    while index < len(words):
        if words[index].text in _ATTRIBUTES:
            end = closing(tuple(words), index + 1)
            index = len(words) if end is None else end + 1
        else:
            kept.append(words[index])
            index += 1
    return kept


def _text(words: list[Token]) -> str:
    """As it was written, on one line: `<<` stays one sign."""
    pieces: list[str] = []
    end = None
    for word in words:
        pieces += ["" if end in {None, word.start} else " ", _SPACE.sub(" ", word.text)]
        end = word.end
    return "".join(pieces)
