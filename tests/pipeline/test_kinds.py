"""Twelve problems of different kinds, each one file: right answers pass, and near misses do not."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.clock.rounds import MIN_ROUNDS
from harness.errors import ReferenceFailed
from harness.problem.catalogue import load_problem
from harness.records import Limits, Problem, Role, Verdict

if TYPE_CHECKING:
    from tests.conftest import GradeSource, MakeProblem

FOLDER = Path(__file__).parent / "kinds"
KINDS = sorted(path.stem for path in FOLDER.glob("*.md"))
PROBLEMS = {kind: load_problem(FOLDER / f"{kind}.md") for kind in KINDS}
DTYPES = [(kind, dtype) for kind in KINDS for dtype in PROBLEMS[kind].dtypes]


def as_submission(problem: Problem) -> str:
    """The reference itself, handed in."""
    assert problem.reference is not None
    given = ", ".join(f"{p.name}={p.name}" for p in problem.params if p.role is not Role.OUTPUT)
    outputs = ", ".join(p.name for p in problem.params if p.role.is_written)
    return (
        f"{problem.reference.source}\n\n"
        f"def solution({', '.join(p.name for p in problem.params)}):\n"
        f"    results = reference({given})\n"
        "    results = results if isinstance(results, tuple) else (results,)\n"
        f"    for output, result in zip(({outputs},), results):\n"
        "        output.copy_(result)\n"
    )


def test_there_are_twelve() -> None:
    """Each kind that the harness promises has a problem here."""
    assert len(KINDS) == 12


@pytest.mark.parametrize(("kind", "dtype"), DTYPES)
def test_the_reference_itself_is_accepted(
    grade_source: "GradeSource", kind: str, dtype: str
) -> None:
    """In every dtype of the problem, every case included."""
    problem = PROBLEMS[kind]
    graded = grade_source(as_submission(problem), "same.py", problem=problem, dtype=dtype)
    assert graded.verdict is Verdict.ACCEPTED, graded.message


HEADS = {
    "sort-with-order": "void solution(const int32_t* keys, int32_t* ordered, int32_t* origin,"
    " int n)",
    "byte-histogram": "void solution(const uint8_t* samples, int* counts, size_t n, size_t width)",
    "row-gather": "void solution(const VAR* table, const int64_t* index, VAR* rows, size_t height,"
    " size_t width, size_t wanted)",
    "momentum-step": "void solution(VAR* weight, VAR* momentum, const VAR* gradient, float rate,"
    " size_t n)",
    "quotient-and-rest": "void solution(const int64_t* dividend, int64_t* quotient,"
    " int64_t divisor, uint16_t* rest, size_t n)",
    "unpack-nibbles": "void solution(const uint8_t* packed, const VAR* scale, VAR* values,"
    " size_t blocks)",
}
SORT = """
    std::vector<int32_t> order(n);
    for (int i = 0; i < n; i++) order[i] = n - 1 - i;  // ties: not as torch has them
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return keys[a] < keys[b]; });
    for (int i = 0; i < n; i++) { ordered[i] = keys[order[i]]; origin[i] = order[i]; }
"""
# per kind: what is right, then what is nearly so, and the reason that is given
KERNELS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "sort-with-order": (
        SORT,
        {
            "origin names another": (SORT + "origin[0] = origin[n - 1];", "check"),
            "not sorted": ("for (int i = 0; i < n; i++) { ordered[i] = keys[i]; origin[i] = i; }",
                           "check"),
            "origin beyond the end": (SORT + "origin[0] = n;", "check"),
            "nothing written": ("", "unwritten"),
        },
    ),
    "byte-histogram": (
        ("for (size_t b = 0; b < (255 + width) / width; b++) counts[b] = 0;\n"
        "for (size_t i = 0; i < n; i++) counts[samples[i] / width]++;"),
        {
            "counts upon what was there": (
                "for (size_t i = 0; i < n; i++) counts[samples[i] / width]++;", "nondeterministic"),
            "off by one": (
                ("for (size_t b = 0; b < (255 + width) / width; b++) counts[b] = 0;\n"
                "for (size_t i = 1; i < n; i++) counts[samples[i] / width]++;"), "value"),
        },
    ),
    "row-gather": (
        ("for (size_t i = 0; i < wanted * width; i++)"
        " rows[i] = table[index[i / width] * width + i % width];"),
        {
            "ignores the index": (
                ("for (size_t i = 0; i < wanted * width; i++)"
                " rows[i] = table[(i / width % height) * width + i % width];"), "value"),
        },
    ),
    "momentum-step": (
        ("for (size_t i = 0; i < n; i++) {\n"
        "    float m = 0.9f * (float)momentum[i] + (float)gradient[i];\n"
        "    weight[i] = VAR((float)weight[i] - rate * m); momentum[i] = VAR(m);\n}"),
        {
            "leaves the momentum": (
                ("for (size_t i = 0; i < n; i++) weight[i] = VAR((float)weight[i] - rate *"
                " (0.9f * (float)momentum[i] + (float)gradient[i]));"), "value"),
            "uses the old momentum": (
                ("for (size_t i = 0; i < n; i++) {\n"
                "    weight[i] = VAR((float)weight[i] - rate * (float)momentum[i]);\n"
                "    momentum[i] = VAR(0.9f * (float)momentum[i] + (float)gradient[i]);\n}"),
                "value"),
            "leaves all as it was": ("", "value"),
        },
    ),
    "quotient-and-rest": (
        ("for (size_t i = 0; i < n; i++) {\n"
        "    int64_t r = dividend[i] % divisor; if (r < 0) r += divisor;\n"
        "    rest[i] = r; quotient[i] = (dividend[i] - r) / divisor;\n}"),
        {
            "rounds towards zero": (
                ("for (size_t i = 0; i < n; i++) {\n"
                "    quotient[i] = dividend[i] / divisor; rest[i] = dividend[i] % divisor;\n}"),
                "value"),
            "leaves the second output": (
                ("for (size_t i = 0; i < n; i++) {\n"
                "    int64_t r = dividend[i] % divisor; if (r < 0) r += divisor;\n"
                "    quotient[i] = (dividend[i] - r) / divisor;\n}"), "unwritten"),
        },
    ),
    "unpack-nibbles": (
        ("for (size_t i = 0; i < 16 * blocks; i++) {\n"
        "    float s = scale[i / 16];\n"
        "    values[2 * i] = VAR(s * ((packed[i] & 15) - 8));\n"
        "    values[2 * i + 1] = VAR(s * ((packed[i] >> 4) - 8));\n}"),
        {
            "high half first": (
                ("for (size_t i = 0; i < 16 * blocks; i++) {\n"
                "    float s = scale[i / 16];\n"
                "    values[2 * i + 1] = VAR(s * ((packed[i] & 15) - 8));\n"
                "    values[2 * i] = VAR(s * ((packed[i] >> 4) - 8));\n}"), "value"),
        },
    ),
}  # fmt: skip
NEAR_MISSES = [(kind, miss) for kind in KERNELS for miss in KERNELS[kind][1]]


def _kernel(kind: str, body: str) -> str:
    return f"#include <algorithm>\n#include <vector>\n{HEADS[kind]} {{\n{body}\n}}\n"


@pytest.mark.parametrize("kind", KERNELS)
def test_a_right_kernel_is_accepted(grade_source: "GradeSource", kind: str) -> None:
    """Another way of getting there is as right: of ties, in place, of packed bytes."""
    graded = grade_source(_kernel(kind, KERNELS[kind][0]), problem=PROBLEMS[kind])
    assert graded.verdict is Verdict.ACCEPTED, graded.message


@pytest.mark.parametrize(("kind", "miss"), NEAR_MISSES)
def test_a_near_miss_is_refused(grade_source: "GradeSource", kind: str, miss: str) -> None:
    """What is wrong in one thing alone is wrong, for the reason that it is."""
    body, reason = KERNELS[kind][1][miss]
    graded = grade_source(_kernel(kind, body), problem=PROBLEMS[kind])
    assert (graded.verdict, graded.reason) == (Verdict.WRONG_ANSWER, reason), graded.message


def test_a_check_says_why(grade_source: "GradeSource") -> None:
    """The words of the problem's own check are the message."""
    body, _ = KERNELS["sort-with-order"][1]["not sorted"]
    graded = grade_source(_kernel("sort-with-order", body), problem=PROBLEMS["sort-with-order"])
    assert "the keys are not the sorted ones" in graded.message


@pytest.mark.parametrize("kind", ["momentum-step", "row-gather", "sort-with-order"])
def test_kinds_are_timed_too(grade_source: "GradeSource", kind: str) -> None:
    """In place, with inputs of the problem's own, with a check of its own: every timed call."""
    graded = grade_source(_kernel(kind, KERNELS[kind][0]), problem=PROBLEMS[kind], time=True)
    assert graded.verdict is Verdict.ACCEPTED, graded.message
    (timing,) = graded.timing
    assert timing.speedup > 0
    assert all(len(launch.rounds) >= MIN_ROUNDS for launch in timing.launches)


@pytest.mark.parametrize(
    ("kind", "late", "reason"),
    [
        ("momentum-step", "if (n == 100000 && calls++ > 2) return;", "value"),
        ("row-gather", "if (wanted == 3000 && calls++ > 2) return;", "value"),
        ("sort-with-order", "if (n == 20000 && calls++ > 2) { ordered[0] = 1; return; }", "check"),
    ],
)
def test_timed_calls_are_checked_too(
    grade_source: "GradeSource", kind: str, late: str, reason: str
) -> None:
    """Who computes only until the clock runs is found out, whatever the kind."""
    body = f"static int calls = 0; {late}\n{KERNELS[kind][0]}"
    graded = grade_source(_kernel(kind, body), problem=PROBLEMS[kind], time=True)
    assert graded.verdict is Verdict.WRONG_ANSWER, graded.message
    assert "in a timed call" in graded.message
    assert graded.reason == reason


SLOW_CHECK = """
parameters:
  - {name: x, type: int64_t, pointer: true, const: true}
  - {name: y, type: int64_t, pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
cases: {test: [{n: 8}]}
"""
WAYS_OUT = {
    "hangs over it": "while int(outputs['y'].max()) > 2**40: pass",
    "leaves over it": "import sys\n    if int(outputs['y'].max()) > 2**40: sys.exit(0)",
    "dies over it": "import os\n    if int(outputs['y'].max()) > 2**40: os._exit(1)",
    "raises over it": "inputs['x'][outputs['y'] // 2**40]",
    "says nonsense of it": "return '\\ud800' if int(outputs['y'].max()) > 2**40 else None",
    "answers a number": "return outputs['y'].max() if int(outputs['y'].max()) > 2**40 else None",
}


@pytest.mark.parametrize("body", WAYS_OUT.values(), ids=WAYS_OUT)
def test_a_check_that_breaks_over_an_answer_makes_it_wrong(
    grade_source: "GradeSource", make_problem: "MakeProblem", body: str
) -> None:
    """A stranger's nonsense is its own fault, whatever it does to the problem's check."""
    problem = make_problem(
        SLOW_CHECK,
        "def reference(x, n):\n    return x * 2\n\n"
        f"def check(inputs, outputs, expected):\n    {body}\n",
    )
    limits = Limits(call_s=0.2)
    wild = (
        "void solution(const int64_t* x, int64_t* y, size_t n)"
        " { for (size_t i = 0; i < n; i++) y[i] = (int64_t)1 << 60; }"
    )
    graded = grade_source(wild, problem=problem, limits=limits)
    assert (graded.verdict, graded.reason) == (Verdict.WRONG_ANSWER, "check"), graded.message


def test_a_check_that_breaks_over_what_is_right_is_the_problems_fault(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """Where the reference's own answer breaks it too, nobody is blamed but the problem."""
    problem = make_problem(
        SLOW_CHECK,
        "def reference(x, n):\n    return x * 2\n\n"
        "def check(inputs, outputs, expected):\n    raise KeyError('mine')\n",
    )
    with pytest.raises(ReferenceFailed, match=r"check\(\).*mine"):
        grade_source("void solution(const int64_t* x, int64_t* y, size_t n) {}", problem=problem)


FLAGS = """
parameters:
  - {name: x, type: float, pointer: true, const: true}
  - {name: y, type: bool, pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
cases: {test: [{n: 16}], bench: {cpu: [{n: 4096}]}}
"""


def test_a_byte_that_is_no_boolean_is_wrong_in_a_timed_call_too(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """The poison of what was never written is not taken for true where time is short."""
    problem = make_problem(FLAGS, "def reference(x, n):\n    return x > 0\n")
    source = """
    void solution(const float* x, bool* y, size_t n) {
        static int calls = 0;
        bool skips = n == 4096 && calls++ > 2;
        for (size_t i = 0; i < n; i++) if (!skips || x[i] <= 0) y[i] = x[i] > 0;
    }
    """
    graded = grade_source(source, problem=problem, time=True)
    assert graded.verdict is Verdict.WRONG_ANSWER, graded.message
    assert "in a timed call" in graded.message


def test_what_is_updated_in_place_may_be_returned(grade_source: "GradeSource") -> None:
    """A Python candidate may return its in-outs as it may return its outputs."""
    source = (
        "def solution(weight, momentum, gradient, rate, n):\n"
        "    momentum = 0.9 * momentum + gradient\n"
        "    return weight - rate * momentum, momentum\n"
    )
    graded = grade_source(source, "returns.py", problem=PROBLEMS["momentum-step"])
    assert graded.verdict is Verdict.ACCEPTED, graded.message
