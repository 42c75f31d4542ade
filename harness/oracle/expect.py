"""The truth and the budget: the reference, run in float64 and in the problem's own dtype."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.host import Arena
from harness.arena.memory import Memory, lay_out, numpy_dtype
from harness.dtypes import DTYPES
from harness.oracle.compare import relative_errors, summary
from harness.oracle.judge import Expected, checked, judge_outputs
from harness.oracle.module import Module
from harness.oracle.tolerance import bound_of
from harness.records import Argument, Bound, Case, Comparison, Limits, Problem, Role

Array = NDArray[Any]


class Oracle:
    """What is right for one problem."""

    def __init__(self, arena: Arena, problem: Problem, *, limits: Limits) -> None:
        self._problem = problem
        self.module = Module(arena, problem, limits=limits)

    def expect(self, case: Case, arguments: Sequence[Argument], inputs: Memory) -> Expected:
        """The truth for the inputs that are in memory now."""
        outputs = [argument for argument in arguments if argument.role.is_written]
        if self.module.checks or not any(a.dtype.is_float for a in outputs):
            only = Bound(checked=True) if self.module.checks else Bound(exact=True)
            return Expected(
                truth=self.run(arguments, inputs),
                bounds=dict.fromkeys((a.name for a in outputs), only),
                own_errors={},
            )
        truth = self.run(arguments, inputs, "float64")
        variants = [self.run(arguments, inputs)]
        if any(a.dtype.is_half for a in outputs):
            # a kernel may round its intermediates to half, or keep them: admit both
            variants.append(self.run(arguments, inputs, "float32"))
        bounds, own_errors = {}, {}
        for argument in outputs:
            if not argument.dtype.is_float:
                bounds[argument.name] = Bound(exact=True)
                truth[argument.name] = variants[0][argument.name]
                continue
            measured = [
                _own_error(variant[argument.name], truth[argument.name], argument)
                for variant in variants
            ]
            own_errors[argument.name] = measured[0]
            bounds[argument.name] = bound_of(
                self._problem, case, argument.dtype, measured, argument.count
            )
        return Expected(truth=truth, bounds=bounds, own_errors=own_errors)

    def run(
        self, arguments: Sequence[Argument], inputs: Memory, precision: str | None = None
    ) -> dict[str, Array]:
        """The reference's outputs, its floats widened to a precision if one is given."""
        if precision is not None:
            arguments = [
                replace(a, dtype=DTYPES[precision]) if a.dtype.is_float else a for a in arguments
            ]
        output_places, size = lay_out(arguments, Role.OUTPUT)
        with Memory(output_places, size, sealed=False) as outputs:
            outputs.poison()
            if precision is None:
                self.module.run(arguments, inputs, outputs)
            else:
                places, size = lay_out(arguments, Role.INPUT)
                with Memory(places, size, sealed=True) as widened:
                    for name in widened.places:
                        widened.window(name)[...] = inputs.window(name)
                    self.module.run(arguments, widened, outputs)
            return {name: outputs.window(name).copy() for name in outputs.places}

    def judge(
        self, arguments: Sequence[Argument], inputs: Memory, outputs: Memory, expected: Expected
    ) -> tuple[Comparison, ...]:
        """One comparison an output. The process that wrote them is frozen."""
        if not self.module.checks:
            return judge_outputs(expected, outputs)
        answer = inputs.arrays(), outputs.arrays(), expected.truth
        (words,) = self.module.check(arguments, [answer])
        return tuple(
            checked(name, truth.size, words, int(outputs.unwritten(name).sum()))
            for name, truth in expected.truth.items()
        )

    def close(self) -> None:
        self.module.close()


def memory_needed(arguments: Sequence[Argument]) -> int:
    """About what judging a draw takes: the inputs, their float64 twins, the outputs of each."""
    return 8 * sum(argument.nbytes for argument in arguments)


def _own_error(got: Array, truth: Array, argument: Argument) -> tuple[float, float]:
    """What the reference gets wrong in the problem's dtype; where it overflows says nothing."""
    with np.errstate(over="ignore"):
        errors = relative_errors(got.astype(numpy_dtype(argument.dtype)), truth)
    finite = errors[np.isfinite(errors)]
    return summary(finite) if finite.size else (0.0, 0.0)
