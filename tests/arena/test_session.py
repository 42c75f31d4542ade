"""Lending and calling: scalars, windows, dtypes and addresses arrive as they were meant."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np
import pytest

from harness.records import Fell, Problem, Ran

if TYPE_CHECKING:
    from tests.arena.conftest import Visit
    from tests.conftest import MakeProblem

SCALARS = {
    "int8": -128,
    "int16": -30_000,
    "int32": -2_000_000_000,
    "int64": -(2**63),
    "uint8": 255,
    "uint16": 65_535,
    "uint32": 2**32 - 1,
    "uint64": 2**64 - 1,
    "size_t": 2**53 + 1,
    "bool": 1,
    "float64": 0.1,
    "float32": 0.1,
    "float16": 0.1,
    "bfloat16": 0.1,
}
SIGNED, UNSIGNED, REAL = (
    [name for name in SCALARS if name.startswith(prefixes)]
    for prefixes in ("int", ("uint", "size_t", "bool"), ("float", "bfloat"))
)


def param(name: str, kind: str) -> str:
    return f"  - {{name: {name}, type: {kind}, pointer: false}}\n"


@pytest.fixture(scope="module")
def scalars(make_problem: "MakeProblem") -> Problem:
    """A problem with a scalar of every type, between and behind its outputs."""
    front = (
        "parameters:\n"
        + "".join(param(f"s_{kind}", kind) for kind in SIGNED)
        + "  - {name: whole, type: int64, pointer: true, const: false}\n"
        + "".join(param(f"s_{kind}", kind) for kind in UNSIGNED)
        + "  - {name: natural, type: uint64, pointer: true, const: false}\n"
        + "  - {name: real, type: float64, pointer: true, const: false}\n"
        + "".join(param(f"s_{kind}", kind) for kind in REAL)
        + f"shapes: {{whole: [{len(SIGNED)}], natural: [{len(UNSIGNED)}], real: [{len(REAL)}]}}\n"
        + "cases:\n  test:\n    - {"
        + ", ".join(f"s_{kind}: {value}" for kind, value in SCALARS.items())
        + "}\n"
    )
    return make_problem(front, "")


def rounded(kind: str) -> float:
    """What a real of this type can hold of its value."""
    dtype = np.dtype(ml_dtypes.bfloat16 if kind == "bfloat16" else kind)
    return float(np.asarray(SCALARS[kind]).astype(dtype))


def test_scalars_arrive_in_cpp(visit: "Visit", scalars: Problem) -> None:
    """A scalar of each type, as small, large or fractional as it may be, reaches C++ as it was."""
    places = "".join(
        f"{output}[{i}] = s_{kind};"
        for output, kinds in (("whole", SIGNED), ("natural", UNSIGNED), ("real", REAL))
        for i, kind in enumerate(kinds)
    )
    inside = ", ".join(
        f"{p.dtype.c}{'*' if p.pointer else ''} {p.name}" for p in scalars.params if p.dtype
    )
    got = visit(f"void solution({inside}) {{ {places} }}", problem=scalars).ran()
    assert got["whole"].tolist() == [SCALARS[kind] for kind in SIGNED]
    assert got["natural"].tolist() == [SCALARS[kind] for kind in UNSIGNED]
    assert got["real"].tolist() == [rounded(kind) for kind in REAL]


def test_scalars_arrive_in_python(visit: "Visit", scalars: Problem) -> None:
    """Python gets whole numbers as int, reals as float, with the value that C++ gets."""
    names = ", ".join(p.name for p in scalars.params)
    source = (
        f"def solution({names}):\n"
        + "".join(f"    whole.numpy()[{i}] = s_{kind}\n" for i, kind in enumerate(SIGNED))
        + "".join(f"    natural.numpy()[{i}] = s_{kind}\n" for i, kind in enumerate(UNSIGNED))
        + "".join(f"    real.numpy()[{i}] = s_{kind}\n" for i, kind in enumerate(REAL))
        + f"    assert all(type(s) is int for s in ({', '.join('s_' + k for k in SIGNED)}))\n"
    )
    got = visit(source, "attempt.py", problem=scalars).ran()
    assert got["whole"].tolist() == [SCALARS[kind] for kind in SIGNED]
    assert got["natural"].tolist() == [SCALARS[kind] for kind in UNSIGNED]
    assert got["real"].tolist() == [rounded(kind) for kind in REAL]


CPP = (
    "void solution(const VAR* x, VAR* y, size_t n)"
    " { for (size_t i = 0; i < n; i++) y[i] = 2 * x[i]; }"
)
PYTHON = "def solution(x, y, n):\n    y.copy_(x * 2)\n"
BOTH = pytest.mark.parametrize(
    ("source", "name"), [(CPP, "attempt.cpp"), (PYTHON, "attempt.py")], ids=["C++", "Python"]
)


@BOTH
@pytest.mark.parametrize("right", [False, True], ids=["left", "right"])
def test_windows_are_apart(visit: "Visit", source: str, name: str, right: bool) -> None:
    """A call of some windows computes those, each from its own inputs, and no other."""
    stay = visit(source, name, windows=4, right=right)
    for window in range(4):
        stay.inputs.window("x", window)[...] = np.arange(1003) + 10_000 * window
    assert isinstance(stay.call(first=1, count=2), Ran)
    for window in (1, 2):
        expected = 2 * (np.arange(1003) + 10_000 * window)
        assert (stay.outputs.window("y", window) == expected).all()
    assert stay.outputs.unwritten("y", 0).all()
    assert stay.outputs.unwritten("y", 3).all()
    assert not stay.outputs.overrun(4)


@BOTH
def test_fresh_inputs_are_seen(visit: "Visit", source: str, name: str) -> None:
    """What the judge writes between two calls is what the second one computes with."""
    stay = visit(source, name)
    for value in (1.0, -3.5):
        stay.inputs.window("x")[...] = value
        assert (stay.ran()["y"] == 2 * value).all()


def test_buffers_stand_elsewhere_each_time(visit: "Visit", make_problem: "MakeProblem") -> None:
    """Nothing can be keyed on a pointer: every stay has its buffers at other addresses."""
    problem = make_problem(
        "parameters:\n  - {name: y, type: uint64, pointer: true, const: false}\n"
        "shapes: {y: [1]}\ncases: {test: [{}]}\n",
        "",
    )
    source = "void solution(uint64_t* y) { y[0] = (uint64_t)y; }"
    seen = {int(visit(source, problem=problem).ran()["y"][0]) for _ in range(4)}
    assert len(seen) == 4


def special_values() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Ties, neighbours of ties, subnormals, overflows, infinities, and a thousand others."""
    exponents = np.array([2.0**e for e in range(-30, 20)])
    ties = [1 + k * 2.0**-e for e in (8, 9, 11, 12) for k in range(8)]
    odd = [0.0, -0.0, 65504.0, 65519.9, 65520.0, 3.3895e38, 3.3961e38, np.inf, -np.inf, np.nan]
    odd += [1e-45, 5.9e-8, 2.98e-8, 2.99e-8, 9.2e-41, 1.17e-38]
    whole = np.concatenate([np.outer(exponents, ties).ravel(), odd]).astype(np.float32)
    return np.concatenate([whole, -whole])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types_round_as_torch_does(
    visit: "Visit", make_problem: "MakeProblem", dtype: str
) -> None:
    """Converting to a half type in C++ gives the bits that torch gives, whatever the value."""
    values = special_values()
    problem = make_problem(
        "parameters:\n  - {name: x, type: float, pointer: true, const: true}\n"
        '  - {name: y, type: "[VAR]", pointer: true, const: false}\n'
        "  - {name: n, type: size_t, pointer: false}\n"
        f"shapes: {{x: [n], y: [n]}}\ndtypes: [{dtype}]\ncases: {{test: [{{n: {values.size}}}]}}\n",
        "",
    )
    head = "void solution(const float* x, VAR* y, size_t n)"
    cpp = f"{head} {{ for (size_t i = 0; i < n; i++) y[i] = x[i]; }}"
    python = "def solution(x, y, n):\n    y.copy_(x)\n"
    ours = visit(cpp, problem=problem, values={"x": values}).ran()["y"]
    theirs = visit(python, "attempt.py", problem=problem, values={"x": values}).ran()["y"]
    is_nan = np.isnan(theirs.astype(np.float32))
    assert (np.isnan(ours.astype(np.float32)) == is_nan).all()
    assert (ours.view(np.uint16) == theirs.view(np.uint16))[~is_nan].all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types_widen_exactly(visit: "Visit", make_problem: "MakeProblem", dtype: str) -> None:
    """Every one of the 65536 half values converts to the float that it is."""
    problem = make_problem(
        'parameters:\n  - {name: x, type: "[VAR]", pointer: true, const: true}\n'
        "  - {name: y, type: float, pointer: true, const: false}\n"
        f"shapes: {{x: [65536], y: [65536]}}\ndtypes: [{dtype}]\ncases: {{test: [{{}}]}}\n",
        "",
    )
    head = "void solution(const VAR* x, float* y)"
    source = f"{head} {{ for (int i = 0; i < 65536; i++) y[i] = x[i]; }}"
    stay = visit(source, problem=problem)
    every = np.arange(65536, dtype=np.uint16)
    stay.inputs.window("x").view(np.uint16)[...] = every
    expected = stay.inputs.window("x").astype(np.float32)
    assert np.array_equal(stay.ran()["y"], expected, equal_nan=True)


def test_bfloat16_can_be_computed_with(visit: "Visit", make_problem: "MakeProblem") -> None:
    """The storage type of bfloat16 adds, multiplies and compares as numbers do."""
    problem = make_problem(
        "parameters:\n  - {name: x, type: bfloat16, pointer: true, const: true}\n"
        "  - {name: y, type: bfloat16, pointer: true, const: false}\n"
        "shapes: {x: [2], y: [8]}\ncases: {test: [{}]}\n",
        "",
    )
    body = """
    y[0] = x[0] + x[1]; y[1] = x[0] * x[1]; y[2] = x[0] < x[1] ? 1 : 0; y[3] = -x[0];
    y[4] = x[0]; y[4] += x[1]; y[5] = x[0]; y[5] *= 3; y[6] = 2.5; y[7] = x[0] / 2.0;
    """
    source = f"void solution(const grade_bfloat16* x, grade_bfloat16* y) {{ {body} }}"
    got = visit(source, problem=problem, values={"x": [1.5, 2.0]}).ran()["y"]
    assert got.astype(float).tolist() == [3.5, 3.0, 1.0, -1.5, 3.5, 4.5, 2.5, 0.75]


@BOTH
def test_a_call_takes_some_time(visit: "Visit", source: str, name: str) -> None:
    """The window of a call is a span of time, and a call of a thousand is a longer one."""
    stay = visit(source, name, windows=1000)

    def shortest(count: int) -> int:
        ran: Sequence[Ran | Fell] = [stay.call(count=count) for _ in range(40)]
        return min(r.window_ns for r in ran if isinstance(r, Ran))

    assert 0 < shortest(1) < shortest(1000)


BUSY = {
    "attempt.cpp": """
#include <thread>
void solution(const VAR* x, VAR* y, size_t n) {
    volatile uint32_t* counter = (uint32_t*)y;
    *counter = 0;
    std::thread([=] { for (;;) *counter = *counter + 1; }).detach();
    while (*counter == 0) {}
}
""",
    "attempt.py": """
import threading
def count(y):
    while True:
        y[0] += 1
def solution(x, y, n):
    y[0] = 0
    threading.Thread(target=count, args=(y,), daemon=True).start()
    while y[0] == 0:
        pass
""",
}


@pytest.mark.parametrize("name", BUSY)
def test_a_stranger_is_frozen_between_turns(visit: "Visit", name: str) -> None:
    """Between two turns no thread of a stranger runs, whatever it started."""
    stay = visit(BUSY[name], name)
    assert isinstance(stay.call(), Ran)
    first = stay.outputs.window("y").tobytes()
    assert all(stay.outputs.window("y").tobytes() == first for _ in range(3_000))


COUNTS = """
#include <thread>
void solution(const VAR* x, VAR* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
    std::thread([y] { for (volatile VAR* count = y; true; *count = 1 - *count) {} }).detach();
}
"""


def test_who_stays_awake_goes_on_between_turns(visit: "Visit") -> None:
    """A thread that is left behind stands still between turns, until nobody is frozen any more."""
    stay = visit(COUNTS, values={"x": 1.0})
    stay.ran()
    count = stay.outputs.window("y")
    before = count[0].copy()
    assert all(count[0] == before for _ in range(3000))
    stay.session.stay_awake()
    while count[0] == before:
        assert not stay.session.is_over
    assert isinstance(stay.call(), Ran)
