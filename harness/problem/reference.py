"""A problem's own Python, looked at and never run here: which functions it defines, and where."""

import ast
from pathlib import Path

from harness.problem.markdown import Block, Heading, Outline, outline
from harness.problem.source import parse_module
from harness.records import Fault, Reference

# `reference` computes; `inputs` and `check` say what data cannot
FUNCTIONS = frozenset({"reference", "inputs", "check"})


def fenced_reference(parts: Outline, path: Path) -> Reference | Fault | None:
    """The one Python block of the section `## Reference`; what is nearly one is a fault."""
    sections = [part for part in parts if isinstance(part, Heading) and _is_section(part)]
    if not sections:
        return _swallowed(parts)
    if len(sections) > 1:
        what = f"a second `## Reference`; the first is on line {sections[0].line}"
        return Fault(line=sections[1].line, column=1, what=what, mend="keep one")
    block = _only_block(_blocks_of(parts, sections[0]))
    return read_reference(block.source, path, block.line + 1) if isinstance(block, Block) else block


def _is_section(part: Heading | Block) -> bool:
    if not isinstance(part, Heading) or part.level != 2:
        return False
    return part.title.removesuffix(":").strip().lower() == "reference"


def _blocks_of(parts: Outline, section: Heading) -> tuple[Block, ...]:
    """The blocks up to the next section."""
    behind = parts[parts.index(section) + 1 :]
    ends = (
        position for position, part in enumerate(behind)
        if isinstance(part, Heading) and part.level <= section.level
    )  # fmt: skip
    inside = behind[: next(ends, len(behind))]
    return tuple(part for part in inside if isinstance(part, Block))


def _only_block(blocks: tuple[Block, ...]) -> Block | Fault | None:
    if not blocks:
        return None
    python = [block for block in blocks if block.is_python]
    if not python:
        info = blocks[0].info
        marked = f"marked as `{info}`, not as Python" if info else "not marked as Python"
        what = f"the block under `## Reference` is {marked}"
        mend = f"begin it with {blocks[0].fence}python"
        return Fault(line=blocks[0].line, column=1, what=what, mend=mend)
    if len(python) > 1:
        what = f"a second Python block under `## Reference`; the first is on line {python[0].line}"
        return Fault(line=python[1].line, column=1, what=what, mend="make them one")
    return python[0] if python[0].end_line else _endless(python[0])


def _endless(block: Block, before: str = "") -> Fault:
    mend = f"close it with a line {block.fence}"
    return Fault(line=block.line, column=1, what=f"this block never ends{before}", mend=mend)


def _swallowed(parts: Outline) -> Fault | None:
    """The section is there, but behind a fence that was forgotten it is code."""
    for block in parts:
        inside = outline(block.source) if isinstance(block, Block) else ()
        if isinstance(block, Block) and any(map(_is_section, inside)):
            last = inside[-1]
            # the fence that should end the Python block has ended this one
            if block.end_line is None or (isinstance(last, Block) and last.end_line is None):
                return _endless(block, " before `## Reference`")
    return None


def read_reference(source: str, path: Path, line: int = 1) -> Reference | Fault:
    try:
        tree = parse_module(source)
    except SyntaxError as error:
        return Fault(
            line=line + (error.lineno or 1) - 1,
            column=error.offset or 1,
            what=f"the reference is not valid Python: {error.msg}",
        )
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
