"""What Python strangers try, and what they get for it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from harness.records import Limits, Verdict

if TYPE_CHECKING:
    from tests.conftest import GradeSource

HEAD = "import ctypes, os, sys\nimport torch\n"


def kernel(body: str, before: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{HEAD}{before}\ndef solution(x, y, n):\n{lines}\n"


RIGHT = {
    "writes": "y.copy_(x * 2)",
    "writes with out=": "torch.mul(x, 2, out=y)",
    "returns": "return x * 2",
    "returns a tuple of one": "return (x * 2,)",
    "returns a list of one": "return [x * 2]",
    "returns its output": "torch.mul(x, 2, out=y)\nreturn y",
    "returns a view that is not contiguous": "return torch.stack([x * 2, x], 1)[:, 0]",
    "with gradients": "with torch.enable_grad():\n    return x.clone().requires_grad_() * 2",
}


@pytest.mark.parametrize("body", RIGHT.values(), ids=RIGHT.keys())
def test_a_right_answer_may_come_in_any_way(grade_source: "GradeSource", body: str) -> None:
    """Outputs may be written or returned, as a tensor or in a tuple."""
    grade = grade_source(kernel(body), "attempt.py")
    assert (grade.verdict, grade.message) == (Verdict.ACCEPTED, "")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    source: str
    verdict: Verdict
    reason: str
    words: str = ""
    limits: Limits = field(default_factory=lambda: Limits(call_s=2.0))


def wrong(body: str, reason: str, words: str = "", before: str = "") -> Attempt:
    source = kernel(body, before)
    return Attempt(source=source, verdict=Verdict.WRONG_ANSWER, reason=reason, words=words)


def broken(body: str, reason: str, words: str = "", before: str = "") -> Attempt:
    source = kernel(body, before)
    return Attempt(source=source, verdict=Verdict.RUNTIME_ERROR, reason=reason, words=words)


def invalid(source: str, reason: str, words: str) -> Attempt:
    verdict = Verdict.COMPILE_ERROR if reason == "syntax" else Verdict.INVALID_SUBMISSION
    return Attempt(source=source, verdict=verdict, reason=reason, words=words)


PATCHES = """
def yes(*_, **__): return True
torch.allclose = torch.equal = torch.isclose = yes
torch.testing.assert_close = yes
torch.Tensor.__eq__ = torch.Tensor.allclose = torch.Tensor.equal = yes
try:
    import numpy
    numpy.array_equal = numpy.allclose = yes
except ImportError:
    pass
"""
MPROTECT = """
libc = ctypes.CDLL(None)
libc.mprotect(ctypes.c_void_p(x.data_ptr() & ~4095), ctypes.c_size_t(4096), 3)
x.zero_()
"""
ATTEMPTS = {
    # ---- the answer ----
    "does nothing": wrong("pass", "unwritten", "`y` was never written"),
    "writes a part": wrong("y[:1000] = 2 * x[:1000]", "unwritten", "3 of 1003"),
    "is wrong": wrong("return x * 3", "value"),
    "returns another shape": wrong("return (x * 2)[:-1]", "shape", "(1002,)"),
    "returns a shape that could be broadcast": wrong("return x[:1] * 2", "shape", "(1,)"),
    "returns another dtype": wrong("return x.double() * 2", "dtype", "torch.float64"),
    "returns too much": wrong("return x * 2, x", "outputs", "2 results were returned"),
    "returns too little": wrong("return ()", "outputs", "0 results were returned"),
    "returns a number": wrong("return 2.0", "outputs", "a float was returned"),
    "returns an array": wrong("return (x * 2).numpy()", "outputs", "ndarray"),
    "returns another device": wrong("return (x * 2).to('meta')", "device", "a tensor on meta"),
    "patches what compares": wrong("y.zero_()", "value", before=PATCHES),
    "writes from a thread": wrong(
        "threading.Thread(target=late, args=(x, y), daemon=True).start()", "unwritten",
        before="import threading\ndef late(x, y):\n    for _ in range(10_000_000): pass\n"
               "    y.copy_(x * 2)"),
    # ---- memory ----
    "writes an input": broken("x.mul_(2)\ny.copy_(x)", "signal", "SIGSEGV"),
    "makes an input writable": broken(MPROTECT, "signal", "SIGSEGV"),
    "writes past an output": broken(
        "y.copy_(x * 2)\nctypes.memset(y.data_ptr() + 4 * n, 0, 4)", "out_of_bounds",
        "past the end of `y`"),
    "writes far past an output": broken(
        "ctypes.memset(y.data_ptr() + (1 << 19), 0, 4)", "signal", "SIGSEGV"),
    # ---- exceptions ----
    "raises": broken("raise ValueError('boom')", "exception", "ValueError: boom"),
    "raises when imported": broken("pass", "exception", "KeyError: 'early'",
                                   before="raise KeyError('early')"),
    "exits": broken("sys.exit(0)", "exception", "SystemExit"),
    "exits when imported": broken("pass", "exception", "SystemExit", before="sys.exit(0)"),
    "is interrupted": broken("raise KeyboardInterrupt", "exception", "KeyboardInterrupt"),
    "raises an odd exception": broken(
        "raise Odd", "exception", "Odd",
        before="class Odd(BaseException):\n    def __str__(self): raise self"),
    "recurses": broken("solution(x, y, n)", "exception", "RecursionError"),
    "exits at once": broken("y.copy_(x * 2)\nos._exit(0)", "exit", "exit code 0"),
    "crashes": broken("ctypes.string_at(0)", "signal", "SIGSEGV"),
    "evaluates nonsense": broken("eval('1 +')", "exception", "SyntaxError"),
    # ---- what cannot be called ----
    "is not Python": invalid("def solution(x, y, n):\n    y[0] = = 1\n", "syntax",
                             "SyntaxError: invalid syntax"),
    "has a NUL byte": invalid("def solution(x, y, n):\n    '\0'\n", "syntax", "null bytes"),
    "is indented wrongly": invalid("  def solution(x, y, n):\n pass\n", "syntax", "indent"),
    "has no solution": invalid("def answer(x, y, n):\n    pass\n", "entry",
                               "no function `solution`"),
    "has a solution that is none": invalid("solution = 42\n", "entry", "no function `solution`"),
    "takes too little": invalid("def solution(x, y):\n    pass\n", "signature", "(x, y, n)"),
    "takes too much": invalid("def solution(x, y, n, m):\n    pass\n", "signature", "'m'"),
    "takes keywords only": invalid("def solution(*, x, y, n):\n    pass\n", "signature",
                                   "(x, y, n)"),
    # ---- limits ----
    "loops for ever": Attempt(source=kernel("while True: pass"), verdict=Verdict.TIME_LIMIT,
                              reason="time", limits=Limits(call_s=0.3)),
    "loops for ever when imported": Attempt(
        source=kernel("pass", "while True: pass"), verdict=Verdict.TIME_LIMIT, reason="time",
        limits=Limits(load_s=0.3)),
    "asks for too much": Attempt(source=kernel("x = bytearray(1 << 45)"), reason="memory",
                                 verdict=Verdict.MEMORY_LIMIT),
    "asks torch for too much": Attempt(source=kernel("return torch.empty(1 << 42)"),
                                       verdict=Verdict.MEMORY_LIMIT, reason="memory"),
    "prints without end": Attempt(
        source=kernel("y.copy_(x * 2)\nfor _ in range(99): print('x' * 1024, flush=True)"),
        verdict=Verdict.OUTPUT_LIMIT, reason="log", words="65536 bytes",
        limits=Limits(log_bytes=1 << 16)),
    "prints without end when imported": Attempt(
        source=kernel("y.copy_(x * 2)", "for _ in range(99): print('x' * 1024, flush=True)"),
        verdict=Verdict.OUTPUT_LIMIT, reason="log", limits=Limits(log_bytes=1 << 16)),
    "prints without end and exits": Attempt(
        source=kernel("try: print('x' * 99999, flush=True)\nfinally: os._exit(1)"),
        verdict=Verdict.OUTPUT_LIMIT, reason="log", limits=Limits(log_bytes=1 << 16)),
    "raises at great length": Attempt(
        source=kernel("raise ValueError('x' * 99999)"), verdict=Verdict.OUTPUT_LIMIT,
        reason="log", limits=Limits(log_bytes=1 << 16)),
    # ---- the wire ----
    "writes to the wire": Attempt(
        source=kernel("os.write(3, b'hello')\ny.copy_(x * 2)"),
        verdict=Verdict.RULES_VIOLATION, reason="wire"),
    "says done twice": Attempt(
        source=kernel("y.copy_(x * 2)\nos.write(3, struct.pack('<IIQQ', 104, 0, 0, 0))",
                      "import struct"),
        verdict=Verdict.RULES_VIOLATION, reason="wire"),
    "claims a failure that is none": Attempt(
        source=kernel("import struct\nos.write(3, struct.pack('<IIQQ', 199, 77, 0, 0))"),
        verdict=Verdict.RULES_VIOLATION, reason="wire"),
    "closes the wire": Attempt(
        source=kernel("y.copy_(x * 2)\nos.close(3)"), verdict=Verdict.RUNTIME_ERROR, reason="exit"),
    "rewrites the runner": wrong(
        "return x * 2", "unwritten",
        before="from harness.arena import runner\nrunner.Runner._store = lambda *_: None"),
}  # fmt: skip


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_whatever_goes_wrong_has_its_verdict(grade_source: "GradeSource", attempt: Attempt) -> None:
    """Each way to fail gets its own verdict and reason, and a message that says what happened."""
    grade = grade_source(attempt.source, "attempt.py", limits=attempt.limits)
    assert (grade.verdict, grade.reason) == (attempt.verdict, attempt.reason), grade.message
    assert attempt.words in grade.message


def test_a_traceback_begins_at_the_writers_code(grade_source: "GradeSource") -> None:
    """The log of an exception shows the writer's own lines, and no frame of ours."""
    source = kernel("return helper(x)", "def helper(x):\n    return x.no_such_method()")
    grade = grade_source(source, "mine.py")
    frames = [line for line in grade.log.splitlines() if line.startswith("  File")]
    assert [frame.rpartition(", ")[2] for frame in frames] == ["in solution", "in helper"]
    assert all("mine.py" in frame for frame in frames)
    assert "return x.no_such_method()" in grade.log


def test_a_syntax_error_shows_its_place(grade_source: "GradeSource") -> None:
    """The log of a syntax error shows file, line and text, and no frame of ours."""
    grade = grade_source("def solution(x, y, n):\n    y[0] = = 1\n", "mine.py")
    assert 'mine.py", line 2' in grade.log
    assert "y[0] = = 1" in grade.log
    assert "runner" not in grade.log
    assert "importlib" not in grade.log


def test_a_crash_shows_its_line(grade_source: "GradeSource") -> None:
    """The log of a crash names the line of Python that led there."""
    grade = grade_source(kernel("pass\nx.mul_(2)"), "mine.py")
    assert 'mine.py", line 6 in solution' in grade.log


def test_nothing_of_the_judge_is_in_reach(grade_source: "GradeSource") -> None:
    """Neither the seed nor the truth can be found in a runner's environment, arguments or heap."""
    body = """
import gc
found = [k for k in os.environ if 'SEED' in k.upper() or 'GRADE' in k.upper()]
found += [w for w in open('/proc/self/cmdline').read().split('\\0') if 'normal' in w]
found += [m for m in sys.modules if m.startswith(('harness.oracle', 'harness.clock'))]
found += [type(o).__name__ for o in gc.get_objects() if type(o).__name__ in ('Seed', 'Expected')]
assert not found, found
y.copy_(x * 2)
"""
    grade = grade_source(kernel(body), "attempt.py")
    assert grade.verdict is Verdict.ACCEPTED, grade.message


def test_one_submission_never_sees_another(grade_source: "GradeSource") -> None:
    """What one submission changes in torch is unchanged for the next."""
    spoiling = kernel("y.copy_(x * 2)", "torch.spoilt = True\ntorch.mul = None")
    assert grade_source(spoiling, "one.py").verdict is Verdict.ACCEPTED
    looking = kernel("assert not hasattr(torch, 'spoilt')\ntorch.mul(x, 2, out=y)")
    grade = grade_source(looking, "other.py")
    assert grade.verdict is Verdict.ACCEPTED, grade.message
