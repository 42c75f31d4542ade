"""
The parameters of a `def.py`, as one collection keeps them beside each `problem.md`.

The file is never run. The literal list is read from its syntax tree into the nodes that YAML
gives, so the same rules hold and the same faults are told, with their places in the `def.py`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.problem.marks import CONTROL, Node, Refused, repeated_keys
from harness.problem.source import parse_module
from harness.records import Fault

FILE_NAME = "def.py"
_ATTRIBUTE = "parameters"
_LINE_END = re.compile(rb"\r\n?|\n")
_KINDS = {bool: "bool", int: "int", float: "float", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Definition:
    """The list as nodes, and the lines that it stands on."""

    node: Node
    lines: str


def read_definition(source: str) -> Definition | None:
    """The class attribute `parameters`, None where no class has one; Refused if it is no list."""
    try:
        tree = parse_module(source)
    except SyntaxError as error:
        what = f"not valid Python: {error.msg}"
        raise Refused(Fault(line=error.lineno or 1, column=error.offset or 1, what=what)) from error
    found = next(_attributes(tree), None)
    if found is None:
        return None
    lines = _LINE_END.split(source.encode())
    faults: list[Fault] = []
    node = _Literal(lines, faults).node(found)
    if faults:
        raise Refused(*faults)
    covered = b"\n".join(lines[found.lineno - 1 : found.end_lineno])
    return Definition(node, covered.decode())


def _attributes(tree: ast.Module) -> Iterator[ast.expr]:
    for owner in tree.body:
        for statement in owner.body if isinstance(owner, ast.ClassDef) else ():
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == _ATTRIBUTE:
                    yield value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if (
                    name == _ATTRIBUTE
                ):
                    yield value
                case _:
                    pass


@dataclass(frozen=True, slots=True)
class _Literal:
    """Lists, mappings, words, numbers and truths; anything else would have to be run."""

    lines: list[bytes]
    faults: list[Fault]

    def node(self, tree: ast.expr) -> Node:
        line, column = tree.lineno, self._column(tree.lineno, tree.col_offset)
        match tree:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return Node("list", "", tuple(map(self.node, items)), (), line, column)
            case ast.Dict(keys=keys, values=values) if all(keys):
                entries = tuple(
                    (self.node(key), self.node(value))
                    for key, value in zip(keys, values, strict=True)
                    if key is not None
                )
                self.faults.extend(repeated_keys(entries))
                return Node("map", "", (), entries, line, column)
            case ast.Constant(value=str(text)):
                if CONTROL.search(text):
                    self._refuse(line, column, "a control character", "remove it")
                return Node("str", text.strip(), (), (), line, column, quoted=True)
            case ast.Constant(value=value) if type(value) in _KINDS:
                written = self.lines[line - 1][tree.col_offset : tree.end_col_offset].decode()
                return Node(_KINDS[type(value)], written, (), (), line, column)
            case _:
                self._refuse(
                    line, column, f"`{_ATTRIBUTE}` is computed here, and this file is never run",
                    "write a plain list of {name, type, pointer, const}",
                )  # fmt: skip
                return Node("null", "", (), (), line, column)

    def _column(self, line: int, offset: int) -> int:
        """Python counts bytes, a caret counts characters."""
        return len(self.lines[line - 1][:offset].decode()) + 1

    def _refuse(self, line: int, column: int, what: str, mend: str) -> None:
        self.faults.append(Fault(line=line, column=column, what=what, mend=mend))
