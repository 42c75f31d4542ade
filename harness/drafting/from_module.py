"""A problem started from a PyTorch function or module: traced in a box, written down here."""

import ast
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from harness.arena.host import Arena
from harness.arena.session import memfd_of
from harness.drafting.draft import written
from harness.drafting.sketch import Garbled, Refusal, Sketch, read_sketch
from harness.errors import ProblemError, UserError
from harness.problem.source import read_text
from harness.problem.spec import SLUG, read_problem
from harness.records import Limits
from harness.sandbox.box import Log

TRACER = "harness.arena.tracing.main"
_ANSWER_BYTES = 1 << 18
NO_SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType({})


def draft(
    path: Path,
    slug: str,
    *,
    arena: Arena,
    name: str | None = None,
    shapes: Mapping[str, tuple[int, ...]] = NO_SHAPES,
    limits: Limits | None = None,
) -> str:
    """The text of a problem that asks for what a function or module of the file computes."""
    if not SLUG.fullmatch(slug):
        raise UserError(f"{slug!r} is no slug: lower-case letters, digits and -, up to 64")
    source = read_text(path)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        words = error.msg if isinstance(error, SyntaxError) else str(error)
        raise UserError(f"{path}{line}: not valid Python: {words}") from error
    question = {"source": source, "name": name, "shapes": {k: list(v) for k, v in shapes.items()}}
    try:
        sketch = _sketched(path, question, arena, limits or Limits())
        text = written(sketch, slug, source, tree)
    except Refusal as told:
        line = f":{told.line}" if told.line else ""
        mend = f"\n      mend: {told.mend}" if told.mend else ""
        raise UserError(f"{path}{line}: {told.what}{mend}") from told
    _read_back(path, slug, text)
    return text


def _sketched(path: Path, question: object, arena: Arena, limits: Limits) -> Sketch:
    """What the box says of it; whatever else it does is its own affair."""
    nursery = arena.importing("torch", TRACER)
    asked = memfd_of(json.dumps(question).encode())
    answer = Log(_ANSWER_BYTES)
    try:
        with nursery.bear_module(
            TRACER, descriptors=[asked, answer.descriptor], env={}, limits=limits
        ) as box:
            ended = box.wait(limits.load_s)
            said = box.log.text().strip().rpartition("\n")[2][:200]
        if ended is None:
            raise UserError(
                f"{path}: no end within {limits.load_s:g} s\n"
                "      mend: give smaller example inputs, in the file or with --shape"
            )
        try:
            return read_sketch(answer.text())
        except Garbled as error:
            why = f": {said}" if said else ""
            raise UserError(
                f"{path}: it could not be traced, it ended with {ended}{why}"
            ) from error
    finally:
        os.close(asked)
        answer.close()


def _read_back(path: Path, slug: str, text: str) -> None:
    """What does not read as a problem is not given out."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{slug}.md"
        file.write_text(text)
        try:
            problem = read_problem(file)
        except ProblemError as error:
            faults = "; ".join(fault.what for fault in error.faults)
            raise UserError(f"{path}: no problem can be made of it: {faults}") from error
    reference = problem.reference
    if reference is None:
        raise UserError(f"{path}: a line of three backticks in it would end the block it stands in")
    for word in sorted(reference.defines - {"reference"}):
        raise UserError(
            f"{path}: `{word}` at its top would be taken for the problem's own {word}()\n"
            "      mend: give it another name"
        )
