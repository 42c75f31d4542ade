"""Triton kernels without a GPU: what is right passes, what is wrong is named, the rest is told."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness.emulation.triton.source import is_triton
from harness.emulation.triton.versions import trouble
from harness.records import Verdict

if TYPE_CHECKING:
    from tests.conftest import GradeSource

needs_triton = pytest.mark.skipif(bool(trouble()), reason=trouble() or "Triton is here")
HEAD = """
import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice

@triton.jit
def kernel(x, y, scratch, n, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    at = p * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
"""
TAIL = """
def solution(x, y, n):
    block = 128
    scratch = torch.zeros(64, dtype=torch.int32, device=x.device)
    kernel[(triton.cdiv(n, block),)](x, y, scratch, n, BLOCK=block)
"""


def kernel(body: str, tail: str = TAIL) -> str:
    return HEAD + "".join(f"    {line}\n" for line in body.splitlines()) + tail


LOADS = "value = tl.load(x + at, mask=inside)\n"
STORES = "tl.store(y + at, value * 2, mask=inside)\n"
TUNED = """
@triton.autotune(configs=[triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 32})], key=["n"])
@triton.heuristics({"EVEN": lambda given: given["n"] % given["BLOCK"] == 0})
@triton.jit
def tuned(x, y, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y + at, 2 * tl.load(x + at, mask=at < n), mask=at < n)

def solution(x, y, n):
    assert x.is_cuda and x.device.type == "cuda" and torch.cuda.is_available()
    with torch.cuda.device(torch.cuda.current_device()):
        tuned[lambda given: (triton.cdiv(n, given["BLOCK"]),)](x, y, n)
    torch.cuda.synchronize()
"""
TWICE = """
def solution(x, y, n):
    part = torch.empty(n, dtype=x.dtype, device="cuda")
    scratch = torch.zeros(64, dtype=torch.int32, device="cuda:0")
    kernel[(triton.cdiv(n, 128),)](x, part, scratch, n, BLOCK=128)
    kernel[(triton.cdiv(n, 128),)](part, y, scratch, n, BLOCK=128)
    y.div_(2)
"""
LOCK = """while tl.atomic_cas(scratch, 0, 1) == 1:
    pass
tl.store(scratch + 1, tl.load(scratch + 1) + 1)
tl.atomic_xchg(scratch, 0)
"""
LAST = """tl.store(scratch + 8 + p, p)
if tl.atomic_add(scratch, 1) == tl.num_programs(0) - 1:
    every = tl.arange(0, 32)
    sums = tl.sum(tl.load(scratch + 8 + every, mask=every < tl.num_programs(0), other=0), axis=0)
    tl.store(scratch + 1, sums)
"""
RIGHT = {
    "plain": kernel(LOADS + STORES),
    "tuned, asking for a card": kernel("pass", TUNED),
    "two launches, one after another": kernel(LOADS + STORES, TWICE),
    "under a lock": kernel(LOADS + STORES + LOCK),
    "the last program sums up": kernel(LOADS + STORES + LAST),
    "atomics of all": kernel(LOADS + STORES + "tl.atomic_add(scratch + at % 8, 1, mask=inside)"),
    "a function of the library": kernel(
        LOADS + "value = libdevice.copysign(value, value)\n" + STORES
    ),
    "all write the same": kernel(LOADS + STORES + "tl.store(scratch, 7)"),
}


@needs_triton
@pytest.mark.parametrize("source", RIGHT.values(), ids=RIGHT.keys())
def test_a_right_kernel_is_accepted(grade_source: "GradeSource", source: str) -> None:
    """What is right and in order has no finding, and says that it was emulated."""
    grade = grade_source(source, "attempt.py")
    assert grade.verdict is Verdict.ACCEPTED, grade.message
    assert grade.machine.kind == "emulated"
    assert not grade.timing


@needs_triton
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_rounded_as_on_a_card(grade_source: "GradeSource", dtype: str) -> None:
    """The smaller types are counted with as numbers, and not as their bits."""
    source = kernel("value = tl.load(x + at, mask=inside)\ntl.store(y + at, value + value, inside)")
    grade = grade_source(source, "attempt.py", dtype=dtype)
    assert grade.verdict is Verdict.ACCEPTED, grade.message


@dataclass(frozen=True, kw_only=True)
class Wrong:
    body: str
    verdict: Verdict
    reason: str
    words: tuple[str, ...]
    tail: str = TAIL


def race(body: str, *words: str) -> Wrong:
    return Wrong(
        body=LOADS + STORES + body, verdict=Verdict.WRONG_ANSWER, reason="race", words=words
    )


def stray(body: str, *words: str) -> Wrong:
    return Wrong(body=body, verdict=Verdict.RUNTIME_ERROR, reason="out_of_bounds", words=words)


def lacking(body: str, *words: str, tail: str = TAIL) -> Wrong:
    return Wrong(body=body, verdict=Verdict.NOT_GRADABLE, reason="feature", words=words, tail=tail)


WRONG = {
    "loads past the end": stray(
        "value = tl.load(x + at)\n" + STORES, "loads element 1003 of `x`", "attempt.py:12",
        "program (7, 0, 0)", "which has 0 to 1002", "21 of 128 lanes"),
    "stores past the end": stray(
        LOADS + "tl.store(y + at, value * 2)", "stores element 1003 of `y`"),
    "loads before the start": stray(
        "value = tl.load(x + at - 5, mask=inside)\n" + STORES, "loads element -1 of `x`"),
    "changes past the end": stray(
        LOADS + STORES + "tl.atomic_add(scratch + 64, 1)", "changes element 64 of `scratch`"),
    "forgets an argument": stray(
        LOADS + STORES + "tl.store(scratch + 2**20, 1)", "stores element 1048576 of `scratch`"),
    "falls over what it read": stray(
        "value = tl.load(x + at + 2**20)\nassert False\n" + STORES, "element 1048576 of `x`"),
    "all add to one": race("tl.store(scratch, tl.load(scratch) + 1)", "element 0 of `scratch`",
                           "program (1, 0, 0)", "program (0, 0, 0) writes"),
    "each reads its neighbour's": race(
        "tl.store(scratch + p, 1)\n"
        "tl.store(scratch + 32 + p, tl.load(scratch + p - 1, mask=p > 0))",
        "reads element 0 of `scratch`"),
    "each writes what its neighbour read": race(
        "tl.store(scratch + 32 + p, tl.load(scratch + p + 1) + 1)\ntl.store(scratch + p, p + 1)",
        "writes element 1 of `scratch`", "reads in the same launch"),
    "all write something else": race("tl.store(scratch, p)", "writes element 0 of `scratch`"),
    "beside an atomic": race(
        "tl.atomic_add(scratch, 1)\ntl.store(scratch + 1 + p, tl.load(scratch))", "atomically"),
    "an unlocked lock": race(LOCK.replace("tl.atomic_cas(scratch, 0, 1) == 1", "False"),
                             "element 1 of `scratch`"),
    "sums up with relaxed atomics": race(LAST.replace(", 1) ==", ", 1, sem='relaxed') =="),
                                         "of `scratch`"),
    "lanes in each other's way": race(
        "tl.store(scratch + tl.arange(0, 64) // 2, tl.arange(0, 64))", "lanes of one store"),
    "inline assembly": lacking(
        LOADS + "value = tl.inline_asm_elementwise('mov.f32 $0, $1;', '=f,f', [value],"
        " dtype=tl.float32, is_pure=True, pack=1)\n" + STORES, "inline assembly"),
    "a library's function": lacking(
        LOADS + "value = libdevice.j0(value)\n" + STORES, "`libdevice.j0`"),
    "a graph": lacking(LOADS + STORES, "`torch.cuda.CUDAGraph`",
                       tail="def solution(x, y, n):\n    torch.cuda.CUDAGraph()\n"),
}  # fmt: skip


@needs_triton
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_finding_names_what_and_where(grade_source: "GradeSource", wrong: Wrong) -> None:
    """Each planted fault gets its verdict, with kernel, line, program and element."""
    grade = grade_source(kernel(wrong.body, wrong.tail), "attempt.py")
    assert (grade.verdict, grade.reason) == (wrong.verdict, wrong.reason), grade.message
    for words in wrong.words:
        assert words in grade.message


@needs_triton
def test_what_was_launched_compiles_for_a_card(grade_source: "GradeSource") -> None:
    """With --arch the grade tells what a kernel needs there."""
    grade = grade_source(kernel(LOADS + STORES), "attempt.py", arch="sm_90")
    assert grade.verdict is Verdict.ACCEPTED, grade.message
    assert grade.gate is not None
    (needs,) = grade.gate.kernels
    assert needs.name == "kernel"
    assert needs.registers > 0


DOT = """square = tl.arange(0, SIZE)[:, None] * SIZE + tl.arange(0, SIZE)[None, :]
one = (square % 7).to(tl.float32)
value = tl.load(x + at, mask=inside) + 0 * tl.sum(tl.sum(tl.dot(one, one), axis=1), axis=0)
"""
CARDS = {
    "too small for a card": (DOT.replace("SIZE", "4"), "compiler", "attempt.py:14"),
    "more shared memory than there is": (DOT.replace("SIZE", "128"), "shared_memory", "at most"),
}


@needs_triton
@pytest.mark.parametrize(("body", "reason", "words"), CARDS.values(), ids=CARDS.keys())
def test_what_no_card_can_run_is_a_compile_error(
    grade_source: "GradeSource", body: str, reason: str, words: str
) -> None:
    """What the interpreter takes and a card does not is refused with --arch."""
    grade = grade_source(kernel(body + STORES), "attempt.py", arch="sm_86")
    assert (grade.verdict, grade.reason) == (Verdict.COMPILE_ERROR, reason), grade.message
    assert "`kernel`" in grade.message
    assert words in grade.message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"import triton", True),
        (b"def solution():\n    import triton.language as tl", True),
        (b"from triton import jit", True),
        (b"import torch, tritonclient", False),
        (b"from .triton import jit", False),
        (b"text = 'import triton'", False),
        (b"import triton\n)", False),
    ],
)
def test_a_triton_submission_is_told_by_its_imports(source: bytes, expected: bool) -> None:
    """Nothing is run to find out."""
    assert is_triton(source) is expected


def test_without_triton_the_grade_says_how_to_get_it(
    grade_source: "GradeSource", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is missing nothing is wrong with the kernel, and the words lead to the mend."""
    monkeypatch.setattr("harness.emulation.triton.versions.installed", lambda: None)
    grade = grade_source(kernel(LOADS + STORES), "attempt.py")
    assert grade.verdict is Verdict.NOT_GRADABLE
    assert ".github/setup triton" in grade.message


def test_an_untried_release_is_not_believed(
    grade_source: "GradeSource", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its insides may be others."""
    monkeypatch.setattr("harness.emulation.triton.versions.installed", lambda: "99.1.0")
    grade = grade_source(kernel(LOADS + STORES), "attempt.py")
    assert grade.verdict is Verdict.NOT_GRADABLE
    assert "Triton 99.1.0 was never tried here" in grade.message
