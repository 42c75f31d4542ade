"""A problem's own Python, looked at and never run here: which functions it defines, and where."""

import ast
import re
from pathlib import Path

from harness.records import Fault, Reference

# `reference` computes; `inputs` and `check` say what data cannot
FUNCTIONS = frozenset({"reference", "inputs", "check"})
_HEADING = re.compile(r"^##[ \t]+Reference[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^```[ \t]*$", re.MULTILINE)
_OPENING = "```python\n"


def fenced_reference(text: str, path: Path, *, body_at: int) -> Reference | Fault | None:
    """The block that stands right under the heading; in steps, each linear in the text."""
    heading = _HEADING.search(text, body_at)
    if heading is None:
        return None
    rest = text[heading.end() :]
    begin = len(text) - len(rest.lstrip())
    if not text.startswith(_OPENING, begin):
        return None
    begin += len(_OPENING)
    closing = _FENCE.search(text, begin)
    if closing is None:
        return None
    line = text.count("\n", 0, begin) + 1
    return read_reference(text[begin : closing.start()], path, line)


def read_reference(source: str, path: Path, line: int = 1) -> Reference | Fault:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return Fault(
            line=line + (error.lineno or 1) - 1,
            column=error.offset or 1,
            what=f"the reference is not valid Python: {error.msg}",
        )
    except (ValueError, RecursionError, MemoryError) as error:
        return Fault(line=line, column=1, what=f"the reference cannot be read: {error}")
    defines = FUNCTIONS & _names(tree)
    if "reference" not in defines:
        return Fault(
            line=line,
            column=1,
            what="the reference defines no function `reference`",
            mend="def reference(…), with the parameters that are not outputs, by name",
        )
    return Reference(path=path, source=source, line=line, defines=defines)


def _names(tree: ast.Module) -> set[str]:
    """What the module binds at its top."""
    found: set[str] = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign(targets=targets):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.ImportFrom(names=names) | ast.Import(names=names):
                found |= {alias.asname or alias.name for alias in names}
            case _:
                pass
    return found
