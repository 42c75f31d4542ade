"""
The gate for CUDA sources: does NVIDIA's own compiler take it for a named architecture, and what
does each kernel need there? Nothing is run, so no card is needed; a system's toolkit will do, or
the packages of the extra `nvcc`.
"""

import functools
import os
import re
import shutil
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.build.cuda import declaration
from harness.build.recipe import safe_name
from harness.build.toolchain import Compiler, compile_boxed, identity_of
from harness.errors import ToolError, UserError
from harness.records import BuildFailed, Gate, KernelNeeds, Limits, Problem, Submission, Verdict
from harness.sandbox.door import Nursery

FLAGS = ("-std=c++20", "-O3", "-cubin", "--resource-usage", "-lineinfo")
_KERNEL = re.compile(
    r"Compiling entry function '(?P<name>[^']+)'.*?"
    r"(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)",
    re.DOTALL,
)
_SHARED = re.compile(r"(\d+) bytes smem")
_NOT_KNOWN = re.compile(r"is not defined for option 'gpu-(architecture|code)'|Unsupported gpu arch")


@functools.cache
def find_nvcc() -> Compiler:
    """NVIDIA's compiler: of the system, or of the packages beside us."""
    for path in _places():
        if path.is_file() and os.access(path, os.X_OK):
            real = path.resolve()
            return Compiler(path=path, name=f"nvcc ({real})", identity=identity_of(real))
    raise ToolError(
        "--arch needs nvcc, which is not here: install NVIDIA's toolkit, or `.github/setup nvcc`"
    )


def toolkit() -> str:
    """The compiler's name; empty if there is none."""
    try:
        return find_nvcc().name
    except ToolError:
        return ""


def _places() -> Iterator[Path]:
    if home := os.environ.get("CUDA_HOME"):
        yield Path(home) / "bin" / "nvcc"
    yield Path("/usr/local/cuda/bin/nvcc")
    if found := shutil.which("nvcc"):
        yield Path(found)
    yield from sorted(Path(sysconfig.get_path("purelib")).glob("nvidia/cu*/bin/nvcc"))


def pass_gate(
    submission: Submission,
    problem: Problem,
    dtype: str,
    arch: str,
    *,
    nursery: Nursery,
    limits: Limits,
) -> Gate | BuildFailed:
    """What its kernels need on that architecture; or why it does not compile for it."""
    compiler = find_nvcc()
    name = safe_name(submission)
    compiled, data = compile_boxed(
        nursery,
        compiler,
        [*FLAGS, f"-arch={arch}", "-include", "grade.h", "-o", "out", name],
        files={
            "grade.h": declaration(problem, dtype).encode(),
            name: submission.source,
        },
        reads=[compiler.path.parents[1]],
        result="out",
        limits=limits,
    )
    if _NOT_KNOWN.search(compiled.log):
        raise UserError(f"--arch {arch}: {compiler.name} does not know it")
    if data is not None:
        kernels = _named(tuple(_kernels(compiled.log)), nursery, limits)
        return Gate(arch=arch, compiler=compiler.name, kernels=kernels)
    message = compiled.log
    if compiled.ended is None:
        message = f"nvcc was stopped after {limits.build_s:g} s"
    return BuildFailed(
        verdict=Verdict.COMPILE_ERROR,
        reason="nvcc",
        message=f"it does not compile for {arch}:\n{message}",
        seconds=compiled.seconds,
    )


def _kernels(log: str) -> Iterator[KernelNeeds]:
    for found in _KERNEL.finditer(log):
        shared = _SHARED.search(found["rest"])
        yield KernelNeeds(
            name=found["name"],
            registers=int(found["registers"]),
            shared_bytes=int(shared[1]) if shared else 0,
            spill_bytes=int(found["stores"]) + int(found["loads"]),
        )


def _named(
    kernels: tuple[KernelNeeds, ...], nursery: Nursery, limits: Limits
) -> tuple[KernelNeeds, ...]:
    """With the names that people gave; as they are where nobody here can read them."""
    tool = shutil.which("c++filt")
    if tool is None or not kernels:
        return kernels
    argv = (tool, "--no-params", *(kernel.name for kernel in kernels))
    with nursery.bear_program(argv, limits=limits) as box:
        ended = box.wait(limits.build_s)
        names = box.log.text().splitlines()
    if ended is None or ended.code != 0 or len(names) != len(kernels):
        return kernels
    return tuple(replace(kernel, name=name) for kernel, name in zip(kernels, names, strict=True))
