"""The cases of a problem: scalars by name, defaults filled in, every rule checked when read."""

import re
from collections.abc import Mapping

from harness.dtypes import DTYPES, DType
from harness.problem import fields
from harness.problem.fields import Notes
from harness.problem.marks import Node
from harness.problem.shapes import (
    Scope,
    ShapeError,
    declared_of,
    evaluate,
    labelled,
    names_in,
    scope_of,
)
from harness.records import Case, Distribution, Param, Problem, Role, Tier

MAX_ELEMENTS = 2**40
MAX_CASES = 256  # of one tier
# it is typed behind --case, and names files
_CASE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}", re.ASCII)
BENCH_DEVICES = ("cpu", "cuda")
EMULATED = "emulated"  # cases small enough for a kernel whose every access is looked at
_EXPONENTS = {"float64": 1023, "float32": 127, "bfloat16": 127, "float16": 15}  # the largest


def read_cases(
    node: Node, notes: Notes, params: tuple[Param, ...]
) -> tuple[tuple[Case, Node], ...]:
    """Each case with the place where it stands."""
    scalars = {param.name: param for param in params if param.role is Role.SCALAR}
    groups = fields.entries(node, notes, "cases")
    known = ("defaults", "sample", "test", "bench", EMULATED)
    for key, (mark, _) in groups.items():
        if key not in known:
            near = fields.nearest(key, known)
            notes.add(
                mark, f"`{key}` is not a group of cases",
                f"did you mean `{near}`?" if near else f"one of {', '.join(known)}",
            )  # fmt: skip
    defaults = (
        fields.entries(groups["defaults"][1], notes, "defaults") if "defaults" in groups else {}
    )
    _refuse_unknown(defaults, notes, scalars)
    found: list[tuple[Case, Node]] = []
    for tier in (Tier.SAMPLE, Tier.TEST):
        if tier in groups:
            found += _group(groups[tier][1], notes, tier, "any", defaults, scalars)
    if "bench" in groups:
        found += _bench(groups["bench"][1], notes, defaults, scalars)
    if EMULATED in groups:
        found += _group(groups[EMULATED][1], notes, Tier.TEST, EMULATED, defaults, scalars)
    names: dict[str, Node] = {}
    for case, mark in found:
        if case.name in names:
            first = names[case.name].line
            notes.add(mark, f"a case named `{case.name}` stands on line {first} too", "rename one")
        names.setdefault(case.name, mark)
    return tuple(found)


def _bench(
    node: Node,
    notes: Notes,
    defaults: Mapping[str, tuple[Node, Node]],
    scalars: Mapping[str, Param],
) -> list[tuple[Case, Node]]:
    found: list[tuple[Case, Node]] = []
    for device, (mark, bench) in fields.entries(node, notes, "bench").items():
        if device not in BENCH_DEVICES:
            notes.add(mark, f"no bench cases for `{device}`", "write cpu: or cuda:")
        else:
            found += _group(bench, notes, Tier.BENCH, device, defaults, scalars)
    return found


def _group(
    node: Node,
    notes: Notes,
    tier: Tier,
    device: str,
    defaults: Mapping[str, tuple[Node, Node]],
    scalars: Mapping[str, Param],
) -> list[tuple[Case, Node]]:
    found = []
    items = fields.listed(node, notes, f"{tier} cases", MAX_CASES)
    for position, item in enumerate(items, start=1):
        given = dict(fields.entries(item, notes, "a case"))
        named = given.pop("name", None)
        fallback = f"{tier}-{position}" if device == "any" else f"{tier}-{device}-{position}"
        name = _name(named[1], notes) if named else fallback
        _refuse_unknown(given, notes, scalars)
        merged = {**defaults, **given}
        missing = [scalar for scalar in scalars if scalar not in merged]
        if missing:
            notes.add(
                item, f"case `{name}` gives no value for {', '.join(missing)}",
                "add it here or under `defaults`",
            )  # fmt: skip
            continue
        values = {key: merged[key][1] for key in scalars}
        resolved = _resolve(values, notes, scalars)
        if resolved is not None:
            found.append((Case(name=name, tier=tier, device=device, scalars=resolved), item))
    return found


def _name(node: Node, notes: Notes) -> str:
    word = fields.text(node, notes, "name")
    if not _CASE_NAME.fullmatch(word) and not fields.is_told(node, word):
        notes.add(node, f"{word!r} is no name for a case", "letters, digits and . _ + -, up to 64")
    return word


def _refuse_unknown(
    given: Mapping[str, tuple[Node, Node]], notes: Notes, scalars: Mapping[str, Param]
) -> None:
    for key, (mark, _) in given.items():
        if key not in scalars:
            near = fields.nearest(key, scalars)
            mend = f"did you mean `{near}`?" if near else "cases give scalar parameters"
            notes.add(mark, f"`{key}` is not a scalar parameter", mend)


def _resolve(
    values: Mapping[str, Node], notes: Notes, scalars: Mapping[str, Param]
) -> tuple[tuple[str, int | float], ...] | None:
    """Numbers as they are; formulas over other scalars (`groups: in_channels`) in any order."""
    known: dict[str, int | float] = {}
    waiting: dict[str, Node] = {}
    for key, node in values.items():
        element = scalars[key].dtype
        if node.kind == "bool":
            known[key] = int(fields.boolean(node, notes, key))
        elif element is None or element.is_float:
            known[key] = fields.number(node, notes, key)
        elif (plain := fields.whole(node)) is not None:
            known[key] = plain
        elif node.kind == "str":
            waiting[key] = node
        else:
            notes.add(node, f"{key}: {node.text!r} is not a whole number")
            return None
    if not _settle(waiting, known, notes):
        return None
    return _fitting(known, values, notes, scalars)


def _settle(waiting: dict[str, Node], known: dict[str, int | float], notes: Notes) -> bool:
    """Evaluate each formula once all its names are known; False, with faults, if some never are."""
    while waiting:
        still: dict[str, Node] = {}
        for key, node in waiting.items():
            try:
                if names_in(node.text) <= known.keys():
                    known[key] = evaluate(node.text, known)
                else:
                    still[key] = node
            except ShapeError as error:
                notes.add(node, f"{key}: {error}")
                return False
        if len(still) == len(waiting):
            for key, node in still.items():
                notes.add(node, f"{key}: `{node.text}` uses names that are not scalars of the case")
            return False
        waiting = still
    return True


def _fitting(
    known: Mapping[str, int | float],
    values: Mapping[str, Node],
    notes: Notes,
    scalars: Mapping[str, Param],
) -> tuple[tuple[str, int | float], ...] | None:
    """Each value within its C type."""
    fits = True
    for key, value in known.items():
        element = scalars[key].dtype or DTYPES["float32"]
        low, high = _range(element)
        if not low <= value <= high:
            notes.add(values[key], f"{key}: {value} does not fit {element.c}")
            fits = False
    return tuple((key, known[key]) for key in scalars) if fits else None


def _range(element: DType) -> tuple[float, float]:
    if element.is_float:
        largest = (2 - element.eps) * 2.0 ** _EXPONENTS[element.name]
        return -largest, largest
    if element.name == "bool":
        return 0, 1
    signed = element.name.startswith("int")
    bits = 8 * element.size_bytes - (1 if signed else 0)
    return (-(2**bits) if signed else 0), 2**bits - 1


def check_case(problem: Problem, case: Case, mark: Node, notes: Notes) -> None:
    """`require`, every size and every count (like flops), with this case's numbers."""
    counts = {
        "flops": problem.flops,
        "bytes": problem.bytes,
        "reduction": problem.tolerance.reduction,
    }
    try:
        scope = scope_of(problem.let, case)
        for rule in problem.require:
            if not labelled("require", rule, scope):
                used = " and ".join(f"{name} is {scope[name]}" for name in sorted(names_in(rule)))
                what = f"case `{case.name}` breaks `require: {rule}`"
                notes.add(mark, f"{what}, where {used}" if used else what)
                return
        if not _has_fair_sizes(problem, case, scope, mark, notes):
            return
        for name, drawn in problem.inputs:
            _check_bounds(problem, case, name, drawn, mark, notes)
        for what, formula in counts.items():
            if formula is not None and (count := labelled(what, formula, scope)) < 0:
                notes.add(mark, f"case `{case.name}`: {what} is {count}")
    except ShapeError as error:
        notes.add(mark, f"case `{case.name}`: {error}")


def _has_fair_sizes(problem: Problem, case: Case, scope: Scope, mark: Node, notes: Notes) -> bool:
    for tensor, axes in problem.shapes:
        elements = 1
        for axis in axes:
            size = labelled(f"shape of {tensor}", axis, scope)
            elements *= size
            if size < 1:
                notes.add(
                    mark, f"case `{case.name}`: axis `{axis}` of `{tensor}` is {size}",
                    "every axis is at least 1",
                )  # fmt: skip
                return False
        if elements > MAX_ELEMENTS:
            what = f"case `{case.name}`: `{tensor}` has {elements} elements"
            notes.add(mark, what, "at most 2**40")
    return True


def _check_bounds(
    problem: Problem, case: Case, name: str, drawn: Distribution, mark: Node, notes: Notes
) -> None:
    if not drawn.high:
        return
    bounds = declared_of(problem, case)[name]
    low, high = float(bounds.low), float(bounds.high)
    if low > high:
        notes.add(mark, f"case `{case.name}`: `{name}` is drawn from {bounds.low} to {bounds.high}")
    element = next(param.dtype for param in problem.params if param.name == name)
    for kind in [element] if element else [DTYPES[dtype] for dtype in problem.dtypes]:
        smallest, largest = _range(kind)
        if kind.is_float and bounds.kind == "integers":  # beyond it not every whole number is one
            largest = 2 / kind.eps
            smallest = -largest
        if low < smallest or high > largest:
            notes.add(
                mark, f"case `{case.name}`: {bounds.low} to {bounds.high} does not fit `{name}`"
                f" in {kind.name}",
                "choose another type, other bounds or other dtypes",
            )  # fmt: skip


def known_dtypes() -> tuple[str, ...]:
    return tuple(name for name, dtype in DTYPES.items() if dtype.kind in {"float", "int"})
