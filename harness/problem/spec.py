"""
A problem file read into a Problem: front matter (the base dialect and our own keys) and prose.

All faults of a file are found before any is told. Whether the problem can be graded is another
question: a file with only a signature loads and can be shown (`missing_to_grade` says what lacks).
"""

import functools
import hashlib
import re
import stat
from pathlib import Path

from harness.dtypes import DTYPES, DType
from harness.errors import ProblemError, UserError
from harness.problem import fields
from harness.problem.cases import check_case, known_dtypes, read_cases
from harness.problem.fields import Notes
from harness.problem.marks import Node, Refused, read_document
from harness.records import Fault, Param, Problem, Reference, Role, Tolerance

MAX_BYTES = 1 << 20
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
KEYS = (
    "slug", "title", "difficulty", "author", "tags", "parameters", "let", "shapes", "require",
    "dtypes", "cases", "flops", "bytes", "tolerance", "precision", "inputs", "allow",
)  # fmt: skip
PARAMETER_KEYS = ("name", "type", "pointer", "const", "constant")
DIFFICULTIES = ("EASY", "MEDIUM", "HARD")
_ALIASES = {
    "float": "float32", "double": "float64", "half": "float16", "int": "int32",
    **{f"{sign}int{bits}_t": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}  # fmt: skip
MAX_AXES = 8
MAX_PARAMETERS = 128
_HEADING = re.compile(r"^##[ \t]+Reference[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^```[ \t]*$", re.MULTILINE)


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
    if not any(param.role is Role.OUTPUT for param in problem.params):
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
            f"def reference({_reference_arguments(problem)}):\n    return …\n```"
        )
    return tuple(missing)


def _reference_arguments(problem: Problem) -> str:
    return ", ".join(param.name for param in problem.params if param.role is not Role.OUTPUT)


def _read(root: Node, body: str, path: Path, text: str, notes: Notes) -> Problem:
    top = fields.entries(root, notes, "the front matter")
    given = {key: value for key, (_, value) in top.items()}
    for key, (mark, _) in top.items():
        near = fields.nearest(key, KEYS)
        if key not in KEYS and near:
            notes.add(mark, f"`{key}` is not a key", f"did you mean `{near}`?")

    def word(key: str, default: str = "") -> str:
        return fields.text(given[key], notes, key) if key in given else default

    params = _params(given["parameters"], notes) if "parameters" in given else ()
    scalars = [param.name for param in params if param.role is Role.SCALAR]
    let = _let(given["let"], notes, scalars, params) if "let" in given else ()
    known = (*scalars, *(name for name, _ in let))
    shapes = _shapes(given["shapes"], notes, params, known) if "shapes" in given else ()
    require = tuple(
        fields.formula(item, notes, "require", known)
        for item in (
            fields.listed(given["require"], notes, "require") if "require" in given else ()
        )
    )
    counts = {
        key: fields.formula(given[key], notes, key, known) if key in given else None
        for key in ("flops", "bytes")
    }
    tolerance = (
        _tolerance(given["tolerance"], notes, known) if "tolerance" in given else Tolerance()
    )
    cases = read_cases(given["cases"], notes, params) if "cases" in given else ()
    if not notes.faults:  # sizes mean nothing while names or formulas are wrong
        summed = {**counts, "reduction": tolerance.reduction}
        for case, mark in cases:
            check_case(case, mark, notes, let=let, shapes=shapes, require=require, counts=summed)
    return Problem(
        slug=_slug(given, notes, path),
        title=word("title", path.stem),
        difficulty=fields.choice(given["difficulty"], notes, "difficulty", DIFFICULTIES)
        if "difficulty" in given
        else "",
        author=word("author"),
        tags=tuple(
            fields.text(item, notes, "a tag")
            for item in (fields.listed(given["tags"], notes, "tags") if "tags" in given else ())
        ),
        params=params,
        let=let,
        shapes=shapes,
        require=require,
        dtypes=_dtypes(given, notes),
        cases=tuple(case for case, _ in cases),
        flops=counts["flops"],
        bytes=counts["bytes"],
        tolerance=tolerance,
        precision=fields.choice(given["precision"], notes, "precision", ("ieee", "tf32"))
        if "precision" in given
        else "ieee",
        inputs=_inputs(given["inputs"], notes, params) if "inputs" in given else (),
        allow=tuple(
            fields.text(item, notes, "allow")
            for item in fields.listed(given["allow"], notes, "allow")
        )
        if "allow" in given
        else None,
        extra=tuple(
            (key, fields.written(value)) for key, value in given.items() if key not in KEYS
        ),
        body=body,
        path=path,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        reference=_fenced_reference(body, path),
    )


def _slug(given: dict[str, Node], notes: Notes, path: Path) -> str:
    slug = fields.text(given["slug"], notes, "slug") if "slug" in given else path.stem
    if not SLUG.fullmatch(slug):
        mark = given.get("slug") or Node("str", "", (), (), 1, 1)
        notes.add(
            mark, f"the slug {slug!r} is not one", "lower-case letters, digits and -, up to 64"
        )
    return slug


def _params(node: Node, notes: Notes) -> tuple[Param, ...]:
    params: list[Param] = []
    items = fields.listed(node, notes, "parameters")
    if len(items) > MAX_PARAMETERS:
        notes.add(node, f"{len(items)} parameters", f"at most {MAX_PARAMETERS}")
    for item in items:
        given = fields.entries(item, notes, "a parameter")
        for key, (mark, _) in given.items():
            if key not in PARAMETER_KEYS:
                near = fields.nearest(key, PARAMETER_KEYS)
                mend = f"did you mean `{near}`?" if near else f"one of {', '.join(PARAMETER_KEYS)}"
                notes.add(mark, f"`{key}` is not a key of a parameter", mend)
        for key in ("name", "type"):
            if key not in given:
                notes.add(item, f"the parameter has no `{key}`", f"add `{key}: …`")
        if not {"name", "type"} <= given.keys():
            continue
        param = _param({key: value for key, (_, value) in given.items()}, item, notes)
        if any(param.name == other.name for other in params):
            notes.add(given["name"][1], f"a second parameter named `{param.name}`", "rename one")
        params.append(param)
    return tuple(params)


def _param(given: dict[str, Node], item: Node, notes: Notes) -> Param:
    name = fields.name(given["name"], notes, "the parameter")
    dtype, is_tensor = _type(given["type"], notes)
    if "pointer" not in given and not is_tensor:
        notes.add(
            item, f"`{name}` does not say whether it is a pointer", "add `pointer: true|false`"
        )
    # where it is not said, the likelier guess keeps one fault from being told as ten
    guess = dtype is None
    pointer = fields.boolean(given["pointer"], notes, "pointer") if "pointer" in given else guess
    spellings = [key for key in ("const", "constant") if key in given]
    values = [fields.boolean(given[key], notes, key) for key in spellings]
    if len(set(values)) > 1:
        notes.add(given["constant"], f"`{name}`: const and constant disagree", "keep `const`")
    if pointer and not values:
        notes.add(item, f"`{name}`: read or written?", "add `const: true` (read) or `const: false`")
    return Param(name=name, dtype=dtype, pointer=pointer, const=bool(values and values[0]))


def _type(node: Node, notes: Notes) -> tuple[DType | None, bool]:
    """The element type; None is the variant's. And whether it was called a tensor."""
    if node.kind == "list":  # an unquoted [VAR] is a YAML list of one word
        word = node.items[0].text if len(node.items) == 1 else ""
    else:
        word = fields.text(node, notes, "type").strip("[]")
    if word in {"VAR", "torch.Tensor"}:
        return None, word == "torch.Tensor"
    spelling = _ALIASES.get(word, word)
    if spelling not in DTYPES:
        near = fields.nearest(word, ("[VAR]", *DTYPES, *_ALIASES))
        mend = f"did you mean `{near}`?" if near else f"[VAR], {', '.join((*DTYPES, *_ALIASES))}"
        notes.add(node, f"the type `{word}` is not known", mend)
        return None, False
    return DTYPES[spelling], False


def _let(
    node: Node, notes: Notes, scalars: list[str], params: tuple[Param, ...]
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
    node: Node, notes: Notes, params: tuple[Param, ...], known: tuple[str, ...]
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


def _dtypes(given: dict[str, Node], notes: Notes) -> tuple[str, ...]:
    if "dtypes" not in given:
        return ("float32",)
    found = tuple(
        fields.choice(item, notes, "dtype", known_dtypes())
        for item in fields.listed(given["dtypes"], notes, "dtypes")
    )
    if not found:
        notes.add(given["dtypes"], "dtypes is empty", "name at least one, like float32")
    return found


def _tolerance(node: Node, notes: Notes, known: tuple[str, ...]) -> Tolerance:
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


def _inputs(node: Node, notes: Notes, params: tuple[Param, ...]) -> tuple[tuple[str, str], ...]:
    tensors = [param.name for param in params if param.pointer]
    found = []
    for key, (mark, value) in fields.entries(node, notes, "inputs").items():
        fields.choice(mark, notes, "input", tensors)
        found.append((key, fields.choice(value, notes, "distribution", ("normal", "uniform"))))
    return tuple(found)


def _fenced_reference(body: str, path: Path) -> Reference | None:
    """The block that stands right under the heading; in steps, each linear in the text."""
    heading = _HEADING.search(body)
    after = body[heading.end() :].lstrip() if heading else ""
    opening = "```python\n"
    closing = _FENCE.search(after, len(opening)) if after.startswith(opening) else None
    return Reference(path=path, source=after[len(opening) : closing.start()]) if closing else None
