"""
YAML front matter read with its places, so that every fault can say line and column.

python-frontmatter splits the file; PyYAML composes nodes and constructs nothing. What YAML could
surprise with (tags, anchors, aliases, duplicate keys, deep nesting) is refused here, before
anything grows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import BaseHandler
from yaml.reader import ReaderError

from harness.records import Fault

MAX_DEPTH = 12
_TAG = "tag:yaml.org,2002:"
# what an escape like "\e" can smuggle in: terminals obey it, or no encoder takes it
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


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
    handler = _MarkedYAML(first_line=_lines_before_front_matter(text))
    if not handler.detect(text.strip()):  # two rules further down are no front matter
        return None, text.strip()
    # metadata is whatever the handler's load returned, under one key of ours
    metadata, body = frontmatter.parse(text, handler=handler)
    root = metadata.get("root")
    return (root if isinstance(root, Node) else None), body


def _lines_before_front_matter(text: str) -> int:
    blank = text[: len(text) - len(text.lstrip())]
    return blank.count("\n") + 1


class _MarkedYAML(BaseHandler):
    FM_BOUNDARY = re.compile(r"^-{3,}[ \t]*$", re.MULTILINE)
    START_DELIMITER = END_DELIMITER = "---"

    def __init__(self, first_line: int) -> None:
        super().__init__()
        self.first_line = first_line

    def load(self, fm: str) -> dict[str, Any]:
        # `fm` begins with the rest of the opening line, so its line 0 is the dashes' own line
        return {"root": _parse(fm, self.first_line)}


def _parse(text: str, first_line: int) -> Node:
    try:
        _refuse_surprises(text, first_line)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        what = f"not valid YAML: {error.problem or error.context}"
        mend = "quote the value if it holds a colon, a bracket or a hash"
        raise Refused(_at(line + first_line, column + 1, what, mend)) from error
    except ReaderError as error:  # a control character; it knows a position, not a line
        before = text[: error.position]
        line, column = before.count("\n") + first_line, len(before) - before.rfind("\n")
        raise Refused(_at(line, column, "a control character", "remove it")) from error
    except (ValueError, OverflowError) as error:  # PyYAML, over an escape like "\UFFFFFFFF"
        raise Refused(_at(first_line, 1, f"not valid YAML: {error}")) from error
    if root is None:
        raise Refused(_at(first_line, 1, "the front matter is empty", "write `key: value` lines"))
    faults: list[Fault] = []
    node = _convert(root, first_line, faults)
    if faults:
        raise Refused(*faults)
    if node.kind != "map":
        raise Refused(node.fault("the front matter is not a mapping", "write `key: value` lines"))
    return node


def _refuse_surprises(text: str, first_line: int) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        mark = event.start_mark
        line, column = (mark.line + first_line, mark.column + 1) if mark else (first_line, 1)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Refused(_at(line, column, "anchors and aliases are not read", "write it out"))
        if tag := getattr(event, "tag", None):
            raise Refused(_at(line, column, f"the tag {tag} is not read", "remove the tag"))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise Refused(_at(line, column, f"nested deeper than {MAX_DEPTH} levels"))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _at(line: int, column: int, what: str, mend: str = "") -> Fault:
    return Fault(line=line, column=column, what=what, mend=mend)


def _convert(node: yaml.Node, first_line: int, faults: list[Fault]) -> Node:
    line, column = node.start_mark.line + first_line, node.start_mark.column + 1
    kind = node.tag.removeprefix(_TAG)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_convert(item, first_line, faults) for item in node.value)
        return Node("list", "", items, (), line, column)
    if isinstance(node, yaml.MappingNode):
        entries = tuple(
            (_convert(key, first_line, faults), _convert(value, first_line, faults))
            for key, value in node.value
        )
        seen: dict[str, Node] = {}
        for key, _ in entries:
            if key.text in seen:
                faults.append(
                    key.fault(
                        f"`{key.text}` stands twice",
                        f"keep one; the first is on line {seen[key.text].line}",
                    )
                )
            seen.setdefault(key.text, key)
        return Node("map", "", (), entries, line, column)
    if _CONTROL.search(node.value):
        faults.append(_at(line, column, "a control character", "remove it"))
    quoted = getattr(node, "style", None) is not None
    kind = kind if kind in {"int", "float", "bool", "null"} else "str"
    return Node(kind, node.value.strip(), (), (), line, column, quoted)
