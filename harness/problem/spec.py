"""
A problem file read into a Problem: front matter (the base dialect and our own keys) and prose.

All faults of a file are found before any is told. Whether the problem can be graded is another
question: a file with only a signature loads and can be shown (`missing_to_grade` says what lacks).
"""

import functools
import hashlib
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from harness.errors import ProblemError, UserError
from harness.problem import fields
from harness.problem.cases import check_case, known_dtypes, read_cases
from harness.problem.fields import Notes
from harness.problem.marks import Node, Refused, read_document
from harness.problem.parameters import read_parameters
from harness.problem.reference import fenced_reference
from harness.records import Distribution, Fault, Param, Problem, Role, Tolerance

Found = TypeVar("Found")
Else = TypeVar("Else")

MAX_BYTES = 1 << 20
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
KEYS = (
    "slug", "title", "difficulty", "author", "tags", "parameters", "let", "shapes", "require",
    "dtypes", "cases", "flops", "bytes", "tolerance", "precision", "inputs", "allow", "lazy",
)  # fmt: skip
# who answers without computing: constants, an input, its mean, the answer to another question
LAZY = ("zeros", "ones", "copy", "mean", "stale")
DIFFICULTIES = ("EASY", "MEDIUM", "HARD")
MAX_AXES = 8


def read_text(path: Path) -> str:
    """The text of a regular file within the size cap, or a UserError that says what it is."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path}: not a regular file")
        if status.st_size > MAX_BYTES:
            size = status.st_size
            raise UserError(f"{path}: {size} bytes; a problem file has at most {MAX_BYTES}")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError(f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x})") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise UserError(f"{path}:{line}: holds a NUL byte")
    return text.replace("\r\n", "\n")


def read_problem(path: Path) -> Problem:
    """The problem of a file, or a ProblemError with every fault in it."""
    return _read_text(path, read_text(path))


@functools.lru_cache(maxsize=512)  # a warm worker grades one problem again and again
def _read_text(path: Path, text: str) -> Problem:
    try:
        root, body = read_document(text)
        if root is None:
            raise Refused(_no_front_matter(text))
        notes = Notes()
        problem = _read(root, body, path, text, notes)
        if notes.faults:
            raise Refused(*notes.faults)
    except Refused as refused:
        faults = tuple(sorted(refused.faults, key=lambda fault: (fault.line, fault.column)))
        raise ProblemError(str(path), faults, text) from refused
    return problem


def _no_front_matter(text: str) -> Fault:
    if text.lstrip().startswith("---"):
        what, mend = "the front matter has no end", "close it with a line `---`"
    else:
        what, mend = "no front matter", "begin the file with `---`, keys, `---`"
    return Fault(line=1, column=1, what=what, mend=mend)


def missing_to_grade(problem: Problem) -> tuple[str, ...]:
    """What the file still needs before anything can be graded, each as a block to paste."""
    missing = []
    tensors = [param.name for param in problem.params if param.pointer]
    if not any(param.role.is_written for param in problem.params):
        missing.append('parameters:\n  - {name: y, type: "[VAR]", pointer: true, const: false}')
    absent = [tensor for tensor in tensors if tensor not in dict(problem.shapes)]
    if absent:
        size = next((p.name for p in problem.params if p.role is Role.SCALAR), "64")
        lines = "\n".join(f"  {tensor}: [{size}]" for tensor in absent)
        missing.append(f"shapes:\n{lines}")
    if not problem.cases:
        scalars = [param.name for param in problem.params if param.role is Role.SCALAR]
        sizes = ", ".join(f"{scalar}: 7" for scalar in scalars)
        missing.append(f"cases:\n  test:\n    - {{{sizes}}}")
    if problem.reference is None:
        missing.append(
            f"in the text, or as the file reference/{problem.slug.replace('-', '_')}.py:\n\n"
            "## Reference\n```python\nimport torch\n\n"
            f"def reference({_reference_arguments(problem)}):\n    return ...\n```"
        )
    return tuple(missing)


def _reference_arguments(problem: Problem) -> str:
    return ", ".join(param.name for param in problem.params if param.role is not Role.OUTPUT)


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
        return self.of(key, lambda node, notes: fields.choice(node, notes, key, allowed), default)

    def words(self, key: str) -> tuple[str, ...]:
        items = self.of(key, lambda node, notes: fields.listed(node, notes, key), ())
        return tuple(fields.text(item, self.notes, key) for item in items)

    def formula(self, key: str, known: tuple[str, ...]) -> str | None:
        if key not in self.nodes:
            return None
        return fields.formula(self.nodes[key], self.notes, key, known)


def _read(root: Node, body: str, path: Path, text: str, notes: Notes) -> Problem:
    top = fields.entries(root, notes, "the front matter")
    for key, (mark, _) in top.items():
        near = fields.nearest(key, KEYS)
        if key not in KEYS and near:
            notes.add(mark, f"`{key}` is not a key", f"did you mean `{near}`?")
    given = _Given({key: value for key, (_, value) in top.items()}, notes)
    params = given.of("parameters", read_parameters, ())
    scalars = [param.name for param in params if param.role is Role.SCALAR]
    let = given.of("let", partial(_let, scalars=scalars, params=params), ())
    known = (*scalars, *(name for name, _ in let))
    inputs = given.of("inputs", partial(_inputs, params=params, known=known), ())
    drawn = dict(inputs)
    reference = fenced_reference(text, path, body_at=text.rindex(body))
    if isinstance(reference, Fault):
        notes.faults.append(reference)
        reference = None
    problem = Problem(
        slug=_slug(given.nodes, notes, path),
        title=given.text("title", path.stem),
        difficulty=given.choice("difficulty", DIFFICULTIES, ""),
        author=given.text("author"),
        tags=given.words("tags"),
        params=tuple(replace(param, drawn=param.name in drawn) for param in params),
        let=let,
        shapes=given.of("shapes", partial(_shapes, params=params, known=known), ()),
        require=given.of("require", partial(_require, known=known), ()),
        dtypes=given.of("dtypes", _dtypes, ("float32",)),
        cases=(),
        flops=given.formula("flops", known),
        bytes=given.formula("bytes", known),
        tolerance=given.of("tolerance", partial(_tolerance, known=known), Tolerance()),
        precision=given.choice("precision", ("ieee", "tf32"), "ieee"),
        inputs=inputs,
        allow=given.words("allow") if "allow" in given.nodes else None,
        lazy=given.of("lazy", _lazy, ()),
        extra=tuple((k, fields.written(node)) for k, node in given.nodes.items() if k not in KEYS),
        body=body,
        path=path,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        reference=reference,
    )
    cases = given.of("cases", partial(read_cases, params=params), ())
    if not notes.faults:  # sizes mean nothing while names or formulas are wrong
        for case, mark in cases:
            check_case(problem, case, mark, notes)
    return replace(problem, cases=tuple(case for case, _ in cases))


def _require(node: Node, notes: Notes, *, known: tuple[str, ...]) -> tuple[str, ...]:
    items = fields.listed(node, notes, "require")
    return tuple(fields.formula(item, notes, "require", known) for item in items)


def _slug(given: dict[str, Node], notes: Notes, path: Path) -> str:
    slug = fields.text(given["slug"], notes, "slug") if "slug" in given else path.stem
    if not SLUG.fullmatch(slug):
        mark = given.get("slug") or Node("str", "", (), (), 1, 1)
        notes.add(
            mark, f"the slug {slug!r} is not one", "lower-case letters, digits and -, up to 64"
        )
    return slug


def _let(
    node: Node, notes: Notes, *, scalars: list[str], params: tuple[Param, ...]
) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for key, (mark, value) in fields.entries(node, notes, "let").items():
        fields.name(mark, notes, "let")
        if any(key == param.name for param in params):
            notes.add(mark, f"`{key}` is a parameter already", "give the derived size another name")
        known = (*scalars, *(name for name, _ in found))
        found.append((key, fields.formula(value, notes, f"let {key}", known)))
    return tuple(found)


def _shapes(
    node: Node, notes: Notes, *, params: tuple[Param, ...], known: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    tensors = [param.name for param in params if param.pointer]
    found = []
    for key, (mark, value) in fields.entries(node, notes, "shapes").items():
        if key not in tensors:
            near = fields.nearest(key, tensors)
            mend = f"did you mean `{near}`?" if near else "shapes are for pointer parameters"
            notes.add(mark, f"`{key}` is not a pointer parameter", mend)
        axes = fields.listed(value, notes, f"the shape of {key}")
        if len(axes) > MAX_AXES:
            notes.add(value, f"`{key}` has {len(axes)} axes", f"at most {MAX_AXES}")
        found.append(
            (key, tuple(fields.formula(axis, notes, f"shape of {key}", known) for axis in axes))
        )
    for tensor in tensors:
        if tensor not in dict(found):
            notes.add(node, f"`{tensor}` has no shape", f"add `{tensor}: [ … ]`")
    return tuple(found)


def _dtypes(node: Node, notes: Notes) -> tuple[str, ...]:
    found = tuple(
        fields.choice(item, notes, "dtype", known_dtypes())
        for item in fields.listed(node, notes, "dtypes")
    )
    if not found:
        notes.add(node, "dtypes is empty", "name at least one, like float32")
    return found


def _tolerance(node: Node, notes: Notes, *, known: tuple[str, ...]) -> Tolerance:
    if node.kind == "str":
        fields.choice(node, notes, "tolerance", ("exact",))
        return Tolerance(exact=True)
    given = fields.entries(node, notes, "tolerance")
    options = ("reduction", "absolute", "relative", "because")
    for key, (mark, _) in given.items():
        if key not in options:
            near = fields.nearest(key, options)
            mend = f"did you mean `{near}`?" if near else f"one of {', '.join(options)}"
            notes.add(mark, f"`{key}` is not a key of tolerance", mend)
    values = {key: value for key, (_, value) in given.items()}
    explicit = {"absolute", "relative"} & values.keys()
    if explicit and "because" not in values:
        notes.add(node, "an explicit bound needs its reason", "add `because: …`")
    limits = {key: fields.number(values[key], notes, key) for key in explicit}
    for key in explicit:
        if limits[key] < 0:
            notes.add(values[key], f"{key}: a bound below zero admits nothing")
    return Tolerance(
        reduction=fields.formula(values["reduction"], notes, "reduction", known)
        if "reduction" in values
        else None,
        absolute=limits.get("absolute"),
        relative=limits.get("relative"),
        because=fields.text(values["because"], notes, "because") if "because" in values else "",
    )


def _inputs(
    node: Node, notes: Notes, *, params: tuple[Param, ...], known: tuple[str, ...]
) -> tuple[tuple[str, Distribution], ...]:
    tensors = {param.name: param for param in params if param.pointer}
    found = []
    for key, (mark, value) in fields.entries(node, notes, "inputs").items():
        fields.choice(mark, notes, "input", tensors)
        if key in tensors:
            found.append((key, _distribution(value, notes, tensors[key], known)))
    return tuple(found)


def _distribution(node: Node, notes: Notes, param: Param, known: tuple[str, ...]) -> Distribution:
    """`normal`, `uniform`, `{uniform: [low, high]}` or `{integers: [low, high]}`."""
    kind, bounds = node, None
    if node.kind == "map" and len(node.entries) == 1:
        ((kind, bounds),) = node.entries
    word = fields.choice(kind, notes, "distribution", ("normal", "uniform", "integers"))
    if param.dtype is not None and not param.dtype.is_float and word != "integers":
        notes.add(
            node, f"`{param.name}` holds whole numbers", f"{param.name}: {{integers: [0, 9]}}"
        )
    if bounds is None:
        if word == "integers":
            notes.add(node, "integers between what?", "{integers: [0, 9]}, both included")
        return Distribution(kind=word)
    if bounds.kind != "list" or len(bounds.items) != 2 or word == "normal":
        notes.add(bounds, f"{word} takes no such bounds", "{uniform: [-1, 1]}, {integers: [0, 9]}")
        return Distribution(kind=word)
    if word == "uniform":
        low, high = (str(fields.number(bound, notes, "a bound")) for bound in bounds.items)
    else:
        low, high = (fields.formula(bound, notes, "a bound", known) for bound in bounds.items)
    return Distribution(kind=word, low=low, high=high)


def _lazy(node: Node, notes: Notes) -> tuple[tuple[str, str], ...]:
    """The lazy candidates that are right for this problem, each with its reason."""
    found = []
    for key, (mark, value) in fields.entries(node, notes, "lazy").items():
        fields.choice(mark, notes, "lazy candidate", LAZY)
        found.append((key, fields.text(value, notes, f"why {key} is right")))
    return tuple(found)
