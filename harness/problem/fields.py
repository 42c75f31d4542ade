"""Loose nodes read into typed values; every fault is noted, and reading goes on."""

import difflib
import keyword
import math
import re
from collections.abc import Iterable

from harness.problem.marks import Node, Refused
from harness.problem.shapes import ShapeError, names_in
from harness.records import Fault

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,99})", re.ASCII)
# what a header that is included may replace
_C_MACRO = re.compile(
    r"errno|assert|std(?:in|out|err)|offsetof|setjmp|EOF|NULL|NAN|INFINITY|HUGE_VAL[FL]?|I|__\w+"
    r"|M_[A-Z0-9_]+|FP_[A-Z]+|(?:U?INT|S?CHAR|U?CHAR|SHRT|USHRT|U?LONG|U?LLONG|FLT|DBL|LDBL|SIZE"
    r"|PTRDIFF|RAND|BUFSIZ|EXIT|CLOCKS|SEEK)[A-Z0-9_]*"
)
_C_WORDS = frozenset(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl
    concept const constexpr const_cast continue co_await co_return co_yield decltype default
    delete do double dynamic_cast else enum explicit export extern false float for friend goto if
    inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private
    protected public register reinterpret_cast requires restrict return short signed sizeof static
    static_assert static_cast struct switch template this thread_local throw true try typedef
    typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq VAR
    solution
    """.split()  # noqa: SIM905 — a list of ninety quoted words is harder to read
)


MAX_FAULTS = 100
MAX_WORDS = 1000  # characters of a title, a name, a reason


class Notes:
    """The faults of one file, collected while it is read, each once."""

    def __init__(self) -> None:
        self._faults: dict[Fault, None] = {}  # a wrong default is met again in every case

    @property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(self._faults)

    def add(self, node: Node, what: str, mend: str = "") -> None:
        self.note(node.fault(what, mend))

    def note(self, fault: Fault) -> None:
        """It is told with the others, unless there are so many that reading on helps nobody."""
        self._faults[fault] = None
        if len(self._faults) == MAX_FAULTS:
            raise Refused(*self._faults)


def nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.75)
    return close[0] if close else ""


# how a mapping looks, for those who wrote something else
_LOOKS = {
    "a parameter": '{name: x, type: "[VAR]", pointer: true, const: true}',
    "let": "let: {half: n // 2}",
    "shapes": "shapes: {x: [n, 3]}",
    "cases": "cases: {test: [{n: 7}, {n: 8}]}",
    "defaults": "defaults: {n: 7}",
    "bench": "bench: {cpu: [{n: 7}], cuda: [{n: 8}]}",
    "a case": "{name: small, n: 7}",
    "tolerance": "tolerance: {reduction: n}",
    "inputs": "inputs: {x: uniform}",
    "lazy": "lazy: {zeros: why that is right}",
}
_WORDLESS = frozenset({"list", "map", "null"})


def entries(node: Node, notes: Notes, what: str) -> dict[str, tuple[Node, Node]]:
    """A mapping by the text of its keys."""
    if node.kind != "map":
        look = _LOOKS.get(what, f"{what}: {{name: value}}")
        notes.add(node, f"{what} must be a mapping", f"write it like `{look}`")
        return {}
    for key, _ in node.entries:
        if key.kind in {"list", "map"}:
            notes.add(key, f"a key of {what} must be a word")
    return {key.text: (key, value) for key, value in node.entries}


def listed(node: Node, notes: Notes, what: str, most: int | None = None) -> tuple[Node, ...]:
    if node.kind != "list":
        inside = "{…}" if node.kind == "map" else node.text[:60] or "…"
        notes.add(node, f"{what} must be a list", f"write `[{inside}]`")
        return ()
    if most is not None and len(node.items) > most:
        notes.add(node, f"{what}: {len(node.items)} entries", f"at most {most}")
        return node.items[:most]
    return node.items


def written(node: Node) -> str:
    """A value as YAML could write it, for the keys that are kept without being understood."""
    if node.kind == "list":
        return f"[{', '.join(written(item) for item in node.items)}]"
    if node.kind == "map":
        pairs = (f"{written(key)}: {written(value)}" for key, value in node.entries)
        return f"{{{', '.join(pairs)}}}"
    return node.text


def text(node: Node, notes: Notes, what: str) -> str:
    """One line of words."""
    if node.kind == "null" and not node.text:
        notes.add(node, f"{what} is empty", "write a value, in quotes if it begins with #")
    elif node.kind in _WORDLESS:
        notes.add(node, f"{what} must be text", "put it in quotes")
    elif "\n" in node.text:
        notes.add(node, f"{what} has several lines", "make it one, or fold it with `>`")
    elif len(node.text) > MAX_WORDS:
        notes.add(node, f"{what} has {len(node.text)} characters", f"at most {MAX_WORDS}")
    else:
        return node.text
    return ""


def is_told(node: Node, word: str) -> bool:
    """Whether `text` gave no word because of a fault: what else is wrong with none is no news."""
    return not word and (node.kind in _WORDLESS or bool(node.text))


def boolean(node: Node, notes: Notes, what: str) -> bool:
    """true, false and their quoted forms: `NO` and `on` are words, not truths."""
    if node.kind in {"bool", "str"} and node.text in {"true", "True", "false", "False"}:
        return node.text in {"true", "True"}
    notes.add(node, f"{what} is neither true nor false: {node.text[:60]!r}", "write true or false")
    return False


def name(node: Node, notes: Notes, what: str) -> str:
    word = text(node, notes, what)
    if is_told(node, word):
        return word
    if not _NAME.fullmatch(word):
        notes.add(node, f"{what} {word!r} is not a name", "letters, digits and _, no digit first")
    elif _C_MACRO.fullmatch(word):
        notes.add(node, f"{what} `{word}` is a macro of C's headers", f"call it `{word.lower()}_`")
    elif keyword.iskeyword(word) or word in _C_WORDS:
        notes.add(
            node, f"{what} `{word}` is a reserved word in C++ or Python", f"call it `{word}_`"
        )
    return word


def choice(node: Node, notes: Notes, what: str, allowed: Iterable[str]) -> str:
    word = text(node, notes, what)
    options = tuple(allowed)
    if word not in options and not is_told(node, word):
        near = nearest(word, options)
        mend = f"did you mean `{near}`?" if near else f"one of {', '.join(filter(None, options))}"
        notes.add(node, f"{what} `{word}` is not known", mend)
    return word


def formula(node: Node, notes: Notes, what: str, known: Iterable[str] | None = None) -> str:
    """A formula kept as text; its names are checked where they are known."""
    if node.kind not in {"int", "str"}:
        notes.add(node, f"{what} must be a whole number or a formula", "like 2*n, or 10**9")
        return "0"
    try:
        used = names_in(node.text)
    except ShapeError as error:
        notes.add(node, f"{what}: {error}")
        return "0"
    if known is not None:
        for unknown in sorted(used - set(known)):
            near = nearest(unknown, known)
            mend = f"did you mean `{near}`?" if near else "use scalar parameters and `let` names"
            notes.add(node, f"{what}: `{unknown}` is not a scalar parameter or a `let`", mend)
    return node.text


def number(node: Node, notes: Notes, what: str) -> float:
    if node.kind in {"int", "float"} and not node.quoted:
        try:
            value = float(node.text.replace("_", ""))
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return value
        notes.add(node, f"{what}: {node.text} is not a finite number")
        return 0.0
    # YAML 1.1 takes 1e-4 for a word
    notes.add(node, f"{what}: {node.text!r} is not a number", "write it like 1.0e-4")
    return 0.0


def whole(node: Node) -> int | None:
    """The value of a plain decimal integer, else None (octal and 1:30 are not integers here)."""
    if node.kind == "int" and not node.quoted and _WHOLE.fullmatch(node.text):
        return int(node.text)
    return None
