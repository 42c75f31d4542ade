"""Programs of CUDA C++, rewritten and compiled with the real compiler and the real runtime."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.build import cuda
from harness.emulation.rewrite import rewrite

PROGRAMS = Path(__file__).parent / "programs"
EMULATION = Path(cuda.__file__).parents[1] / "emulation"
FLAGS = (*cuda.FLAGS, "-O1", f"-I{EMULATION / 'include'}", f"-I{EMULATION / 'runtime'}")
MakeProgram = Callable[[str], Path]


@pytest.fixture(scope="session")
def make_program(tmp_path_factory: pytest.TempPathFactory) -> MakeProgram:
    """A program from one of the sources beside this file."""
    folder = tmp_path_factory.mktemp("emulation")
    runtime = folder / "runtime.o"
    sources = sorted(map(str, (EMULATION / "runtime").glob("*.cpp")))
    command = ["g++", *FLAGS, "-Wall", "-Wextra", "-Werror", "-r", "-nostdlib", *sources]
    subprocess.run([*command, "-o", str(runtime)], check=True)

    def make(name: str) -> Path:
        source = folder / f"{name}.cpp"
        source.write_text(rewrite((PROGRAMS / f"{name}.cu").read_text()))
        program = folder / name
        command = [
            "g++",
            *FLAGS,
            f"-I{PROGRAMS}",
            "-include",
            "cuda_runtime.h",
            str(source),
            str(runtime),
        ]
        subprocess.run([*command, "-o", str(program)], check=True)
        return program

    return make
