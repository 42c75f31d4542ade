"""
How quick the emulation of CUDA is: kernels against HIP-CPU and plain loops, and how long it builds.

    python tests/benchmarks/emulation.py [FOLDER]     prints the tables of emulation.md

FOLDER is a copy of HIP-CPU's repository; without one its column is left out. The programs run in
turns, and what is compared is the processor's time of each, so a busy machine is busy for all.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from harness.build import cuda
from harness.emulation.rewrite import rewrite
from harness.machine import describe
from harness.problem.catalogue import load_problem
from harness.records import Built, Language, Limits, Submission
from harness.sandbox.door import Nursery

HERE = Path(__file__).parent
EMULATION = Path(cuda.__file__).parents[1] / "emulation"
ROUNDS = 9
FLAGS = ("-O3", "-march=native", "-pthread")
PROBLEM = """---
slug: small
parameters:
  - {name: x, type: float, pointer: true, const: true}
  - {name: y, type: float, pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
cases:
  test: [{name: odd, n: 1003}]
---
Twice.

## Reference

```python
def reference(x, n):
    return x * 2
```
"""
KERNEL = """
__global__ void twice(const float* x, float* y, size_t n) {
    size_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = 2 * x[i];
}
extern "C" void solution(const float* x, float* y, size_t n) {
    twice<<<(n + 255) / 256, 256>>>(x, y, n);
}
"""


def programs(folder: Path, hip: Path | None) -> dict[str, Path]:
    """The same kernels, three times."""
    source = HERE / "emulation.cu"
    rewritten = folder / "emulated.cpp"
    rewritten.write_text(rewrite(source.read_text()))
    include = f"-I{EMULATION / 'include'}"
    runtime = sorted(map(str, (EMULATION / "runtime").glob("*.cpp")))
    commands = {
        "emulated": [*cuda.FLAGS, include, "-include", "cuda_runtime.h", str(rewritten), *runtime],
        "plain loops": [*FLAGS, "-DPLAIN", "-x", "c++", str(source)],
    }
    if hip is not None:
        with_hip = ["-std=c++17", "-w", f"-I{hip / 'include'}", "-DHIP", "-x", "c++", str(source)]
        commands["HIP-CPU"] = [*FLAGS, *with_hip]
    built = {}
    for name, arguments in commands.items():
        built[name] = folder / name.replace(" ", "-")
        subprocess.run(["g++", *arguments, "-o", str(built[name])], check=True)
    return built


def timings(built: dict[str, Path]) -> dict[str, dict[str, list[float]]]:
    taken: dict[str, dict[str, list[float]]] = {}
    for _ in range(ROUNDS):
        for name, program in built.items():
            done = subprocess.run([program], check=True, capture_output=True, text=True)
            for line in done.stdout.splitlines():
                kernel, _, value = line.partition(": ")
                taken.setdefault(kernel, {}).setdefault(name, []).append(float(value))
    return taken


def builds(folder: Path) -> dict[str, list[float]]:
    """Seconds from a source to its artefact: the first in an empty cache, and others."""
    (folder / "small.md").write_text(PROBLEM)
    problem = load_problem(folder / "small.md")
    taken: dict[str, list[float]] = {}
    with Nursery() as nursery:
        nursery.wait_until_ready()
        for number in range(ROUNDS + 1):
            data = f"{KERNEL}// {number}\n".encode()
            submission = Submission(
                path=Path("twice.cu"), source=data, sha256=sha256(data).hexdigest(),
                language=Language.CUDA,
            )  # fmt: skip
            began = time.perf_counter()
            built = cuda.build(submission, problem, "float32", nursery=nursery, limits=Limits())
            assert isinstance(built, Built), built.message
            name = "the next" if number else "the first, with our own parts"
            taken.setdefault(name, []).append(time.perf_counter() - began)
    return taken


def main() -> None:
    hip = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as name:
        os.environ["GRADE_CACHE"] = f"{name}/cache"
        built = programs(Path(name), hip)
        of_kernels, of_builds = timings(built), builds(Path(name))
    facts = dict(describe(1).facts)
    print(f"{facts['processor']}, {facts['cores']} cores, Linux {facts['kernel']}\n")
    print(f"| kernel | {' | '.join(f'{name} ms' for name in built)} |")
    print("|---" * (len(built) + 1) + "|")
    for kernel, by_name in of_kernels.items():
        cells = [f"{statistics.median(values):.2f} (least {min(values):.2f})"
                 for values in by_name.values()]  # fmt: skip
        print(f"| {kernel} | {' | '.join(cells)} |")
    print("\n| a source of one kernel is built | seconds | least |\n|---|---|---|")
    for name, values in of_builds.items():
        print(f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} |")


if __name__ == "__main__":
    main()
