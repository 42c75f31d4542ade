"""CUDA sources become artefacts for the processor, or a verdict that says what to mend."""

import ctypes
from typing import TYPE_CHECKING

import pytest

from harness.build import cuda
from harness.records import BuildFailed, Built, Limits, Problem, Verdict
from harness.sandbox.door import Nursery
from tests.build.conftest import submission_of

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = "void solution(const VAR* x, VAR* y, size_t n)"
KERNEL = """
__global__ void twice(const VAR* x, VAR* y, size_t n) {
    const size_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = VAR(2.0f * float(x[i]));
}
"""
RIGHT = KERNEL + HEAD + " { twice<<<(n + 255) / 256, 256>>>(x, y, n); }\n"
EXPORTS = ("watch", "lend", "unlend", "begin", "end")


@pytest.fixture
def build(tools: Nursery, doubling: Problem) -> "Callable[..., Built | BuildFailed]":
    def run(source: str, name: str = "kernel.cu", dtype: str = "float32") -> Built | BuildFailed:
        submission = submission_of(source, name)
        return cuda.build(submission, doubling, dtype, nursery=tools, limits=Limits())

    return run


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_right_source_becomes_an_artefact(
    build: "Callable[..., Built | BuildFailed]", dtype: str
) -> None:
    """The artefact exports `solution` and what the judge's runner asks the emulation for."""
    built = build('extern "C" ' + RIGHT, dtype=dtype)
    assert isinstance(built, Built), built.message
    library = ctypes.CDLL(str(built.artefact))
    assert all(hasattr(library, f"grade_emulation_{name}") for name in EXPORTS)


def test_an_artefact_computes(build: "Callable[..., Built | BuildFailed]") -> None:
    """What was launched has been computed when `solution` returns."""
    built = build(RIGHT)
    assert isinstance(built, Built), built.message
    library = ctypes.CDLL(str(built.artefact))
    numbers = ctypes.c_float * 1000
    x, y = numbers(*range(1000)), numbers()
    for schedule in range(3):
        library.grade_emulation_begin(schedule, ctypes.c_uint64(7))
        library.solution(x, y, ctypes.c_size_t(1000))
        library.grade_emulation_end()
        assert list(y) == [2 * i for i in range(1000)]


def test_the_second_build_is_kept(build: "Callable[..., Built | BuildFailed]") -> None:
    """The same source is built once."""
    first, second = build(RIGHT + "// kept"), build(RIGHT + "// kept")
    assert isinstance(first, Built)
    assert isinstance(second, Built)
    assert (first.cached, second.cached) == (False, True)
    assert first.artefact == second.artefact


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_types_are_cudas(build: "Callable[..., Built | BuildFailed]", dtype: str) -> None:
    """A 16-bit problem is declared with the types that CUDA has for it."""
    kind = {"float16": "half", "bfloat16": "__nv_bfloat16"}[dtype]
    header = {"float16": "cuda_fp16.h", "bfloat16": "cuda_bf16.h"}[dtype]
    source = f"#include <{header}>\n" + RIGHT.replace("VAR", kind)
    built = build(source, dtype=dtype)
    assert isinstance(built, Built), built.message


def test_what_needs_a_card_is_not_gradable(build: "Callable[..., Built | BuildFailed]") -> None:
    """A feature that is not emulated is named, with file and line, and nobody is blamed."""
    failed = build("#include <cuda_runtime.h>\n#include <cublas_v2.h>\n" + RIGHT, "mine.cu")
    assert isinstance(failed, BuildFailed)
    assert (failed.verdict, failed.reason) == (Verdict.NOT_GRADABLE, "feature")
    assert "mine.cu:2: cuBLAS" in failed.message
    ptx = RIGHT + '__global__ void k() { asm volatile("bar.sync 0;"); }\n'
    failed = build(ptx, "mine.cu")
    assert isinstance(failed, BuildFailed)
    assert failed.verdict is Verdict.NOT_GRADABLE
    assert f"mine.cu:{ptx.count(chr(10))}: inline PTX" in failed.message


def test_what_is_not_used_keeps_nobody_out(build: "Callable[..., Built | BuildFailed]") -> None:
    """A feature behind an `#if` that is not taken is no reason."""
    source = "#ifdef NEVER\n#include <mma.h>\n#endif\n" + RIGHT
    assert isinstance(build(source), Built)


def test_faults_are_told_on_the_writers_lines(
    build: "Callable[..., Built | BuildFailed]",
) -> None:
    """A compile error names the submission's own file and line, behind launches over lines too."""
    source = (
        RIGHT + "void f() {\n  twice<<<1,\n  2>>>(nullptr,\n nullptr, 0);\n}\nint x = nonsense;\n"
    )
    failed = build(source, "mine.cu")
    assert isinstance(failed, BuildFailed)
    assert (failed.verdict, failed.reason) == (Verdict.COMPILE_ERROR, "compiler")
    assert f"mine.cu:{source.count(chr(10))}:" in failed.message


def test_another_signature_is_an_invalid_submission(
    build: "Callable[..., Built | BuildFailed]",
) -> None:
    """What is CUDA but another function is invalid, and the message shows what is asked for."""
    for source in ("void solution(const float* x) {}", "int other;"):
        failed = build(KERNEL + source)
        assert isinstance(failed, BuildFailed)
        assert failed.verdict is Verdict.INVALID_SUBMISSION
        assert 'extern "C" void solution(' in failed.message
