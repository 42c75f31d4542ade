"""CUDA sources without a card: emulated, watched, and never timed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.arena.host import Arena
from harness.build.nvcc import toolkit
from harness.errors import ToolError, UserError
from harness.pipeline import grade
from harness.records import Grade, Policy, Verdict
from tests.conftest import DOUBLED, MakeProblem

FRONT = """
parameters:
  - {name: x, type: float, pointer: true, const: true}
  - {name: y, type: float, pointer: true, const: false}
  - {name: n, type: size_t, pointer: false, const: false}
shapes: {x: [n], y: [n]}
cases:
  sample: [{name: one, n: 1}]
  test: [{name: some, n: 100}, {name: more, n: 1000}]
  bench: {cpu: [{name: large, n: 100000}]}
"""
LAUNCH = """
extern "C" void solution(const float* x, float* y, size_t n) {
    kernel<<<(n + 127) / 128, 128>>>(x, y, int(n));
}
"""
HONEST = """#include <cuda_runtime.h>
__global__ void kernel(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = 2 * x[i];
}
"""


@pytest.fixture
def graded(arena: Arena, make_problem: MakeProblem, tmp_path: Path) -> Callable[..., Grade]:
    problem = make_problem(FRONT, DOUBLED)

    def run(source: str, name: str = "kernel.cu", **policy: Any) -> Grade:
        path = tmp_path / name
        path.write_text(source)
        return grade(path, problem, policy=Policy(**policy), arena=arena)

    return run


def test_a_right_kernel_is_accepted_and_not_timed(graded: Callable[..., Grade]) -> None:
    """It is told that it was emulated, in which cases it was watched, and no time is claimed."""
    found = graded(HONEST + LAUNCH)
    assert found.verdict is Verdict.ACCEPTED, found.message
    assert found.machine.kind == "emulated"
    assert found.machine.ranking_class.startswith("emulated")
    assert not found.timing
    assert [case.name for case in found.cases] == ["one", "some", "more"]
    assert set(found.watched) == {"one", "some", "more"}
    assert "nothing is said of its speed" in found.message


STAGED = """
__global__ void kernel(const float* x, float* y, int n) {
    __shared__ float staged[128];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    staged[threadIdx.x] = i < n ? x[i] : 0;
    __syncthreads();
    if (i < n) y[i] = staged[threadIdx.x] + staged[threadIdx.x ^ 1] * 0 + x[i];
}
"""


def test_where_memory_happens_to_lie_changes_nothing(graded: Callable[..., Grade]) -> None:
    """Run after run shared memory is told from the stacks of threads, wherever both are mapped."""
    found = [graded(STAGED + LAUNCH, case="some") for _ in range(8)]
    assert {grade.verdict for grade in found} == {Verdict.ACCEPTED}, [g.message for g in found]


RACE = """
__global__ void kernel(const float* x, float* y, int n) {
    __shared__ float seen[128];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    seen[threadIdx.x] = i < n ? x[i] : 0;
    if (i < n) y[i] = seen[threadIdx.x] + seen[threadIdx.x ^ 1] * 0 + x[i];
}
"""
LATE = """
__global__ void kernel(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = 2 * x[i];
    if (i + 1 < n) y[i + 1] = 0;
}
"""
DIVERGES = """
__global__ void kernel(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (threadIdx.x < 64)
        __syncthreads();
    else
        __syncthreads();
    if (i < n) y[i] = 2 * x[i];
}
"""
BEYOND = """
__global__ void kernel(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i <= n) y[i] = 2 * x[i < n ? i : 0];
}
"""
TRAPS = """
#include <cassert>
__global__ void kernel(const float* x, float* y, int n) { assert(n < 0); }
"""
FAULTS = {
    "a race": (RACE, Verdict.WRONG_ANSWER, "race", ("kernel", "kernel.cu:")),
    "an order": (LATE, Verdict.WRONG_ANSWER, "race", ()),
    "a barrier": (DIVERGES, Verdict.WRONG_ANSWER, "divergence", ("kernel", "thread (")),
    "a bound": (BEYOND, Verdict.RUNTIME_ERROR, "out_of_bounds", ("y",)),
    "a trap": (TRAPS, Verdict.RUNTIME_ERROR, "trap", ("kernel",)),
}


@pytest.mark.parametrize(("source", "verdict", "reason", "words"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_and_named(
    graded: Callable[..., Grade],
    source: str,
    verdict: Verdict,
    reason: str,
    words: tuple[str, ...],
) -> None:
    """What is wrong with a kernel, not only with its answer, has its reason and its place."""
    found = graded(source + LAUNCH)
    assert (found.verdict, found.reason) == (verdict, reason), found.message
    assert all(word in found.message for word in words), found.message


def test_what_cannot_be_emulated_is_not_wrong(graded: Callable[..., Grade]) -> None:
    """A feature of cards alone is named with its line, and the verdict is about the machine."""
    found = graded(
        HONEST.replace("2 * x[i];", '2 * x[i];\n    asm volatile("bar.sync 0;");') + LAUNCH
    )
    assert (found.verdict, found.reason) == (Verdict.NOT_GRADABLE, "feature")
    assert "kernel.cu:5" in found.message


def test_who_asks_for_a_card_is_told_that_there_is_none(graded: Callable[..., Grade]) -> None:
    """Only who asks for a card is graded on one, and that is not possible yet."""
    for device in ("cuda", "cuda:1"):
        found = graded(HONEST + LAUNCH, device=device)
        assert (found.verdict, found.reason) == (Verdict.NOT_GRADABLE, "device")
        assert "--device emulated" in found.message
    found = graded('extern "C" void solution(...) {}', "kernel.cpp", device="emulated")
    assert found.verdict is Verdict.NOT_GRADABLE


def test_what_cannot_be_timed_cannot_be_measured_against(graded: Callable[..., Grade]) -> None:
    """Options of the clock are refused where there is none."""
    with pytest.raises(UserError, match="not timed"):
        graded(HONEST + LAUNCH, reward=(1.0,))


needs_nvcc = pytest.mark.skipif(not toolkit(), reason="there is no nvcc here")


@needs_nvcc
def test_a_card_s_own_compiler_tells_what_it_needs(graded: Callable[..., Grade]) -> None:
    """With an architecture named, the kernel's registers and shared memory there are told."""
    found = graded(HONEST + LAUNCH, arch="sm_90")
    assert found.verdict is Verdict.ACCEPTED, found.message
    assert found.gate is not None
    assert [kernel.name for kernel in found.gate.kernels] == ["kernel"]
    assert found.gate.kernels[0].registers > 0


@needs_nvcc
def test_what_a_card_s_own_compiler_refuses_does_not_compile(
    graded: Callable[..., Grade],
) -> None:
    """More shared memory than the architecture has is found without a card."""
    large = "__shared__ float much[20000]; much[threadIdx.x] = x[0]; __syncthreads();"
    source = HONEST.replace("    if (i", f"    {large} y[0] = much[n];\n    if (i")
    found = graded(source + LAUNCH, arch="sm_90")
    assert (found.verdict, found.reason) == (Verdict.COMPILE_ERROR, "nvcc")
    assert "shared data" in found.log
    with pytest.raises(UserError, match="does not know it"):
        graded(HONEST + LAUNCH, arch="sm_11")


@pytest.mark.skipif(bool(toolkit()), reason="there is an nvcc here")
def test_where_there_is_no_nvcc_it_is_said(graded: Callable[..., Grade]) -> None:
    """A card's compiler that is missing is a fault of the machine's, with its mend."""
    with pytest.raises(ToolError, match="setup nvcc"):
        graded(HONEST + LAUNCH, arch="sm_90")
