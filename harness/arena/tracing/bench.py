"""Real runs at chosen sizes: what comes out, and whether it is what the plan says."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch.utils.flop_counter import FlopCounterMode

from harness.arena.tracing.subject import Subject, Tensor, tried
from harness.arena.tracing.symbols import Plan, results_of
from harness.problem.shapes import ShapeError, evaluate

MAX_ELEMENTS = 1 << 26  # of all tensors of one run together: 256 MiB in float32

_MARGIN = 1024  # elements before and behind an input

Sizes = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Range:
    """How a tensor is drawn."""

    kind: str  # "normal", "uniform", "integers"
    low: str = ""  # of whole numbers: formulas
    high: str = ""
    is_derived: bool = True  # found out, and not only seen in the example

    def draw(self, tensor: Tensor, shape: tuple[int, ...], sizes: Sizes, seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        if self.kind == "normal":
            return torch.randn(shape, generator=generator).to(tensor.dtype)
        if self.kind == "uniform":
            low, high = float(self.low), float(self.high)
            values = torch.rand(shape, generator=generator)
            return (low + (high - low) * values).to(tensor.dtype)
        low_, high_ = evaluate(self.low, sizes), evaluate(self.high, sizes)
        return torch.randint(low_, high_ + 1, shape, generator=generator).to(tensor.dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What a run gave."""

    outputs: tuple[torch.Tensor, ...]
    written: tuple[str, ...]  # inputs that it wrote to
    returned: str  # "one" tensor or "several"; empty if it only wrote
    lent: tuple[bool, ...]  # whether an output lies in an input's memory
    seconds: float

    @property
    def has_nan(self) -> bool:
        return any(bool(output.isnan().any()) for output in self.outputs)

    @property
    def is_finite(self) -> bool:
        return all(bool(torch.isfinite(output).all()) for output in self.outputs)


@dataclass(slots=True)
class Bench:
    """Where a subject is run."""

    subject: Subject
    ranges: dict[str, Range] = field(default_factory=dict)
    module: torch.nn.Module | None = None
    admits_nan: bool = True

    def __post_init__(self) -> None:
        self.module = self.subject.made()
        self.ranges = {tensor.name: _first_range(tensor) for tensor in self.subject.tensors}

    def fill(self) -> bool:
        """A module that computes with numbers of its own is built with them; False if it was."""
        was_hollow, self.subject.is_hollow = self.subject.is_hollow, False
        self.module = self.subject.made()
        return was_hollow

    def inputs(self, plan: Plan, sizes: Sizes, seed: int = 0) -> dict[str, torch.Tensor]:
        shapes = {
            tensor.name: tuple(evaluate(axis, sizes) for axis in plan.axes[tensor.name])
            for tensor in self.subject.tensors
        }
        for tensor in self.subject.tensors:
            if min(shapes[tensor.name], default=1) < 1:
                raise ShapeError(f"an axis of {tensor.name} is empty")
        return {
            tensor.name: _among_nans(
                self.ranges[tensor.name].draw(
                    tensor, shapes[tensor.name], sizes, seed * 131 + number
                )
            )
            for number, tensor in enumerate(self.subject.tensors)
        }

    def run(self, given: Mapping[str, torch.Tensor]) -> Came:
        versions = {name: tensor._version for name, tensor in given.items()}  # noqa: SLF001
        begun = time.perf_counter()
        with torch.no_grad():
            result = self.subject.call(given, self.module)
        seconds = time.perf_counter() - begun
        written = tuple(
            name
            for name, tensor in given.items()
            if tensor._version != versions[name]  # noqa: SLF001
        )
        outputs = (
            tuple(given[name] for name in written) if result is None else results_of(result, given)
        )
        places = {tensor.untyped_storage().data_ptr() for tensor in given.values()}
        return Came(
            outputs=outputs,
            written=written,
            returned=_kind(result),
            lent=tuple(output.untyped_storage().data_ptr() in places for output in outputs),
            seconds=seconds,
        )

    def at(self, plan: Plan, sizes: Sizes, seed: int = 0) -> Came | Exception:
        return tried(lambda: self.run(self.inputs(plan, sizes, seed)))

    def counts(self, plan: Plan, sizes: Sizes) -> int:
        """The operations of a run, as torch counts them."""
        with FlopCounterMode(display=False) as counter:
            self.at(plan, sizes)
        return int(counter.get_total_flops())

    def agrees(self, plan: Plan, sizes: Sizes) -> Came | None:
        """A run at these sizes that gave the shapes of the plan."""
        if elements_of(plan, sizes) > MAX_ELEMENTS:
            return None
        came = self.at(plan, sizes)
        if isinstance(came, Exception) or len(came.outputs) != len(plan.outputs):
            return None
        if came.has_nan and not self.admits_nan:
            return None
        wanted = tried(
            lambda: [tuple(evaluate(axis, sizes) for axis in axes) for axes in plan.outputs]
        )
        shapes = [tuple(output.shape) for output in came.outputs]
        return came if wanted == shapes and 0 not in sum(shapes, ()) else None


def _among_nans(tensor: torch.Tensor) -> torch.Tensor:
    """Not all of torch checks the sizes of weights: what reads beyond them shall be seen."""
    if not tensor.is_floating_point():
        return tensor
    around = torch.full((tensor.numel() + 2 * _MARGIN,), torch.nan, dtype=tensor.dtype)
    within = around[_MARGIN : _MARGIN + tensor.numel()].view(tensor.shape)
    return within.copy_(tensor)


def _kind(result: object) -> str:
    if result is None:
        return ""
    return "several" if isinstance(result, (tuple, list)) else "one"


def _first_range(tensor: Tensor) -> Range:
    """Zeros where whole numbers may be indices, until it is known of what."""
    if tensor.dtype == torch.bool:
        return Range("integers", "0", "1")
    if not tensor.dtype.is_floating_point:
        return Range("integers", "0", "0")
    return Range("normal")


def elements_of(plan: Plan, sizes: Sizes) -> int:
    """Of all that goes in and comes out; too many to count where the sizes make no sense."""
    total = 0
    for axes in (*plan.axes.values(), *plan.outputs):
        count = 1
        for axis in axes:
            size = tried(lambda axis=axis: evaluate(axis, sizes))  # type: ignore[misc]
            count *= size if isinstance(size, int) and size > 0 else MAX_ELEMENTS + 1
        total += count
    return total
