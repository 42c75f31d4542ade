"""Names for what a sketch leaves unnamed: weights, outputs, sizes, and letters for the prose."""

import ast
import re
from collections.abc import Iterable, Mapping

from harness.drafting.sketch import Going, Sketch
from harness.problem import fields
from harness.problem.fields import Notes
from harness.problem.marks import Node

_AXES: Mapping[int, tuple[str, ...]] = {
    1: ("size",), 2: ("rows", "columns"), 3: ("batch", "length", "width"),
    4: ("batch", "channels", "height", "width"),
    5: ("batch", "channels", "depth", "height", "width"),
}  # fmt: skip
_WEIGHT_AXES: Mapping[int, tuple[str, ...]] = {
    **_AXES, 3: ("filters", "channels", "kernel"),
    4: ("filters", "channels", "kernel_h", "kernel_w"),
    5: ("filters", "channels", "kernel_d", "kernel_h", "kernel_w"),
}  # fmt: skip


class Names:
    """Each name once."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def fresh(self, *wished: str) -> str:
        """The first of the wished names that is free and no reserved word."""
        for wish in wished:
            if wish not in self._taken and is_free_word(wish):
                self._taken.add(wish)
                return wish
        for number in range(2, 1000):
            numbered = f"{wished[-1][:50]}_{number}"
            if numbered not in self._taken:
                self._taken.add(numbered)
                return numbered
        raise AssertionError("a thousand parameters of one name")


def is_free_word(word: str) -> bool:
    notes = Notes()
    fields.name(Node("str", word, (), (), 1, 1), notes, "")
    return not notes.faults


def axis_word(rank: int, axis: int, *, is_weight: bool = False) -> str:
    words = (_WEIGHT_AXES if is_weight else _AXES).get(rank)
    return words[axis] if words else f"size_{axis}"


def tensor_names(sketch: Sketch, names: Names) -> dict[str, str]:
    """Parameters' names: those of the author, with dots and reserved words mended."""
    found = {}
    for tensor in sketch.tensors:
        plain = tensor.name.replace(".", "_")
        found[tensor.name] = names.fresh(plain, f"{plain}_")
    return found


def size_names(sketch: Sketch, tensors: Mapping[str, str], names: Names) -> dict[str, str]:
    """After the axis where a size stands first, with the tensor's name where that is not enough."""
    found: dict[str, str] = {}
    for number, tensor in enumerate(sketch.tensors):
        for position, axis in enumerate(tensor.axes):
            if axis in sketch.symbols and axis not in found:
                wishes = _wishes(tensor, tensors[tensor.name], position, is_first=number == 0)
                found[axis] = names.fresh(*wishes)
    for symbol in sketch.symbols:
        if symbol not in found:
            found[symbol] = names.fresh(f"size_{symbol[1:]}")
    return {symbol: found[symbol] for symbol in sketch.symbols}


def _wishes(tensor: Going, name: str, axis: int, *, is_first: bool) -> tuple[str, ...]:
    rank = len(tensor.axes)
    word = axis_word(rank, axis, is_weight=tensor.is_weight)
    stem = re.sub(r"_?(weight|bias)$", "", name) if tensor.is_weight else name
    longer = f"{stem}_{word}" if stem else word
    plain = ("n" if rank == 1 else word,)
    return (*plain, longer) if is_first else (longer,)


def letters(sizes: Iterable[str]) -> dict[str, str]:
    """A letter a size for the formulas of the text: batch is B, and a second one B_2."""
    found: dict[str, str] = {}
    for size in sizes:
        words = [word for word in size.split("_") if len(word) > 1] or [size]
        letter = next((c for c in words[-1] if c.isalpha() and c.isascii()), "n").upper()
        count = sum(other[0] == letter for other in found.values())
        found[size] = letter if count == 0 else f"{letter}_{{{count + 1}}}"
    return found


def returned_names(tree: ast.Module, entry: str) -> list[str]:
    """The variables of the last `return`, where it returns just that."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == entry:
            methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
            node = next((m for m in methods if m.name == "forward"), node)  # noqa: PLW2901
        elif getattr(node, "name", "") != entry:
            continue
        returns = [inner for inner in ast.walk(node) if isinstance(inner, ast.Return)]
        value = max(returns, key=lambda inner: inner.lineno).value if returns else None
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
        return [part.id if isinstance(part, ast.Name) else "" for part in parts]
    return []
