"""
The corpus before five rules of other graders, each with its own inputs and its own reference.

Rules and inputs are as measured from their code; where it names no inputs (GPU MODE leaves them to
each task) they are normal. Each gets every case of the problem and five draws of each, which is
more than they make: one shape a problem, and five draws at most.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.memory import Memory
from harness.oracle.check import seeds_for
from harness.oracle.draw import Seed, draw_inputs
from harness.problem.shapes import arguments_of, declared_of
from harness.records import Argument, Case
from tests.studies.corpus.judged import Desk, buffers, number_of, write
from tests.studies.corpus.records import Kernel

Array = NDArray[Any]
Generator = np.random.Generator
Verdicts = dict[tuple[str, str], bool]  # rule and kernel
DRAWS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    name: str
    inputs: str
    absolute: float
    relative: float
    in_halves: float | None = None  # both, where it differs
    matched: float = 1.0

    def accepts(self, got: Array, reference: Array) -> bool:
        """Against the reference in the problem's own dtype; NaN is never close."""
        is_half = reference.dtype.itemsize < 4 and reference.dtype.kind not in "iub"
        absolute, relative = self.absolute, self.relative
        if is_half and self.in_halves is not None:
            absolute = relative = self.in_halves
        y, r = got.astype(np.float64), reference.astype(np.float64)
        with np.errstate(invalid="ignore"):
            close = (np.abs(y - r) <= absolute + relative * np.abs(r)) | (y == r)
        return float(close.mean()) >= self.matched


RULES = (
    Rule(name="KernelBench", inputs="uniform", absolute=1e-4, relative=1e-4, in_halves=1e-2),
    Rule(name="KernelBench v0, BackendBench", inputs="uniform", absolute=1e-2, relative=1e-2),
    Rule(name="SOL-ExecBench", inputs="by name", absolute=1e-2, relative=1e-2, matched=0.99),
    Rule(name="robust-kbench", inputs="uniform", absolute=1e-5, relative=1e-5),
    Rule(name="GPU MODE, default", inputs="normal", absolute=1e-8, relative=1e-5),
)


def _uniform(rng: Generator, _: str, shape: tuple[int, ...]) -> Array:
    return rng.random(shape, dtype=np.float32)


def _normal(rng: Generator, name: str, shape: tuple[int, ...]) -> Array:
    values = rng.standard_normal(shape, dtype=np.float32)
    # the root of a variance below zero is nothing that any task would ask for
    return np.abs(values) if name == "variance" else values


def _by_name(rng: Generator, name: str, shape: tuple[int, ...]) -> Array:
    """Weights of norms are one, biases zero, variances positive, matrices scaled by their fan."""
    values = rng.standard_normal(shape, dtype=np.float32)
    match name:
        case "weight":
            return np.ones(shape, dtype=np.float32)
        case "bias":
            return np.zeros(shape, dtype=np.float32)
        case "variance":
            return np.abs(values) + np.float32(0.1)
        case "taps":
            return values / np.float32(math.sqrt(math.prod(shape[1:])))
        case _:
            return values


INPUTS: Mapping[str, Callable[[Generator, str, tuple[int, ...]], Array]] = {
    "uniform": _uniform,
    "normal": _normal,
    "by name": _by_name,
}


def judge_by_peers(at: Desk, kernels: tuple[Kernel, ...]) -> Verdicts:
    """Whether each rule accepts each kernel in every draw of its own."""
    verdicts: Verdicts = {}
    for inputs in INPUTS:
        rules = tuple(rule for rule in RULES if rule.inputs == inputs)
        for case in at.problem.cases:
            arguments = arguments_of(at.problem, case, at.dtype)
            for draw in range(DRAWS):
                rng = np.random.default_rng(number_of(at.problem.slug, case.name, inputs, draw))
                with buffers(arguments) as (read, written):
                    _fill(at, case, read, rng, inputs)
                    _judge(at, kernels, arguments, (read, written), rules, verdicts)
    return verdicts


def judge_by_peers_here(at: Desk, kernels: tuple[Kernel, ...]) -> Verdicts:
    """The same rules, on the draws of this judge's first grading."""
    verdicts: Verdicts = {}
    for case in at.problem.cases:
        arguments = arguments_of(at.problem, case, at.dtype)
        for each in seeds_for(case, at.problem.cases):
            number = number_of(at.problem.slug, at.dtype, case.name, each.kind, 0)
            with buffers(arguments) as (read, written):
                seed = Seed(each.kind, number)
                draw_inputs(at.problem, case, arguments, read, seed, at.oracle.module)
                _judge(at, kernels, arguments, (read, written), RULES, verdicts)
    return verdicts


def _judge(
    at: Desk,
    kernels: tuple[Kernel, ...],
    arguments: tuple[Argument, ...],
    memory: tuple[Memory, Memory],
    rules: tuple[Rule, ...],
    verdicts: Verdicts,
) -> None:
    inputs, outputs = memory
    reference = at.oracle.run(arguments, inputs)
    for kernel in kernels:
        outputs.poison()
        write(outputs, kernel, at.given(arguments, inputs))
        for rule in rules:
            ok = all(rule.accepts(outputs.window(name), right) for name, right in reference.items())
            key = rule.name, kernel.name
            verdicts[key] = verdicts.get(key, True) and ok


def _fill(at: Desk, case: Case, inputs: Memory, rng: Generator, how: str) -> None:
    declared = declared_of(at.problem, case)
    for name, place in inputs.places.items():
        argument, target = place.argument, inputs.window(name)
        if argument.dtype.is_float:
            target[...] = INPUTS[how](rng, name, argument.shape)
        else:
            low, high = int(declared[name].low), int(declared[name].high)
            target[...] = rng.integers(low, high, argument.shape, endpoint=True)
