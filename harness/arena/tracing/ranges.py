"""How inputs are drawn so that a subject can compute with them; and whether it can at all."""

from collections.abc import Mapping

import torch

from harness.arena.tracing.bench import Bench, Came, Range, Sizes
from harness.arena.tracing.subject import Tensor, Untraceable, refuse, tried
from harness.arena.tracing.symbols import Plan
from harness.problem.shapes import evaluate

_SMALL = 9


def settle(bench: Bench, plan: Plan, sizes: Sizes) -> None:
    """Normal, unless the results are no numbers then; indices within what they point into."""
    for tensor in bench.subject.tensors:
        if not tensor.dtype.is_floating_point and tensor.dtype != torch.bool:
            bench.ranges[tensor.name] = _index_range(bench, plan, sizes, tensor) or _seen(tensor)
    buffers = [t for t in bench.subject.weights if t.name in _buffers(bench)]
    inputs = [t for t in bench.subject.tensors if not t.is_weight]
    for group in ([], buffers, [*buffers, *inputs]):
        tamed = {t.name: _tame(t) for t in group if t.dtype.is_floating_point}
        other = replace_ranges(bench, tamed)
        runs = [other.at(plan, sizes, seed) for seed in range(4)]
        if all(isinstance(came, Came) and came.is_finite for came in runs):
            bench.ranges, bench.admits_nan = other.ranges, False
            return


def replace_ranges(bench: Bench, ranges: Mapping[str, Range]) -> Bench:
    other = Bench(bench.subject)
    other.module = bench.module
    other.ranges = {**bench.ranges, **ranges}
    return other


def _buffers(bench: Bench) -> set[str]:
    return set() if bench.module is None else {name for name, _ in bench.module.named_buffers()}


def _tame(tensor: Tensor) -> Range:
    """A buffer away from zero, an input as its example has it."""
    if tensor.is_weight:
        return Range("uniform", "0.5", "2.0")
    low, high = tensor.low, tensor.high
    if low is None or high is None or not low < high or low < 0:
        return Range("uniform", "0.0", "1.0")
    return Range("uniform", "0.0" if low < 0.1 * high else f"{low:.3g}", f"{max(high, 1.0):.3g}")


def _seen(tensor: Tensor) -> Range:
    low, high = (0, _SMALL) if tensor.low is None or tensor.high is None else (
        int(tensor.low), int(tensor.high))  # fmt: skip
    return Range("integers", str(low), str(high), is_derived=False)


def _index_range(bench: Bench, plan: Plan, sizes: Sizes, tensor: Tensor) -> Range | None:
    """An index is bounded by a size if that size is the first number that is refused."""
    others = [name for name in plan.axes if name != tensor.name]
    weights = {weight.name for weight in bench.subject.weights}
    others.sort(key=lambda name: name not in weights)
    formulas = dict.fromkeys(axis for name in others for axis in plan.axes[name])
    for formula in formulas:
        if _refuses_from(bench, plan, sizes, tensor, formula):
            return Range("integers", "0", _less_one(formula))
    return None


def _refuses_from(bench: Bench, plan: Plan, sizes: Sizes, tensor: Tensor, formula: str) -> bool:
    size = evaluate(formula, sizes)
    for index, is_fine in ((size - 1, True), (size, False)):
        given = bench.inputs(plan, sizes)
        given[tensor.name].fill_(index)
        came = tried(lambda given=given: bench.run(given))  # type: ignore[misc]
        if isinstance(came, Exception) is is_fine:
            return False
    return True


def _less_one(formula: str) -> str:
    if formula.isdigit():
        return str(int(formula) - 1)
    return f"{formula} - 1"


def first_run(bench: Bench, plan: Plan, sizes: Sizes) -> Came:
    """The first real run; what can be no reference is told to its author."""
    came = bench.at(plan, sizes)
    if isinstance(came, Exception) and bench.fill():
        came = bench.at(plan, sizes)
    if isinstance(came, Exception):
        refuse(came, f"running {bench.subject.name}")
    if not came.outputs:
        raise Untraceable(
            f"`{bench.subject.name}` returns nothing and writes to nothing",
            "return a tensor, or a tuple of tensors",
        )
    bench.module = bench.subject.made()
    again = bench.at(plan, sizes)
    if isinstance(again, Exception) or not _same(came, again):
        raise Untraceable(
            f"`{bench.subject.name}` gives other results when it is called again",
            "take what is random as an input",
        )
    return came


def _same(one: Came, other: Came) -> bool:
    return len(one.outputs) == len(other.outputs) and all(
        torch.equal(a.nan_to_num(), b.nan_to_num()) if a.is_floating_point() else torch.equal(a, b)
        for a, b in zip(one.outputs, other.outputs, strict=True)
    )


def widened(bench: Bench, plan: Plan, sizes: Sizes) -> Came:
    """A run with all floats in float64, as the truth is computed."""
    given = {
        name: tensor.double() if tensor.is_floating_point() else tensor
        for name, tensor in bench.inputs(plan, sizes).items()
    }
    module = bench.subject.made()
    other = replace_ranges(bench, {})
    other.module = module.double() if module is not None else None
    came = tried(lambda: other.run(given))
    if isinstance(came, Exception):
        refuse(came, f"running {bench.subject.name} in float64, as the truth is computed,")
    return came
