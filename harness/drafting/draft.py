"""A sketch written down as a problem: front matter, prose, reference."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.drafting.adapter import reference_of
from harness.drafting.naming import (
    Names,
    axis_word,
    letters,
    returned_names,
    size_names,
    tensor_names,
)
from harness.drafting.sketch import Given, Going, Refusal, Sketch
from harness.dtypes import DType

_SIZE = re.compile(r"\bs\d+\b")
_TIERS = ("sample", "test", "cpu", "cuda")
_RESERVED = ("reference", "inputs", "check", "torch", "functools")


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A sketch with names for everything."""

    sketch: Sketch
    tensors: dict[str, str]  # parameters' names, of what goes in
    outputs: list[str]
    sizes: dict[str, str]
    main: DType | None  # what [VAR] stands for
    let: dict[str, str]
    shapes: dict[str, tuple[str, ...]]
    scalars: list[Given]

    def formula(self, text: str) -> str:
        return _SIZE.sub(lambda found: self.sizes[found[0]], text)


def written(sketch: Sketch, slug: str, source: str, tree: ast.Module) -> str:
    draft = _named(sketch, tree)
    parameters = [
        *draft.tensors.values(),
        *(scalar.name for scalar in draft.scalars),
        *draft.sizes.values(),
    ]
    reference = reference_of(sketch, source, tree, _argument_names(draft), parameters, draft.main)
    front = "\n".join(_front(draft, slug))
    return f"---\n{front}\n---\n{_prose(draft, tree)}\n## Reference\n```python\n{reference}```\n"


def _named(sketch: Sketch, tree: ast.Module) -> _Draft:
    names = Names((*_RESERVED, sketch.entry))
    tensors = tensor_names(sketch, names)
    scalars = [
        Given(name=names.fresh(a.name, f"{a.name}_"), kind=a.kind, value=a.value)
        for a in sketch.arguments
        if isinstance(a, Given) and a.kind != "NoneType"
    ]
    said = returned_names(tree, sketch.entry)
    count = len(sketch.outputs)
    wished = said if len(said) == count else [""] * count
    plain = ["y", "out"] if count == 1 else ["out"]
    outputs = [names.fresh(*([wish] if wish else []), *plain) for wish in wished]
    draft = _Draft(
        sketch=sketch, tensors=tensors, outputs=outputs,
        sizes=size_names(sketch, tensors, names), main=_main(sketch),
        let={}, shapes={}, scalars=scalars,
    )  # fmt: skip
    places = [(tensors[t.name], t.axes, t.is_weight) for t in sketch.tensors]
    places += [(name, out.axes, False) for name, out in zip(outputs, sketch.outputs, strict=True)]
    for name, axes, is_weight in places:
        draft.shapes[name] = tuple(
            _axis(draft, names, axis, f"{name}_{axis_word(len(axes), i, is_weight=is_weight)}")
            for i, axis in enumerate(axes)
        )
    return draft


def _axis(draft: _Draft, names: Names, axis: str, wish: str) -> str:
    """A size or a number as it is; a formula under a name of its own."""
    text = draft.formula(axis)
    if text.isidentifier() or text.isdigit():
        return text
    for name, formula in draft.let.items():
        if formula == text:
            return name
    name = names.fresh(wish)
    draft.let[name] = text
    return name


def _main(sketch: Sketch) -> DType | None:
    """The type that a grade may vary: that of the first floats that go in."""
    floats = [tensor.dtype for tensor in sketch.tensors if tensor.dtype.is_float]
    main = floats[0] if floats else None
    for output in sketch.outputs:
        if output.dtype.is_float and (
            main is None or not (output.keeps_precision or output.dtype is main)
        ):
            raise Refusal(
                0, f"it makes {output.dtype.name} of inputs that are not",
                "the truth is computed in float64: let the result follow a floating input's dtype",
            )  # fmt: skip
    return main


def _argument_names(draft: _Draft) -> dict[str, str]:
    given = [a for a in draft.sketch.arguments if isinstance(a, Given) and a.kind != "NoneType"]
    scalars = {a.name: s.name for a, s in zip(given, draft.scalars, strict=True)}
    return {**draft.tensors, **scalars}


# ---- the front matter ---------------------------------------------------------------------------


def _front(draft: _Draft, slug: str) -> Iterator[str]:
    sketch = draft.sketch
    is_easy = not (sketch.weights or sketch.flops)
    yield f"slug: {slug}"
    yield f"title: {_title(sketch.entry, slug)}"
    yield f"difficulty: {'EASY' if is_easy else 'MEDIUM'}"
    yield 'author: ""'
    yield f"tags: [{'function' if sketch.kind == 'function' else 'module'}]"
    yield "parameters:"
    yield from _parameters(draft)
    yield from _block("let", draft.let)
    yield from _block("shapes", {k: f"[{', '.join(axes)}]" for k, axes in draft.shapes.items()})
    if sketch.require:
        yield f"require: [{', '.join(draft.formula(rule) for rule in sketch.require)}]"
    yield from _block("inputs", dict(_inputs(draft)))
    if draft.main is not None:
        yield f"dtypes: [{draft.main.name}]"
    yield from _cases(draft)
    if sketch.flops:
        yield f"flops: {draft.formula(sketch.flops)}  # of products and convolutions"
    if sketch.reduction:
        yield f"tolerance: {{reduction: {draft.formula(sketch.reduction)}}}"
    elif draft.main is not None:
        yield "# tolerance: {reduction: K}  where an element of a result sums K terms"


def _title(entry: str, slug: str) -> str:
    if entry in {"Model", "reference", "forward", "solution"} or not entry.isascii():
        return slug.replace("-", " ").replace("_", " ").capitalize()
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", entry)
    return " ".join(words).capitalize()


def _parameters(draft: _Draft) -> Iterator[str]:
    written = set(draft.sketch.written if not draft.sketch.returns else ())
    for tensor in draft.sketch.tensors:
        const = "false" if tensor.name in written else "true"
        yield _pointer(draft, draft.tensors[tensor.name], tensor.dtype, const)
    for name, output in zip(draft.outputs, draft.sketch.outputs, strict=True):
        yield _pointer(draft, name, output.dtype, "false")
    for scalar in draft.scalars:
        large = scalar.kind == "int" and abs(scalar.value) >= 2**31
        kind = "int64_t" if large else scalar.kind
        yield f"  - {{name: {scalar.name}, type: {kind}, pointer: false}}"
    for size in draft.sizes.values():
        yield f"  - {{name: {size}, type: size_t, pointer: false}}"


def _pointer(draft: _Draft, name: str, dtype: DType, const: str) -> str:
    spelling = f"{dtype.name}_t" if dtype.name.startswith(("int", "uint")) else dtype.name
    kind = '"[VAR]"' if dtype is draft.main else spelling
    return f"  - {{name: {name}, type: {kind}, pointer: true, const: {const}}}"


def _inputs(draft: _Draft) -> Iterator[tuple[str, str]]:
    written = set(draft.sketch.written if not draft.sketch.returns else ())
    for tensor in draft.sketch.tensors:
        drawn = _distribution(draft, tensor)
        if drawn != "normal" or tensor.name in written:
            yield draft.tensors[tensor.name], drawn


def _distribution(draft: _Draft, tensor: Going) -> str:
    if tensor.drawn == "normal":
        return "normal"
    bounds = f"[{draft.formula(tensor.low)}, {draft.formula(tensor.high)}]"
    why = "" if tensor.is_derived else "  # as in the example: say what is allowed"
    return f"{{{tensor.drawn}: {bounds}}}{why}"


def _block(key: str, entries: Mapping[str, str]) -> Iterator[str]:
    if entries:
        yield f"{key}:"
        yield from (f"  {name}: {value}" for name, value in entries.items())


def _cases(draft: _Draft) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for tier, sizes in draft.sketch.cases:
        pairs = zip(draft.sizes.values(), sizes, strict=True)
        groups.setdefault(tier, []).append(", ".join(f"{name}: {size}" for name, size in pairs))
    yield "cases:"
    if draft.scalars:
        numbers = ", ".join(f"{s.name}: {_number(s)}" for s in draft.scalars)
        yield f"  defaults: {{{numbers}}}"
    for tier in _TIERS:
        indent = "  " if tier in {"sample", "test"} else "    "
        if tier == "cpu" and tier in groups:
            yield "  bench:"
        if tier in groups:
            yield f"{indent}{tier}:"
            yield from (f"{indent}  - {{{case}}}" for case in groups[tier])


def _number(scalar: Given) -> str:
    if scalar.kind == "bool":
        return "true" if scalar.value else "false"
    text = repr(scalar.value)
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


# ---- the prose ----------------------------------------------------------------------------------


def _prose(draft: _Draft, tree: ast.Module) -> str:
    sizes = letters([*draft.sizes.values(), *draft.let])
    lines = [_summary(draft, tree), ""]
    results = draft.outputs or [draft.tensors[name] for name in draft.sketch.written]
    for title, names in (("Input", list(draft.tensors.values())), ("Output", results)):
        lines += [f"## {title}"]
        for name in names:
            axes = ", ".join(sizes.get(axis, axis) for axis in draft.shapes[name])
            lines.append(f"- Tensor `{name}` of shape $({axes})$")
        if title == "Input":
            lines += [f"- Number `{scalar.name}`" for scalar in draft.scalars]
        lines.append("")
    known = [f"${sizes[name]}$ is `{name}`" for name in draft.sizes.values()]
    known += [f"${sizes[name]}$ is `{formula}`" for name, formula in draft.let.items()]
    if known:
        lines += [f"Here {', '.join(known)}.", ""]
    return "\n".join(lines)


def _summary(draft: _Draft, tree: ast.Module) -> str:
    """The first paragraph of the docstring, or a sentence that asks for a better one."""
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == draft.sketch.entry:
            said = (ast.get_docstring(node) or "").split("\n\n")[0].strip()
            if said and not re.search(r"^\s*[#>]|```|^---", said, re.MULTILINE):
                return said
    return f"What `{draft.sketch.entry}` makes of its inputs. (Say it in a sentence and a formula.)"
