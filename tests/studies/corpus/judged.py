"""
The corpus before this judge: the calls that a grade makes, on draws that can be repeated.

Inputs, truth, bound and verdict come from `harness.oracle`; the reference runs in its box. Only the
kernels run here, as they are our own.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.arena.host import Arena
from harness.arena.memory import Memory, lay_out
from harness.dtypes import DTYPES
from harness.oracle.check import seeds_for
from harness.oracle.draw import Seed, draw_inputs
from harness.oracle.expect import Oracle
from harness.problem.catalogue import load_problem
from harness.problem.shapes import arguments_of
from harness.records import Argument, Bound, Case, Comparison, Limits, Problem, Role
from tests.studies.corpus.records import Given, Kernel, Label, Operator

TORCH = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One output of one kernel in one draw."""

    operator: str
    dtype: str
    kernel: str
    label: Label
    is_common: bool
    grading: int
    case: str
    draw: str
    ok: bool
    max_error: float
    rms_error: float
    bound: Bound

    @property
    def member(self) -> tuple[str, str, str]:
        return self.operator, self.dtype, self.kernel

    @property
    def eps(self) -> float:
        return DTYPES[self.dtype].eps

    @property
    def used(self) -> float:
        """The share of its bound; where the bound is equality, nothing or too much."""
        if not self.bound.max_error:
            return 0.0 if self.ok else np.inf
        return max(self.max_error / self.bound.max_error, self.rms_error / self.bound.rms_error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A problem in one dtype, with its oracle."""

    problem: Problem
    dtype: str
    oracle: Oracle

    def given(self, arguments: tuple[Argument, ...], inputs: Memory) -> Given:
        values: dict[str, Tensor | int | float | None] = {
            argument.name: argument.value for argument in arguments if argument.value is not None
        }
        for name in inputs.places:
            window = inputs.window(name)
            is_float = inputs.places[name].argument.dtype.is_float
            values[name] = torch.from_numpy(
                window.astype(np.float32) if is_float else window.copy()
            )
        narrow = TORCH[self.dtype]
        return Given(values, lambda x: x.to(narrow).float())


@contextmanager
def desk(arena: Arena, operator: Operator, dtype: str, folder: Path) -> Iterator[Desk]:
    """The operator as a problem file, read like any other."""
    path = folder / f"{operator.slug}.md"
    path.write_text(
        f"---\nslug: {operator.slug}\n{operator.front.strip()}\n---\n"
        f"Part of a corpus.\n\n## Reference\n\n```python\n{operator.reference}```\n"
    )
    problem = load_problem(path)
    oracle = Oracle(arena, problem, limits=Limits())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small tensors: a second thread waits more than it works
    try:
        yield Desk(problem=problem, dtype=dtype, oracle=oracle)
    finally:
        torch.set_num_threads(threads)
        oracle.close()


@contextmanager
def buffers(
    arguments: tuple[Argument, ...], *, right: bool = False
) -> Iterator[tuple[Memory, Memory]]:
    input_places, input_bytes = lay_out(arguments, Role.INPUT, right=right)
    output_places, output_bytes = lay_out(arguments, Role.OUTPUT, right=right)
    with (
        Memory(input_places, input_bytes, sealed=True) as inputs,
        Memory(output_places, output_bytes, sealed=False) as outputs,
    ):
        yield inputs, outputs


def number_of(*words: object) -> int:
    """A seed that is the same in every run."""
    return int.from_bytes(hashlib.sha256(" ".join(map(str, words)).encode()).digest()[:16])


def judge(
    at: Desk, kernels: tuple[Kernel, ...], *, grading: int, cases: tuple[Case, ...] | None = None
) -> Iterator[Seen]:
    """Every kernel on every draw of a grade, or of some of its cases."""
    for case in cases or at.problem.cases:
        arguments = arguments_of(at.problem, case, at.dtype)
        for each in seeds_for(case, at.problem.cases):
            number = number_of(at.problem.slug, at.dtype, case.name, each.kind, grading)
            seed = Seed(each.kind, number)
            with buffers(arguments, right=seed.is_right_aligned) as (inputs, outputs):
                draw_inputs(at.problem, case, arguments, inputs, seed, at.oracle.module)
                expected = at.oracle.expect(case, arguments, inputs)
                for kernel in kernels:
                    outputs.poison()
                    write(outputs, kernel, at.given(arguments, inputs))
                    for found in at.oracle.judge(arguments, inputs, outputs, expected):
                        yield _seen(at, kernel, grading, (case.name, seed.kind), found)


def write(outputs: Memory, kernel: Kernel, given: Given) -> None:
    """Run a kernel and store what it returns in the dtypes of the outputs."""
    answer = kernel.run(given)
    tensors = answer if isinstance(answer, tuple) else (answer,)
    with np.errstate(over="ignore"):  # too large for a half is infinite
        for name, tensor in zip(outputs.places, tensors, strict=True):
            outputs.window(name)[...] = tensor.numpy()


def _seen(
    at: Desk,
    kernel: Kernel,
    grading: int,
    drawn: tuple[str, str],
    found: Comparison,
) -> Seen:
    return Seen(
        operator=at.problem.slug,
        dtype=at.dtype,
        kernel=kernel.name,
        label=kernel.label,
        is_common=kernel.is_common,
        grading=grading,
        case=drawn[0],
        draw=drawn[1],
        ok=found.ok,
        max_error=found.max_error,
        rms_error=found.rms_error,
        bound=found.bound,
    )


def kernels_of(operator: Operator, dtype: str) -> tuple[Kernel, ...]:
    return tuple(kernel for kernel in operator.kernels if dtype in kernel.dtypes)


def dtypes_of(operator: Operator) -> tuple[str, ...]:
    return tuple(dtype for dtype in DTYPES if kernels_of(operator, dtype) and dtype in TORCH)
