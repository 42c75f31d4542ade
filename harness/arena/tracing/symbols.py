"""
One run with symbols for sizes: which sizes are one and the same, and what the results' are.

What it says are hypotheses. Real runs decide about them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv
from torch.utils.flop_counter import FlopCounterMode

from harness.arena.tracing.formulas import Unspeakable, formula_of
from harness.arena.tracing.reductions import Reductions
from harness.arena.tracing.subject import Subject, Tensor, Untraceable, tried

Axes = tuple[str, ...]
MAX_READABLE = 120  # characters: longer formulas are none that an author would write


@dataclass(slots=True)
class Plan:
    """The sizes as formulas over symbols s0, s1, …"""

    axes: dict[str, Axes]  # of what goes in, by name
    outputs: tuple[Axes, ...]
    sizes: dict[str, int]  # the symbols, as the example has them
    guards: tuple[str, ...] = ()  # what held in this run, and may be needed
    flops: str = ""
    reduction: str = ""
    require: tuple[str, ...] = field(default=())


def symbolic_plan(subject: Subject) -> Plan | None:
    """None where the run needs numbers that symbols do not have."""
    env = ShapeEnv(duck_shape=False)  # two sizes that are equal by chance stay two symbols
    mode = FakeTensorMode(shape_env=env, allow_non_fake_inputs=True)
    hints: dict[Any, int] = {}
    run = _Run(
        {tensor.name: _symbols(env, tensor, hints) for tensor in subject.tensors}, sympy.S.Zero
    )
    with torch.no_grad(), mode, FlopCounterMode(display=False) as counter, Reductions() as sums:
        if isinstance(tried(lambda: run.through(subject)), Exception):
            return None  # if something is wrong, a real run tells the author what it is
        run.flops, run.terms = _expression(counter.get_total_flops()), sums.total
    return _Resolved(env, run, hints).plan()


@dataclass(slots=True)
class _Run:
    """What one run with symbols gave, as sympy has it."""

    axes: dict[str, list[Any]]
    flops: Any
    terms: Any = sympy.S.Zero
    outputs: list[list[Any]] = field(default_factory=list)

    def through(self, subject: Subject) -> None:
        tensors = {
            tensor.name: torch.empty(self.axes[tensor.name], dtype=tensor.dtype, device="cpu")
            for tensor in subject.tensors
        }
        module = subject.build() if subject.build is not None else None
        results = results_of(subject.call(tensors, module), tensors)
        self.axes = {name: _sizes(axes) for name, axes in self.axes.items()}
        self.outputs = [_sizes(result.shape) for result in results]


def results_of(result: Any, tensors: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """What was returned, or, if that is nothing, what was written to."""
    if result is None:
        return tuple(tensor for tensor in tensors.values() if tensor._version)  # noqa: SLF001
    results = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    for value in results:
        if not isinstance(value, torch.Tensor):
            raise Untraceable(
                f"it returns a {type(value).__name__}", "return a tensor, or a tuple of tensors"
            )
    return results


def _symbols(env: ShapeEnv, tensor: Tensor, hints: dict[Any, int]) -> list[Any]:
    found = []
    for axis, size in enumerate(tensor.shape):
        source = ConstantSource(f"{tensor.name}_{axis}")
        symbol = env.create_symbol(
            size, source, dynamic_dim=DimDynamic.DYNAMIC, constraint_dim=None
        )
        hints[symbol] = size
        found.append(env.create_symintnode(symbol, hint=size, source=source))
    return found


def _sizes(sizes: Iterable[Any]) -> list[Any]:
    return [_expression(size) for size in sizes]


def _expression(size: Any) -> Any:
    return size.node.expr if isinstance(size, torch.SymInt) else sympy.Integer(int(size))


class _Resolved:
    """The symbols that are left when everything found out is put in, renamed in their order."""

    def __init__(self, env: ShapeEnv, run: _Run, hints: Mapping[Any, int]) -> None:
        self._env, self._run, self._hints = env, run, hints
        self._solved: dict[Any, Any] = {}
        for guard in env.guards:
            self._solve(self.of(guard.expr))
        places = [*run.axes.values(), *run.outputs]
        order = [s for sizes in places for size in sizes for s in _free(self.of(size))]
        self._names = {s: sympy.Symbol(f"s{i}") for i, s in enumerate(dict.fromkeys(order))}

    def of(self, expression: Any) -> Any:
        found = self._env.replace(expression)
        for _ in self._solved:
            found = found.xreplace(self._solved)
        return found

    def _solve(self, guard: Any) -> None:
        """An equality with a symbol alone on one side says what that symbol is."""
        if not isinstance(guard, sympy.Eq):
            return
        for alone, other in ((guard.lhs, guard.rhs), (guard.rhs, guard.lhs)):
            if isinstance(alone, sympy.Symbol) and alone not in other.free_symbols:
                self._solved[alone] = other
                return

    def plan(self) -> Plan | None:
        if not set(self._names) <= set(self._hints):  # a size that the data decides
            return None
        try:
            axes = {name: self._texts(sizes) for name, sizes in self._run.axes.items()}
            outputs = tuple(self._texts(sizes) for sizes in self._run.outputs)
        except Unspeakable:
            return None
        return Plan(
            axes=axes,
            outputs=outputs,
            sizes={str(name): self._hints[symbol] for symbol, name in self._names.items()},
            guards=tuple(self._guards()),
            flops=self._optional(self._run.flops),
            reduction=terms
            if len(terms := self._optional(self._run.terms)) <= MAX_READABLE
            else "",
        )

    def _texts(self, sizes: Iterable[Any]) -> Axes:
        return tuple(self._text(size) for size in sizes)

    def _text(self, expression: Any) -> str:
        return formula_of(self.of(expression).xreplace(self._names))

    def _optional(self, expression: Any) -> str:
        try:
            return "" if expression == 0 else self._text(expression)
        except Unspeakable:
            return ""

    def _guards(self) -> Iterator[str]:
        for guard in dict.fromkeys(self.of(guard.expr) for guard in self._env.guards):
            text = "" if guard in {sympy.true, sympy.false} else self._optional(guard)
            if text and len(text) <= MAX_READABLE:
                yield text


def _free(expression: Any) -> list[Any]:
    return sorted(expression.free_symbols, key=str)
