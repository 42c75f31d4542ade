"""Memory beyond the buffers, of kernels of which it is known what they take."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.arena.host import Arena
from harness.arena.memory import Memory, lay_out
from harness.candidate import Candidate, prepare
from harness.clock.baselines import EAGER, PyTorch, of_submission
from harness.clock.footprint import footprints
from harness.clock.stage import Stop, Work
from harness.oracle.draw import Seed, draw_inputs
from harness.oracle.expect import Oracle
from harness.problem.shapes import arguments_of
from harness.records import Fell, Footprints, Limits, Problem, Role, Verdict
from harness.sandbox.gauge import GRAIN_BYTES
from harness.submission import read_submission

if TYPE_CHECKING:
    from tests.conftest import MakeProblem

MEGABYTE = 1 << 20
SCRATCH = 8 * MEGABYTE

COUNT = 500_000
DOUBLE = f"""
parameters:
  - {{name: x, type: float, pointer: true, const: true}}
  - {{name: y, type: float, pointer: true, const: false}}
  - {{name: n, type: size_t, pointer: false}}
shapes: {{x: [n], y: [n]}}
cases: {{bench: {{cpu: [{{n: {COUNT}}}]}}}}
"""
# depthwise, then pointwise: as much between the two as there is in front of them
CHANNELS, OUT, SIDE = 32, 16, 128
BETWEEN, RESULT = (4 * count * SIDE * SIDE for count in (CHANNELS, OUT))
SEPARABLE = f"""
parameters:
  - {{name: x, type: float, pointer: true, const: true}}
  - {{name: d, type: float, pointer: true, const: true}}
  - {{name: p, type: float, pointer: true, const: true}}
  - {{name: y, type: float, pointer: true, const: false}}
  - {{name: n, type: size_t, pointer: false}}
shapes:
  x: [1, {CHANNELS}, n, n]
  d: [{CHANNELS}, 1, 3, 3]
  p: [{OUT}, {CHANNELS}, 1, 1]
  y: [1, {OUT}, n, n]
cases: {{bench: {{cpu: [{{n: {SIDE}}}]}}}}
"""
TWO_STEPS = f"F.conv2d(F.conv2d(x, d, padding=1, groups={CHANNELS}), p)"
IMPORT = "import torch.nn.functional as F\n"

Watch = Callable[..., Footprints | Fell | None]


@pytest.fixture(scope="module")
def double(make_problem: "MakeProblem", arena: Arena) -> Problem:
    arena.warm_up(1)
    arena.wait_until_warm()
    return make_problem(DOUBLE, "def reference(x, n):\n    return x * 2\n")


@pytest.fixture(scope="module")
def separable(make_problem: "MakeProblem") -> Problem:
    return make_problem(SEPARABLE, f"{IMPORT}def reference(x, d, p, n):\n    return {TWO_STEPS}\n")


@pytest.fixture
def watch(arena: Arena, tmp_path: Path) -> Watch:
    """What a source takes for a problem's only case, and what its opponent does."""

    def made(problem: Problem, source: str, name: str) -> Candidate:
        (tmp_path / name).write_text(source)
        candidate = prepare(
            read_submission(tmp_path / name), problem, "float32",
            arena=arena, threads=1, compiler="g++", limits=Limits(),
        )  # fmt: skip
        assert isinstance(candidate, Candidate), candidate
        return candidate

    def run(
        problem: Problem,
        source: str,
        name: str = "attempt.cpp",
        *,
        against: str | None = None,
        deadline: float = math.inf,
    ) -> Footprints | Fell | None:
        (case,) = problem.cases
        arguments = arguments_of(problem, case, "float32")
        kept = "watched", problem.sha256
        oracle = arena.keep(kept, lambda: Oracle(arena, problem, limits=Limits()))
        places, size = lay_out(arguments, Role.INPUT)
        with Memory(places, size, sealed=True) as inputs:
            draw_inputs(problem, case, arguments, inputs, Seed.fresh("normal"), oracle.module)
            expected = oracle.expect(case, arguments, inputs)
        candidate = made(problem, source, name)
        pytorch = PyTorch(problem=problem, arena=arena, threads=1, limits=Limits(), compiled={})
        reference = pytorch.asked(EAGER, case)
        baseline = reference
        if against is not None:
            baseline = of_submission("other", made(problem, against, "other.cpp"), reference)
        return footprints(
            Work(
                problem=problem,
                case=case,
                arguments=arguments,
                oracle=oracle,
                expected=expected,
                open_candidate=candidate.open,
                open_null=candidate.open_null or reference.open_null,
                baseline=baseline,
                call_s=10.0,
                threads=1,
                stop=Stop(half_width=0.01, budget_s=1.0, deadline=deadline),
                own=False,
            )
        )

    return run


def seen(found: Footprints | Fell | None) -> Footprints:
    if found is None:
        pytest.skip("no peak can be forgotten on this machine")
    assert isinstance(found, Footprints), found
    return found


def about(count: int) -> object:
    return pytest.approx(count, abs=GRAIN_BYTES)


def kernel(body: str, before: str = "") -> str:
    return f"""
#include <sys/mman.h>
#include <cstdlib>
#include <cstring>
#include <vector>
static void use(char* block, size_t size) {{
    memset(block, 1, size);
    asm volatile("" : : "r"(block) : "memory");
}}
{before}
void solution(const float* x, float* y, size_t n) {{
    {body}
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}}
"""


TAKE = f"auto b = (char*)malloc({SCRATCH}); use(b, {SCRATCH}); free(b);"
# a source, what it keeps, what it takes for a call
NATIVE = {
    "nothing": (kernel(""), 0, 0),
    "heap": (kernel(TAKE), 0, SCRATCH),
    "heap, one after the other": (kernel(f"{{ {TAKE} }} {{ {TAKE} }}"), 0, SCRATCH),
    "pages of its own": (
        kernel(
            f"auto b = (char*)mmap(0, {SCRATCH}, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);"
            f"use(b, {SCRATCH}); munmap(b, {SCRATCH});"
        ),
        0,
        SCRATCH,
    ),
    "shared pages": (
        kernel(
            f"auto b = (char*)mmap(0, {SCRATCH}, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);"
            f"use(b, {SCRATCH}); munmap(b, {SCRATCH});"
        ),
        0,
        SCRATCH,
    ),
    "a static array": (kernel(f"use(b, {SCRATCH});", f"static char b[{SCRATCH}];"), SCRATCH, 0),
    "a static array, never touched": (
        kernel('asm volatile("" : : "r"(b) : "memory");', f"static char b[{SCRATCH}];"),
        0,
        0,
    ),
    "before it is called": (
        kernel("", f"static std::vector<char> kept({SCRATCH}, 1);"),
        SCRATCH,
        0,
    ),
    "grown once": (
        kernel(
            f"kept.resize({SCRATCH}); use(kept.data(), kept.size());",
            "static std::vector<char> kept;",
        ),
        SCRATCH,
        0,
    ),
    "both": (kernel(f"use(b, {SCRATCH}); {{ {TAKE} }}", f"static char b[{SCRATCH}];"),
             SCRATCH, SCRATCH),
}  # fmt: skip


@pytest.mark.parametrize(("source", "kept", "call"), NATIVE.values(), ids=list(NATIVE))
def test_what_a_native_kernel_takes_is_seen(
    watch: Watch, double: Problem, source: str, kept: int, call: int
) -> None:
    """To half a megabyte: what it keeps between calls, and what it takes for one."""
    found = seen(watch(double, source))
    assert found.candidate.kept_bytes == about(kept)
    assert found.candidate.call_bytes == about(call)
    assert found.candidate.extra_bytes == about(kept + call)
    assert found.buffers_bytes == 2 * 4 * COUNT
    # its result is its output
    assert (found.baseline.kept_bytes, found.baseline.call_bytes) == (0, about(0))


NUMPY = f"""
import numpy as np
def solution(x, y, n):
    scratch = np.ones({SCRATCH}, np.uint8)
    y.copy_(x).mul_(2)
"""
GLOBAL = f"""
import torch
kept = torch.ones({SCRATCH}, dtype=torch.uint8)
def solution(x, y, n):
    torch.mul(x, 2, out=y)
"""
NOTHING = "import torch\ndef solution(x, y, n):\n    torch.mul(x, 2, out=y)\n"
PYTHON = {
    "nothing": (NOTHING, 0, 0),
    "a result": ("def solution(x, y, n):\n    return x * 2\n", 0, 4 * COUNT),
    "an array of numpy's": (NUMPY, 0, SCRATCH),
    "a global": (GLOBAL, SCRATCH, 0),
}


@pytest.mark.parametrize(("source", "kept", "call"), PYTHON.values(), ids=list(PYTHON))
def test_what_a_python_kernel_takes_is_seen(
    watch: Watch, double: Problem, source: str, kept: int, call: int
) -> None:
    """The same, and nothing of what Python and PyTorch are themselves."""
    found = seen(watch(double, source, "attempt.py"))
    assert found.candidate.kept_bytes == about(kept)
    assert found.candidate.call_bytes == about(call)


UNFOLD = f"""
import torch
def solution(x, d, p, y, n):
    columns = torch.nn.functional.unfold(x, 3, padding=1).view({CHANNELS}, 9, n * n)
    between = torch.bmm(d.view({CHANNELS}, 1, 9), columns).view({CHANNELS}, n * n)
    torch.mm(p.view({OUT}, {CHANNELS}), between, out=y.view({OUT}, n * n))
"""
FUSED = f"""
void solution(const float* x, const float* d, const float* p, float* y, size_t n) {{
    for (size_t i = 0; i < {OUT} * n * n; i++) y[i] = 0;
    for (size_t c = 0; c < {CHANNELS}; c++)
        for (size_t h = 0; h < n; h++)
            for (size_t w = 0; w < n; w++) {{
                float sum = 0;
                for (size_t i = 0; i < 9; i++) {{
                    size_t r = h + i / 3 - 1, s = w + i % 3 - 1;
                    if (r < n && s < n) sum += d[c * 9 + i] * x[(c * n + r) * n + s];
                }}
                for (size_t o = 0; o < {OUT}; o++)
                    y[(o * n + h) * n + w] += p[o * {CHANNELS} + c] * sum;
            }}
}}
"""


def test_an_intermediate_is_a_number(watch: Watch, separable: Problem) -> None:
    """PyTorch's two steps have one between them, and a kernel that fuses them has none."""
    found = seen(watch(separable, FUSED))
    assert found.candidate.extra_bytes == about(0)
    # oneDNN may lay out anew what goes in and what comes out: that depends on the processor
    assert found.baseline.extra_bytes > BETWEEN - GRAIN_BYTES
    assert found.baseline.extra_bytes < 4 * BETWEEN


def test_pytorchs_own_result_is_no_intermediate(make_problem: "MakeProblem", watch: Watch) -> None:
    """Two steps of a kind that needs nothing else: one intermediate, to half a megabyte."""
    twice = make_problem(DOUBLE, "def reference(x, n):\n    return x * 3 - x\n")
    found = seen(watch(twice, kernel("")))
    assert found.baseline.extra_bytes == about(4 * COUNT)


def test_im2col_is_a_number(watch: Watch, separable: Problem) -> None:
    """Nine columns for each element, beside what lies between the two steps."""
    found = seen(watch(separable, UNFOLD, "attempt.py"))
    assert found.candidate.extra_bytes == about(9 * BETWEEN + BETWEEN)


def test_another_submission_is_looked_at_alike(watch: Watch, double: Problem) -> None:
    """What it keeps counts too, and its output is lent."""
    static, kept, _ = NATIVE["a static array"]
    found = seen(watch(double, NOTHING, "attempt.py", against=static))
    assert found.candidate.extra_bytes == about(0)
    assert found.baseline.kept_bytes == about(kept)
    assert found.baseline.call_bytes == about(0)


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("if (calls++) abort();", Verdict.RUNTIME_ERROR),
        ("if (calls++) return;", Verdict.WRONG_ANSWER),
    ],
    ids=["crashes", "skips"],
)
def test_a_call_that_is_watched_must_be_right(
    watch: Watch, double: Problem, body: str, verdict: Verdict
) -> None:
    """What a kernel does instead of computing is a verdict here as anywhere."""
    fell = watch(double, kernel(body, "static int calls;"))
    assert isinstance(fell, Fell), fell
    assert fell.verdict is verdict


def test_when_the_time_is_over_nothing_is_watched(watch: Watch, double: Problem) -> None:
    """A number is not worth a grade that comes too late."""
    assert watch(double, NATIVE["nothing"][0], deadline=0.0) is None
