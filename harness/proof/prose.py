"""Does the prose say the same shapes as the front matter? Ranks, and one symbol for one size."""

import re
from collections.abc import Iterator

from harness.records import Problem

# Tensor `input` of shape $(B, C_{in}, H, W)$, or (B, C), or `[B, C]`; `a` and `b` of shape …
_SHAPE = re.compile(
    r"(?P<names>`\w+`(?:(?:,|,? and) `\w+`)*)[^\n`]*\bshape\b\s*:?\s*"
    r"(?:\$\\?[(\[]?(?P<typeset>[^$\n]*?)\\?[)\]]?\$|`?[(\[](?P<plain>[^()\[\]\n]*)[)\]])"
)
_NAME = re.compile(r"`(\w+)`")
_SYMBOL = re.compile(r"[A-Za-z](?:_(?:\{\w+\}|\w))?|[A-Za-z]\w*")


def shapes_told(problem: Problem) -> int:
    """How many shapes the body tells in a form that can be compared."""
    return sum(1 for _ in _told(problem))


def _told(problem: Problem) -> Iterator[tuple[str, list[str]]]:
    for found in _SHAPE.finditer(problem.body):
        for name in _NAME.findall(found["names"]):
            yield name, _axes(found["typeset"] or found["plain"] or "")


def disagreements(problem: Problem) -> Iterator[str]:
    """A sentence for each place where the body and `shapes` differ."""
    declared = dict(problem.shapes)
    meaning: dict[str, tuple[str, str]] = {}  # a symbol's size, and the tensor that says so
    for name, said in _told(problem):
        if name not in declared:
            yield f"the text gives a shape to `{name}`, which is no pointer parameter"
            continue
        axes = declared[name]
        if len(said) != len(axes):
            yield (
                f"the text gives `{name}` {len(said)} axes ({', '.join(said)}),"
                f" `shapes` gives it {len(axes)} ({', '.join(axes)})"
            )
            continue
        for symbol, axis in zip(said, axes, strict=True):
            if symbol.isdigit() and symbol != axis:
                yield f"the text says {symbol} where `shapes` of `{name}` says {axis}"
            elif _SYMBOL.fullmatch(symbol):
                size, first = meaning.setdefault(symbol, (axis, name))
                if size != axis:
                    yield (f"in the text {symbol} is {size} for `{first}` and {axis} for `{name}`")


def _axes(text: str) -> list[str]:
    """Split at commas outside braces and parentheses."""
    axes, depth, current = [], 0, ""
    for character in text:
        depth += character in "({"
        depth -= character in ")}"
        if character == "," and depth == 0:
            axes.append(current)
            current = ""
        else:
            current += character
    axes.append(current)
    return [axis.strip() for axis in axes if axis.strip()]
