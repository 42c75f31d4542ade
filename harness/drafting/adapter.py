"""The reference of a draft: the author's own source, and a function that calls it by the names."""

import ast
import textwrap
from collections.abc import Mapping, Sequence

from harness.drafting.sketch import Coming, Given, Sketch
from harness.dtypes import DType

_WIDTH = 100
_EXAMPLES = frozenset({"get_inputs", "example_inputs"})


def reference_of(
    sketch: Sketch,
    source: str,
    tree: ast.Module,
    names: Mapping[str, str],
    parameters: Sequence[str],
    main: DType | None,
) -> str:
    """The block that stands under `## Reference`."""
    first = next((names[t.name] for t in sketch.tensors if t.dtype is main), "")
    entry = sketch.entry
    parts = [_without_examples(source, tree)]
    imports = _imports(sketch, tree, needs_cache=sketch.kind == "module" and bool(first))
    if imports:
        parts.append("\n".join(imports))
    if sketch.kind == "function" and entry in {"reference", *parameters}:
        parts.append(f"_given = {entry}  # as it was written")
        entry = "_given"
    if sketch.kind != "function":
        parts.append(_made(sketch, is_cast=bool(first)))
        entry = f"_module({first}.dtype)" if sketch.kind == "module" and first else "_module"
    given = [
        _passed(argument, names) if isinstance(argument, Given) else names[argument.name]
        for argument in sketch.arguments
    ]
    body = [
        f"    {names[name]} = {names[name]}.clone()  # it is written to" for name in sketch.written
    ]
    call = _call(sketch, entry, given, names, body)
    body += _returned(sketch, call, [names[name] for name in sketch.written], main, first)
    parts.append("\n".join([*_head(parameters), *body]))
    blocks = "\n\n\n".join(part.strip("\n") for part in parts)
    return f"{blocks}\n"


def _head(parameters: Sequence[str]) -> list[str]:
    line = f"def reference({', '.join(parameters)}):"
    if len(line) <= _WIDTH:
        return [line]
    inside = textwrap.wrap(", ".join(parameters) + ",", _WIDTH - 4)
    return ["def reference(", *(f"    {part}" for part in inside), "):"]


def _passed(argument: Given, names: Mapping[str, str]) -> str:
    if argument.kind == "NoneType":
        return "None"
    return f"bool({names[argument.name]})" if argument.kind == "bool" else names[argument.name]


def _made(sketch: Sketch, *, is_cast: bool) -> str:
    init = "*get_init_inputs()" if sketch.has_init else ""
    made = f"{sketch.entry}({init}).eval()"
    if sketch.kind == "hollow":
        return (
            'with torch.device("meta"):  # without numbers: its weights are parameters\n'
            f"    _module = {made}"
        )
    if not is_cast:
        return f"_module = {made}"
    return f"@functools.cache\ndef _module(dtype):\n    return {made}.to(dtype)"


def _call(
    sketch: Sketch,
    entry: str,
    given: Sequence[str],
    names: Mapping[str, str],
    body: list[str],
) -> str:
    if not sketch.weights:
        return f"{entry}({', '.join(given)})"
    lines = [f'        "{weight.name}": {names[weight.name]},' for weight in sketch.weights]
    body += ["    weights = {", *lines, "    }"]
    inside = f"({', '.join(given)}{',' if len(given) == 1 else ''})"
    return f"torch.func.functional_call({entry}, weights, {inside})"


def _returned(
    sketch: Sketch, call: str, written: Sequence[str], main: DType | None, first: str
) -> list[str]:
    """What it returned, made such that it lies in memory of its own and has its type."""
    if not sketch.returns:
        return [f"    {call}", f"    return {', '.join(written)}"]
    endings = [_ending(output, main, first) for output in sketch.outputs]
    if not any(endings):
        return [f"    return {call}"]
    if sketch.returns == "one":
        return [f"    return {call}{endings[0]}"]
    results = [f"result_{i}" for i in range(len(endings))]
    mended = ", ".join(r + ending for r, ending in zip(results, endings, strict=True))
    comma = "," if len(results) == 1 else ""
    return [f"    {', '.join(results)}{comma} = {call}", f"    return {mended}{comma}"]


def _ending(output: Coming, main: DType | None, first: str) -> str:
    cast = "" if output.keeps_precision or output.dtype is not main else f".to({first}.dtype)"
    return cast + (".clone()" if output.is_lent else "")


# ---- the author's source ------------------------------------------------------------------------


def _imports(sketch: Sketch, tree: ast.Module, *, needs_cache: bool) -> list[str]:
    wanted = ["functools"] if needs_cache else []
    if sketch.kind == "hollow" or sketch.weights:
        wanted.append("torch")
    aliases = [a for node in tree.body if isinstance(node, ast.Import) for a in node.names]
    bound = {alias.asname or alias.name.partition(".")[0] for alias in aliases}
    return [f"import {name}" for name in wanted if name not in bound]


def _without_examples(source: str, tree: ast.Module) -> str:
    """What makes the example's inputs, or runs as a script, is no part of a reference."""
    lines = source.split("\n")
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in reversed(tree.body):
        is_example = isinstance(node, ast.FunctionDef) and node.name in _EXAMPLES - used
        if (is_example or _is_script(node)) and node.end_lineno is not None:
            del lines[node.lineno - 1 : node.end_lineno]
            while lines[node.lineno - 2 : node.lineno] == ["", ""]:
                del lines[node.lineno - 1]
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _is_script(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in {
        inner.id for inner in ast.walk(node.test) if isinstance(inner, ast.Name)
    }
