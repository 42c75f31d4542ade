"""
YAML front matter read with its places, so that every fault can say line and column.

python-frontmatter splits the file; PyYAML composes nodes and constructs nothing. What YAML could
surprise with (tags, anchors, aliases, duplicate keys, deep nesting) is refused here, before
anything grows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import frontmatter
import yaml
from frontmatter.default_handlers import BaseHandler
from yaml.reader import ReaderError

from harness.records import Fault

MAX_DEPTH = 12
MAX_LENGTH = 1 << 15  # characters, for which PyYAML needs a second or two at worst
_TAG = "tag:yaml.org,2002:"
# what an escape like "\e" can smuggle in: terminals obey it, or no encoder takes it
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of the document: a scalar's text, a list, or a mapping; and where it stands."""

    kind: str  # "str", "int", "float", "bool", "null", "list", "map"
    text: str
    items: tuple["Node", ...]
    entries: tuple[tuple["Node", "Node"], ...]
    line: int
    column: int
    quoted: bool = False
    begin: int = 0  # offsets in the text of the file, for those who edit it
    end: int = 0

    def __iter__(self) -> Iterator["Node"]:
        return iter(self.items)

    def fault(self, what: str, mend: str = "") -> Fault:
        return Fault(line=self.line, column=self.column, what=what, mend=mend)


class Refused(Exception):  # noqa: N818 — it carries faults, it is not itself the message
    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults)
        self.faults = faults


def read_document(text: str) -> tuple[Node | None, str]:
    """The front matter as a mapping with places (None where there is none), and the body."""
    if not _RULE.match(text.strip()):  # two rules further down are no front matter
        return None, text.strip()
    begin, end = front_matter_span(text)
    origin = _Origin(line=text.count("\n", 0, begin) + 1, offset=begin)
    if end < begin:
        raise Refused(origin.fault("the front matter has no end", "close it with a line `---`"))
    if end - begin > MAX_LENGTH:
        what = f"the front matter is longer than {MAX_LENGTH} characters"
        raise Refused(origin.fault(what, "take out what is not read; prose belongs below it"))
    # metadata is whatever the handler's load returned, under one key of ours
    metadata, body = frontmatter.parse(text, handler=_MarkedYAML(origin))
    root = metadata["root"]
    assert isinstance(root, Node)
    return root, body


def front_matter_span(text: str) -> tuple[int, int]:
    """Where it begins, behind the first rule, and where the second is, or -1."""
    opening = _RULE.search(text)
    begin = opening.end() if opening else 0
    ending = _RULE.search(text, begin)
    return begin, ending.start() if ending else -1


def repeated_keys(entries: tuple[tuple[Node, Node], ...]) -> Iterator[Fault]:
    first: dict[str, Node] = {}
    for key, _ in entries:
        if key.kind in {"list", "map"}:
            continue  # no key at all, which is told where keys are read
        if key.text in first:
            mend = f"keep one; the first is on line {first[key.text].line}"
            yield key.fault(f"`{key.text}` stands twice", mend)
        first.setdefault(key.text, key)


_RULE = re.compile(r"^-{3,}[ \t]*$", re.MULTILINE)


class _Mark(Protocol):
    """PyYAML's mark, whichever of its two scanners made it; it counts from 0."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where in the file the YAML begins: with what is left of the opening line."""

    line: int
    offset: int

    def fault(self, what: str, mend: str = "", *, line: int = 0, column: int = 0) -> Fault:
        return Fault(line=self.line + line, column=column + 1, what=what, mend=mend)

    def marked(self, mark: _Mark | None, what: str, mend: str = "") -> Fault:
        if mark is None:
            return self.fault(what, mend)
        return self.fault(what, mend, line=mark.line, column=mark.column)


class _MarkedYAML(BaseHandler):
    FM_BOUNDARY = _RULE
    START_DELIMITER = END_DELIMITER = "---"

    def __init__(self, origin: _Origin) -> None:
        super().__init__()
        self.origin = origin

    def load(self, fm: str) -> dict[str, Any]:
        return {"root": _parse(fm, self.origin)}


def _parse(text: str, origin: _Origin) -> Node:
    try:
        root = _Loader(text, origin).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise Refused(_not_yaml(error, origin)) from error
    except ReaderError as error:  # a control character; it knows a position, not a line
        before = text[: error.position]
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        fault = origin.fault("a control character", "remove it", line=line, column=column)
        raise Refused(fault) from error
    except (ValueError, OverflowError) as error:  # PyYAML, over an escape like "\UFFFFFFFF"
        what = "not valid YAML: an escape in quotes that is no character"
        raise Refused(origin.fault(what, "write the character itself")) from error
    if root is None:
        raise Refused(origin.fault("the front matter is empty", "write `key: value` lines"))
    faults: list[Fault] = []
    node = _convert(root, origin, faults)
    if faults:
        raise Refused(*faults)
    if node.kind != "map":
        raise Refused(node.fault("the front matter is not a mapping", "write `key: value` lines"))
    return node


# what PyYAML says, and what those who wrote it can do
_MENDS = {
    "could not find expected ':'": "write `key: value`, with a blank behind the colon",
    "'\\t' that cannot start": "indent with blanks, not with tabs",
    "that cannot start any token": "put the value in quotes",
    "alphabetic or numeric character": "put the value in quotes",
    "mapping values are not allowed": "quote a value that holds a colon; begin keys in one column",
    "expected ',' or": "close the bracket, or quote the value that holds one",
    "but found '<scalar>'": "quote the whole value",
    "<document start>": "a file has one front matter; take out lines like `...` or `%YAML`",
    "another document": "a file has one front matter; take out lines like `...` or `%YAML`",
    "unexpected end of stream": "close the quotes",
}


def _not_yaml(error: yaml.MarkedYAMLError, origin: _Origin) -> Fault:
    problem = error.problem or error.context or ""
    mends = (mend for words, mend in _MENDS.items() if words in problem)
    mend = next(mends, "quote the value if it holds a colon, a bracket or a hash")
    # a key without its colon is noticed only on the line below
    is_late = "could not find expected" in problem
    mark = error.context_mark if is_late else error.problem_mark or error.context_mark
    return origin.marked(mark, f"not valid YAML: {problem}", mend)


class _Loader(yaml.SafeLoader):
    """It composes nodes, and stops at the first thing that could surprise, before it grows."""

    def __init__(self, text: str, origin: _Origin) -> None:
        super().__init__(text)
        self.origin = origin
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # kinds differ in fields
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self._refuse(event, "anchors and aliases are not read", "write it out")
        if event.tag:
            written = event.tag.replace(_TAG, "!!")
            self._refuse(event, f"the tag {written} is not read", "remove the tag")
        if self.depth == MAX_DEPTH and isinstance(event, yaml.CollectionStartEvent):
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels", "")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _refuse(self, event: Any, what: str, mend: str) -> NoReturn:
        raise Refused(self.origin.marked(event.start_mark, what, mend))


def _convert(node: yaml.Node, origin: _Origin, faults: list[Fault]) -> Node:
    line, column = node.start_mark.line + origin.line, node.start_mark.column + 1
    begin, end = node.start_mark.index + origin.offset, node.end_mark.index + origin.offset
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_convert(item, origin, faults) for item in node.value)
        return Node("list", "", items, (), line, column, begin=begin, end=end)
    if isinstance(node, yaml.MappingNode):
        entries = tuple(
            (_convert(key, origin, faults), _convert(value, origin, faults))
            for key, value in node.value
        )
        faults.extend(repeated_keys(entries))
        return Node("map", "", (), entries, line, column, begin=begin, end=end)
    if CONTROL.search(node.value):
        faults.append(origin.marked(node.start_mark, "a control character", "remove it"))
    kind = node.tag.removeprefix(_TAG)
    kind = kind if kind in {"int", "float", "bool", "null"} else "str"
    quoted = getattr(node, "style", None) is not None
    return Node(kind, node.value.strip(), (), (), line, column, quoted, begin, end)
