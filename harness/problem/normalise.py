"""
A problem file brought into the normal form of the dialect, its meaning untouched.

    pointer: "True"  →  pointer: true          constant: false  →  const: false
    type: VAR        →  type: "[VAR]"          const: true, constant: true  →  const: true
    type: torch.Tensor  →  type: "[VAR]", and what that left unsaid: pointer: true, const: true

Everything is an edit at the place that the reader noted, so that comments, order, prose and line
ends stay byte for byte; trailing blanks of the front matter go. Done twice it changes nothing more.
"""

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.problem.fields import Notes
from harness.problem.marks import Node, Refused, front_matter_span, read_document
from harness.problem.parameters import read_parameters

_TRUTHS = {"true": "true", "True": "true", "false": "false", "False": "false"}
_BLANKS = re.compile(r"[ \t]+$", re.MULTILINE)
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True, order=True)
class _Edit:
    begin: int
    end: int
    new: str


def normalise(text: str) -> str:
    """The text in normal form; as it was where it is not a problem file that can be read."""
    mark = _MARK if text.startswith(_MARK) else ""
    plain = text.removeprefix(mark).replace("\r\n", "\n")
    try:
        root, _ = read_document(plain)
    except Refused:
        return text
    if root is None:
        return text
    edits = sorted({*_edits_of_parameters(plain, root), *_edits_of_blanks(plain, root)})
    # YAML has corners where an edit says something else than before: then nothing is edited
    if _meaning(_edited(plain, edits)) != _meaning(plain):
        return text
    return mark + _edited_with_line_ends(text.removeprefix(mark), edits)


def _edits_of_parameters(text: str, root: Node) -> Iterator[_Edit]:
    listed = next((value for key, value in root.entries if key.text == "parameters"), None)
    for item in listed.items if listed else ():
        entries = {key.text: (key, value) for key, value in item.entries}
        yield from _edits_of_truths(text, entries)
        yield from _edits_of_spelling(text, item, entries)
        yield from _edits_of_type(text, item, entries)


_Entries = dict[str, tuple[Node, Node]]


def _edits_of_truths(text: str, entries: _Entries) -> Iterator[_Edit]:
    for key in {"pointer", "const", "constant"} & entries.keys():
        _, value = entries[key]
        if value.text in _TRUTHS and value.kind in {"bool", "str"} and _is_on_one_line(text, value):
            yield from _replaced(text, value, _TRUTHS[value.text])


def _edits_of_spelling(text: str, item: Node, entries: _Entries) -> Iterator[_Edit]:
    """`constant` becomes `const`; where both stand, and agree, the first of them stays."""
    if "constant" not in entries:
        return
    key, value = entries["constant"]
    twin, twin_value = entries.get("const", (None, value))
    meaning = _TRUTHS.get(value.text)
    if meaning is None or meaning != _TRUTHS.get(twin_value.text):
        return  # a fault, and for the author to mend
    if twin is None:
        yield from _renamed(text, key)
    elif key.begin < twin.begin:
        yield from _renamed(text, key)
        yield _removed(text, item, twin, twin_value)
    else:
        yield _removed(text, item, key, value)


def _edits_of_type(text: str, item: Node, entries: _Entries) -> Iterator[_Edit]:
    if "type" not in entries:
        return
    key, value = entries["type"]
    word = value.items[0].text if len(value.items) == 1 else value.text.strip("[]")
    if word not in {"VAR", "torch.Tensor"} or not _is_on_one_line(text, value):
        return
    if not (value.quoted and value.text == "[VAR]"):
        yield from _replaced(text, value, '"[VAR]"')
    if word == "torch.Tensor":
        unsaid = [] if "pointer" in entries else ["pointer: true"]
        if not {"const", "constant"} & entries.keys():
            unsaid.append("const: true")
        yield from _inserted(text, item, key, value, unsaid)


def _replaced(text: str, node: Node, new: str) -> Iterator[_Edit]:
    if text[node.begin : node.end] != new:
        yield _Edit(node.begin, node.end, new)


def _renamed(text: str, key: Node) -> Iterator[_Edit]:
    quote = text[key.begin] if key.quoted else ""
    yield from _replaced(text, key, f"{quote}const{quote}")


def _inserted(text: str, item: Node, key: Node, value: Node, what: list[str]) -> Iterator[_Edit]:
    if not what:
        return
    if _is_flow(text, item):
        yield _Edit(value.end, value.end, "".join(f", {entry}" for entry in what))
    else:
        end = _line_end(text, value.end)
        margin = " " * (key.column - 1)
        yield _Edit(end, end, "".join(f"\n{margin}{entry}" for entry in what))


def _removed(text: str, item: Node, key: Node, value: Node) -> _Edit:
    """Without an entry that is not the first of its mapping; a comment beside it stays."""
    if not _is_flow(text, item):
        begin, end = text.rindex("\n", 0, key.begin) + 1, _line_end(text, value.end)
        is_alone = not text[begin : key.begin].strip() and not text[value.end : end].strip()
        if is_alone:
            return _Edit(begin, end + 1, "")
        blanks = len(text[value.end : end]) - len(text[value.end : end].lstrip())
        return _Edit(key.begin, value.end + blanks, "")
    if following := re.compile(r"\s*,[ \t]*").match(text, value.end):
        return _Edit(key.begin, following.end(), "")
    before = max(other.end for _, other in item.entries if other.end <= key.begin)
    has_comment = "#" in text[before : key.begin]
    return _Edit(key.begin if has_comment else before, value.end, "")


def _edits_of_blanks(text: str, root: Node) -> Iterator[_Edit]:
    """Behind the lines of the front matter, but not within a text of several lines."""
    inside = sorted(_texts_of_several_lines(text, root))
    for blanks in _BLANKS.finditer(text, *front_matter_span(text)):
        if not any(begin <= blanks.start() < end for begin, end in inside):
            yield _Edit(blanks.start(), blanks.end(), "")


def _texts_of_several_lines(text: str, node: Node) -> Iterator[tuple[int, int]]:
    if node.kind not in {"list", "map"} and not _is_on_one_line(text, node):
        yield node.begin, node.end
    for part in (*node.items, *(part for entry in node.entries for part in entry)):
        yield from _texts_of_several_lines(text, part)


def _is_on_one_line(text: str, node: Node) -> bool:
    return "\n" not in text[node.begin : node.end]


def _is_flow(text: str, item: Node) -> bool:
    return text[item.begin] == "{"


def _line_end(text: str, position: int) -> int:
    return text.index("\n", position)


def _edited(text: str, edits: list[_Edit]) -> str:
    parts, position = [], 0
    for edit in edits:
        if edit.begin >= position:  # what is taken out needs no other edit
            parts += [text[position : edit.begin], edit.new]
            position = edit.end
    return "".join((*parts, text[position:]))


def _edited_with_line_ends(text: str, edits: list[_Edit]) -> str:
    """The same edits where lines may end as on Windows: each place is as many further right."""
    returns = [found.start() - i for i, found in enumerate(re.finditer("\r\n", text))]

    def place(position: int) -> int:
        return position + bisect.bisect_left(returns, position)

    line_end = "\r\n" if returns else "\n"
    moved = [
        _Edit(place(edit.begin), place(edit.end), edit.new.replace("\n", line_end))
        for edit in edits
    ]
    return _edited(text, moved)


def _meaning(text: str) -> Any:
    """All that is read from a front matter, without its places."""
    notes = Notes()
    try:
        root, body = read_document(text)
        values = [
            (key.text, read_parameters(value, notes) if key.text == "parameters" else _bare(value))
            for key, value in (root.entries if root else ())
        ]
    except Refused as refused:  # what cannot be read, and faults without end
        return [(fault.what, fault.mend) for fault in refused.faults]
    return values, [(fault.what, fault.mend) for fault in notes.faults], body


def _bare(node: Node) -> Any:
    items = [_bare(item) for item in node.items]
    entries = [(_bare(key), _bare(value)) for key, value in node.entries]
    return node.kind, node.text, node.quoted, items, entries
