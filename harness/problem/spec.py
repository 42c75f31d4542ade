"""
A problem file read into a Problem: front matter (the base dialect and our own keys) and prose.

All faults of a file are found before any is told. Whether the problem can be graded is another
question: a file with only a signature loads and can be shown (`missing.py` says what it lacks).
"""

import contextlib
import functools
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from harness.errors import ProblemError
from harness.problem import definition, fields
from harness.problem.cases import check_case, read_cases
from harness.problem.declared import (
    read_dtypes,
    read_inputs,
    read_lazy,
    read_let,
    read_require,
    read_shapes,
    read_tolerance,
)
from harness.problem.fields import Notes
from harness.problem.markdown import Heading, Outline, outline
from harness.problem.marks import Node, Refused, read_document
from harness.problem.parameters import read_parameters
from harness.problem.reference import fenced_reference
from harness.problem.source import read_text
from harness.records import Fault, Param, Problem, Role, Tolerance

Found = TypeVar("Found")
Else = TypeVar("Else")

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
KEYS = (
    "slug", "title", "difficulty", "author", "tags", "parameters", "let", "shapes", "require",
    "dtypes", "cases", "flops", "bytes", "tolerance", "precision", "inputs", "allow", "lazy",
)  # fmt: skip
DIFFICULTIES = ("EASY", "MEDIUM", "HARD")
# a file of this name is one problem with its folder, and has the folder's name
FOLDER_FILES = ("problem.md", "readme.md")
_STRAYED = re.compile(
    r"\s*(?:#[^\n]*\n\s*)?(?:-{3,}[ \t]*\n\s*)?(?=(?:slug|title|parameters)[ \t]*:)"
)


def read_problem(path: Path) -> Problem:
    """The problem of a file, or a ProblemError with every fault in it."""
    beside = path.with_name(definition.FILE_NAME)
    has_definition = path.name.lower() in FOLDER_FILES and beside.is_file()
    text = read_text(path)
    return _read_text(path, text, file_slug(path), read_text(beside) if has_definition else "")


def file_slug(path: Path) -> str:
    """The slug that a file's place gives it, where it names none."""
    is_folder = path.name.lower() in FOLDER_FILES
    name = path.resolve().parent.name if is_folder else path.stem
    return as_slug(name)


def as_slug(name: str) -> str:
    """The nearest slug to any name."""
    words = re.findall(r"[a-z0-9_]+", name.lower(), re.ASCII)
    return "-".join(words)[:64].strip("-_") or "problem"


@functools.lru_cache(maxsize=512)  # a warm worker grades one problem again and again
def _read_text(path: Path, text: str, named: str, beside: str) -> Problem:
    with _told(path, text):
        root, body = read_document(text)
        given = _given(root or _no_front_matter(text))
        params: tuple[Param, ...] = given.of("parameters", read_parameters, ())
        digest = hashlib.sha256(text.encode()).hexdigest()
        if beside and "parameters" not in given.nodes:
            params, lines = _params_beside(path.with_name(definition.FILE_NAME), beside)
            # what was graded is the text and the list together
            digest = hashlib.sha256(f"{digest}\n{lines}".encode()).hexdigest()
        problem = _problem(given, params, path, text, body, named)
        if given.notes.faults:
            raise Refused(*given.notes.faults)
    return replace(problem, sha256=digest)


@contextlib.contextmanager
def _told(path: Path, text: str) -> Iterator[None]:
    """Faults become one message, in the order of the file."""
    try:
        yield
    except Refused as refused:
        ordered = sorted(refused.faults, key=lambda fault: (fault.line, fault.column))
        faults = tuple(ordered[: fields.MAX_FAULTS])
        # a long body below the last fault would be split into lines once a fault
        shown = "\n".join(text.split("\n", faults[-1].line)[: faults[-1].line])
        raise ProblemError(str(path), faults, shown) from refused


def _no_front_matter(text: str) -> Node:
    """Nothing but prose is a problem too, that can be shown; unless keys were meant to be read."""
    strayed = _STRAYED.match(text)
    if strayed or text.lstrip().startswith("---"):
        line = text.count("\n", 0, strayed.end() if strayed else 0) + 1
        what = "the front matter does not begin the file"
        mend = "the first line is `---` alone, then come the keys, then `---`"
        raise Refused(Fault(line=line, column=1, what=what, mend=mend))
    return Node("map", "", (), (), 1, 1)


def _params_beside(path: Path, source: str) -> tuple[tuple[Param, ...], str]:
    """The parameters of a `def.py`, and the lines that they stand on."""
    notes = Notes()
    with _told(path, source):
        found = definition.read_definition(source)
        params = read_parameters(found.node, notes) if found else ()
        if notes.faults:
            raise Refused(*notes.faults)
    return params, found.lines if found else ""


@dataclass(frozen=True, slots=True)
class _Given:
    """The keys that a file has, each with its node."""

    nodes: dict[str, Node]
    notes: Notes

    def of(self, key: str, read: Callable[[Node, Notes], Found], default: Else) -> Found | Else:
        return read(self.nodes[key], self.notes) if key in self.nodes else default

    def text(self, key: str, default: str = "") -> str:
        return self.of(key, lambda node, notes: fields.text(node, notes, key), default)

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        options = (*allowed, default)
        return self.of(key, lambda node, notes: fields.choice(node, notes, key, options), default)

    def words(self, key: str) -> tuple[str, ...]:
        items = self.of(key, lambda node, notes: fields.listed(node, notes, key), ())
        return tuple(fields.text(item, self.notes, key) for item in items)

    def formula(self, key: str, known: tuple[str, ...]) -> str | None:
        if key not in self.nodes:
            return None
        return fields.formula(self.nodes[key], self.notes, key, known)


def _given(root: Node) -> _Given:
    notes = Notes()
    top = fields.entries(root, notes, "the front matter")
    for key, (mark, _) in top.items():
        near = fields.nearest(key, KEYS)
        if key not in KEYS and near:
            notes.add(mark, f"`{key}` is not a key", f"did you mean `{near}`?")
    return _Given({key: value for key, (_, value) in top.items()}, notes)


def _problem(
    given: _Given, params: tuple[Param, ...], path: Path, text: str, body: str, named: str
) -> Problem:
    notes = given.notes
    scalars = [param.name for param in params if param.role is Role.SCALAR]
    let = given.of("let", partial(read_let, scalars=scalars, params=params), ())
    known = (*scalars, *(name for name, _ in let))
    inputs = given.of("inputs", partial(read_inputs, params=params, known=known), ())
    drawn = dict(inputs)
    first_line = text.count("\n", 0, text.rindex(body)) + 1
    parts = outline(body, first_line)
    reference = fenced_reference(parts, path)
    if isinstance(reference, Fault):
        notes.note(reference)
        reference = None
    problem = Problem(
        slug=_slug(given, named),
        title=given.text("title", _title(parts) or named),
        difficulty=given.choice("difficulty", DIFFICULTIES, ""),
        author=given.text("author"),
        tags=given.words("tags"),
        params=tuple(replace(param, drawn=param.name in drawn) for param in params),
        let=let,
        shapes=given.of("shapes", partial(read_shapes, params=params, known=known), ()),
        require=given.of("require", partial(read_require, known=known), ()),
        dtypes=given.of("dtypes", read_dtypes, ("float32",)),
        cases=(),
        flops=given.formula("flops", known),
        bytes=given.formula("bytes", known),
        tolerance=given.of("tolerance", partial(read_tolerance, known=known), Tolerance()),
        precision=given.choice("precision", ("ieee", "tf32"), "ieee"),
        inputs=inputs,
        allow=given.words("allow") if "allow" in given.nodes else None,
        lazy=given.of("lazy", read_lazy, ()),
        given=frozenset(given.nodes),
        extra=tuple((k, fields.written(node)) for k, node in given.nodes.items() if k not in KEYS),
        body=body,
        path=path,
        sha256="",
        reference=reference,
    )
    cases = given.of("cases", partial(read_cases, params=params), ())
    if not notes.faults:  # sizes mean nothing while names or formulas are wrong
        for case, mark in cases:
            check_case(problem, case, mark, notes)
    return replace(problem, cases=tuple(case for case, _ in cases))


def _title(parts: Outline) -> str:
    """The first heading of the first level, for a file that gives no title."""
    titles = (part.title for part in parts if isinstance(part, Heading) and part.level == 1)
    return next(titles, "")


def _slug(given: _Given, named: str) -> str:
    slug = given.text("slug", named)
    node = given.nodes.get("slug")
    if node and not SLUG.fullmatch(slug) and not fields.is_told(node, slug):
        mend = f"write `{as_slug(slug)}`: lower-case letters, digits, - and _, up to 64"
        given.notes.add(node, f"{slug!r} is not a slug", mend)
    return slug
