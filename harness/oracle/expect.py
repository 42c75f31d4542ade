"""
The truth and the budget: the reference, run in float64 and in the problem's own dtype.

The reference runs in a runner of its own, boxed like everybody; the judge only reads numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.host import Arena, random_address
from harness.arena.memory import Memory, lay_out, numpy_dtype
from harness.arena.session import Session
from harness.arena.wire import Style
from harness.dtypes import DTYPES
from harness.errors import ReferenceFailed
from harness.oracle.compare import relative_errors, summary
from harness.oracle.tolerance import bound_of
from harness.records import Argument, Bound, Case, Fell, Limits, Problem, Role

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What one draw should give: the truth of every output, and how far off it may be."""

    truth: dict[str, Array]
    bounds: dict[str, Bound]
    own_errors: dict[str, tuple[float, float]]  # of the reference in the problem's dtype


class Oracle:
    """A problem's reference, kept running; no stranger's code is ever in its process."""

    def __init__(self, arena: Arena, problem: Problem, *, limits: Limits) -> None:
        self._problem = problem
        self._limits = limits
        reference = problem.reference
        assert reference is not None
        opened = arena.open_python(
            reference.source.encode(),
            name="reference.py",
            style=Style.REFERENCE,
            threads=1,  # small cases: a second thread costs more than it brings
            limits=limits,
            freezes=False,
        )
        if isinstance(opened, Fell):
            raise self._failed(opened)
        self._session: Session = opened

    def expect(self, case: Case, arguments: Sequence[Argument], inputs: Memory) -> Expected:
        """The truth for the inputs that are in memory now."""
        outputs = [argument for argument in arguments if argument.role is Role.OUTPUT]
        if not any(a.dtype.is_float for a in arguments if a.role is not Role.SCALAR):
            truth = self._run(arguments, inputs, None)
            exact = {a.name: Bound(exact=True) for a in outputs}
            return Expected(truth=truth, bounds=exact, own_errors={})
        truth = self._run(arguments, inputs, "float64")
        variants = [self._run(arguments, inputs, None)]
        if any(a.dtype.is_half for a in outputs):
            # a kernel may round its intermediates to half, or keep them: admit both
            variants.append(self._run(arguments, inputs, "float32"))
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
            bounds[argument.name] = bound_of(self._problem, case, argument.dtype, measured)
        return Expected(truth=truth, bounds=bounds, own_errors=own_errors)

    def _run(
        self, arguments: Sequence[Argument], inputs: Memory, precision: str | None
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
                self._call(arguments, inputs, outputs)
            else:
                places, size = lay_out(arguments, Role.INPUT)
                with Memory(places, size, sealed=True) as widened:
                    for name in widened.places:
                        widened.window(name)[...] = inputs.window(name)
                    self._call(arguments, widened, outputs)
            return {name: outputs.window(name).copy() for name in outputs.places}

    def _call(self, arguments: Sequence[Argument], inputs: Memory, outputs: Memory) -> None:
        limit = self._limits.call_s * 6  # trusted to be right; still not for ever
        session = self._session
        done = session.lend(arguments, inputs, outputs, address=random_address(), timeout_s=limit)
        if not isinstance(done, Fell):
            done = session.call(timeout_s=limit)
        if isinstance(done, Fell):
            raise self._failed(done)

    def _failed(self, fell: Fell) -> ReferenceFailed:
        reference = self._problem.reference
        where = reference.path if reference else self._problem.path
        return ReferenceFailed(f"the reference {where} failed: {fell.message}\n{fell.log}".rstrip())

    def close(self) -> None:
        self._session.close()


def _own_error(got: Array, truth: Array, argument: Argument) -> tuple[float, float]:
    """What the reference gets wrong in the problem's dtype; where it overflows says nothing."""
    with np.errstate(over="ignore"):
        errors = relative_errors(got.astype(numpy_dtype(argument.dtype)), truth)
    finite = errors[np.isfinite(errors)]
    return summary(finite) if finite.size else (0.0, 0.0)
