"""Sizes other than the example's: as small as it runs at, and for what was taken for constant."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from harness.arena.tracing.bench import MAX_ELEMENTS, Bench, Sizes, elements_of
from harness.arena.tracing.subject import Untraceable, refuse, tried
from harness.arena.tracing.symbols import Axes, Plan
from harness.problem.shapes import evaluate

SMALL = (2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 23, 24, 32, 37)
_MAX_GROUPS = 12


def obeys(rules: Iterable[str], sizes: Sizes) -> bool:
    return all(tried(lambda rule=rule: evaluate(rule, sizes)) == 1 for rule in rules)  # type: ignore[misc]


def makes_sense(plan: Plan, sizes: Sizes) -> bool:
    """Every axis is at least one."""
    axes = dict.fromkeys(axis for axes in (*plan.axes.values(), *plan.outputs) for axis in axes)
    return obeys((f"({axis}) >= 1" for axis in axes), sizes)


# ---- a first run that is small ------------------------------------------------------------------


def small_start(bench: Bench, plan: Plan) -> dict[str, int]:
    """Sizes at which it runs, as small as can be found; else its author learns why it does not."""
    for sizes in (_shrunk(plan), plan.sizes):
        if bench.agrees(plan, sizes) is not None:
            return dict(sizes)
    if bench.fill():
        return small_start(bench, plan)
    if elements_of(plan, plan.sizes) > MAX_ELEMENTS:
        raise Untraceable(
            "the example inputs are too large to be tried", "make them smaller, or use --shape"
        )
    came = bench.at(plan, plan.sizes)
    if isinstance(came, Exception):
        refuse(came, f"running {bench.subject.name}")
    return dict(plan.sizes)


def _shrunk(plan: Plan) -> dict[str, int]:
    """Each size in turn as small as the rules admit; no two alike where that can be."""
    sizes = dict(plan.sizes)
    for symbol in sorted(sizes, key=lambda symbol: -sizes[symbol]):
        taken = {size for other, size in sizes.items() if other != symbol}
        smaller = [size for size in SMALL if size < sizes[symbol]]
        for size in sorted(smaller, key=lambda size: size in taken):
            if obeys(plan.guards, {**sizes, symbol: size}):
                sizes[symbol] = size
                break
    return sizes


# ---- sizes that were taken for constants --------------------------------------------------------


def freed(bench: Bench, plan: Plan, start: Sizes) -> Plan:
    """The plan with a symbol for each constant that may as well be another number."""
    for group in list(_groups(plan))[:_MAX_GROUPS]:
        plan = _with_symbol(bench, plan, start, group) or plan
    return plan


def _groups(plan: Plan) -> Iterator[list[tuple[str, int]]]:
    """Axes of one constant size, together first and then alone."""
    found: dict[str, list[tuple[str, int]]] = {}
    for name, axes in plan.axes.items():
        for position, axis in enumerate(axes):
            if axis.isdigit():
                found.setdefault(axis, []).append((name, position))
    for size, group in found.items():
        if int(size) > 1:
            yield group
        if int(size) == 1 or len(group) > 1:
            yield from ([place] for place in group)


def _with_symbol(
    bench: Bench, plan: Plan, start: Sizes, group: list[tuple[str, int]]
) -> Plan | None:
    name, position = group[0]
    if not plan.axes[name][position].isdigit():
        return None  # freed already, together with others
    base, symbol = int(plan.axes[name][position]), f"s{len(plan.sizes)}"
    axes = {
        name: tuple(symbol if (name, i) in group else axis for i, axis in enumerate(axes))
        for name, axes in plan.axes.items()
    }
    varied = replace(plan, axes=axes, sizes={**plan.sizes, symbol: base})
    came = {
        size: bench.at(varied, {**start, **_rest(plan, start), symbol: size})
        for size in (base, base + 1, base + 3, max(1, base - 1))
    }
    shapes = []
    for run in came.values():
        if isinstance(run, Exception) or (run.has_nan and not bench.admits_nan):
            return None
        shapes.append([tuple(output.shape) for output in run.outputs])
    outputs = _lines(plan.outputs, shapes, base, symbol)
    # counts were of the constant
    return None if outputs is None else replace(varied, outputs=outputs, flops="", reduction="")


def _rest(plan: Plan, start: Sizes) -> Mapping[str, int]:
    """Symbols that were found since the start."""
    return {symbol: size for symbol, size in plan.sizes.items() if symbol not in start}


def _lines(
    outputs: tuple[Axes, ...], shapes: list[list[tuple[int, ...]]], base: int, symbol: str
) -> tuple[Axes, ...] | None:
    """Where an axis of an output moves with the symbol, in a straight line: along which."""
    found = []
    for number, axes in enumerate(outputs):
        if any(len(shape[number]) != len(axes) for shape in shapes):
            return None
        line = []
        for position, axis in enumerate(axes):
            zero, one, three, *_ = (shape[number][position] for shape in shapes)
            slope = one - zero
            if three - zero != 3 * slope or (slope and not axis.isdigit()):
                return None
            line.append(_line(slope, zero - slope * base, symbol) if slope else axis)
        found.append(tuple(line))
    return tuple(found)


def _line(slope: int, offset: int, symbol: str) -> str:
    term = symbol if slope == 1 else f"{slope} * {symbol}"
    return term if offset == 0 else f"{term} {'+' if offset > 0 else '-'} {abs(offset)}"
