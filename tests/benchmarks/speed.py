"""
How much time the harness itself takes. One run, one table, ratios within the run.

    python tests/benchmarks/speed.py            needs `pip install ninja` for the load_inline rows

Steps that are compared with each other are interleaved; each figure is a median.
"""

import argparse
import functools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from harness.arena.host import Arena
from harness.pipeline import grade
from harness.records import Policy, Verdict

ROOT = Path(__file__).parents[2]
SLUG = "conv-depthwise-2d-square-input-sq-kernel"
KERNEL = ROOT / "submissions" / SLUG / "accepted" / "naive.cpp"
GRADE = [sys.executable, "-m", "harness.cli.main"]
POLICY = Policy(time=False)

INLINE = """
import sys, time
import torch
from torch.utils.cpp_extension import load_inline
source = '''
#include <torch/extension.h>
torch::Tensor scaled(torch::Tensor x) {{ return x * {factor}.0f; }}
'''
module = load_inline(name="scaled_{factor}", cpp_sources=source, functions=["scaled"])
x = torch.randn(64)
assert torch.allclose(module.scaled(x), x * {factor})
"""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def command(words: list[str]) -> None:
    subprocess.run(words, check=True, capture_output=True)


def interleaved(rounds: int, **works: Callable[[], object]) -> dict[str, float]:
    """The median of each, taken in turns so that a busy machine is busy for all."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(seconds(work))
    return {name: statistics.median(values) for name, values in taken.items()}


def variant(folder: Path, number: int) -> Path:
    """The naive kernel, different in its bytes and in what the compiler makes of them."""
    path = folder / f"naive_{number}.cpp"
    text = KERNEL.read_text()
    path.write_text(f'{text}\nextern "C" int grade_variant() {{ return {number}; }}\n')
    return path


_arena: Arena | None = None


def start_worker() -> None:
    global _arena  # noqa: PLW0603 — one arena a worker process, for all its submissions
    _arena = Arena()
    grade(KERNEL, SLUG, policy=POLICY, arena=_arena)


def check(path: Path) -> str:
    return str(grade(path, SLUG, policy=POLICY, arena=_arena).verdict)


def hundred(folder: Path, count: int) -> tuple[float, float]:
    """Checking so many different submissions on two workers: built, and then from the cache."""
    paths = [variant(folder, number) for number in range(count)]
    with ProcessPoolExecutor(2, get_context("spawn"), start_worker) as pool:
        list(pool.map(check, [KERNEL] * 4))  # both workers are warm
        taken = []
        for _ in range(2):
            began = time.perf_counter()
            verdicts = set(pool.map(check, paths, chunksize=1))
            taken.append(time.perf_counter() - began)
            assert verdicts == {Verdict.ACCEPTED}, verdicts
    return taken[0], taken[1]


def load_inline(folder: Path, number: int) -> None:
    environment = {**os.environ, "TORCH_EXTENSIONS_DIR": str(folder), "MAX_JOBS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    words = [sys.executable, "-c", INLINE.format(factor=number + 2)]
    subprocess.run(words, check=True, capture_output=True, env=environment)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--no-inline", action="store_true", help="leave load_inline out")
    asked = parser.parse_args()
    rows: list[tuple[str, str, str, str]] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ["GRADE_CACHE"] = str(folder / "cache")
        measure_commands(rows, folder, asked.rounds)
        measure_warm(rows, asked.rounds)
        built, cached = hundred(folder, asked.submissions)
        each = 1e3 * built / asked.submissions
        rows.append((f"{asked.submissions} C++ submissions, 2 workers", f"{built:.1f} s", "", ""))
        rows.append(("the same from the build cache", f"{cached:.1f} s", "", ""))
        if not asked.no_inline:
            assert shutil.which("ninja", path=str(Path(sys.executable).parent)), "pip install ninja"
            three = [seconds(functools.partial(load_inline, folder, n)) for n in range(3)]
            # two at a time, as the two workers above
            whole = statistics.median(three) * asked.submissions / 2
            rows.append(
                ("load_inline, one fresh process each, extrapolated from 3", f"{whole:.0f} s",
                 f"{whole / built:.0f} x ours ({each:.0f} ms each)", ">= 50 x")
            )  # fmt: skip
    print("| what | median | ratio | wanted |\n|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def measure_commands(rows: list[tuple[str, str, str, str]], folder: Path, rounds: int) -> None:
    numbers = iter(range(10_000, 20_000))
    command([*GRADE, str(KERNEL), "--problem", SLUG, "--no-time"])  # runner and headers are built

    def compile_alone() -> None:
        path = variant(folder, next(numbers))
        words = ["g++", "-std=c++20", "-O3", "-march=native", "-fopenmp", "-fPIC", "-g1", "-shared"]
        options = ["-DVAR=float", "-include", "cstddef", "-o", "/dev/null"]
        command([*words, str(path), *options])

    def cold_grade() -> None:
        path = variant(folder, next(numbers))
        command([*GRADE, str(path), "--problem", SLUG, "--no-time"])

    found = interleaved(
        rounds,
        torch=lambda: command([sys.executable, "-c", "import torch"]),
        help=lambda: command([*GRADE, "--help"]),
        compile=compile_alone,
        cold=cold_grade,
    )
    rows.append(("import torch", f"{found['torch']:.2f} s", "", ""))
    ratio = found["help"] / found["torch"]
    rows.append(
        ("grade --help", f"{found['help']:.3f} s", f"{ratio:.3f} x import torch", "< 0.1 x")
    )
    rows.append(("compile the kernel alone", f"{found['compile']:.2f} s", "", ""))
    both = found["torch"] + found["compile"]
    rows.append(
        ("cold grade --no-time, not cached", f"{found['cold']:.2f} s",
         f"{found['cold'] / both:.2f} x (torch + compile)", "<= 2 x")
    )  # fmt: skip


def measure_warm(rows: list[tuple[str, str, str, str]], rounds: int) -> None:
    with Arena() as arena:
        work = functools.partial(grade, KERNEL, SLUG, policy=POLICY, arena=arena)
        work()
        taken = statistics.median(seconds(work) for _ in range(3 * rounds))
    rows.append(("warm worker, cached C++, 17 cases", f"{taken:.3f} s", "", "<= 0.15 s"))


if __name__ == "__main__":
    main()
