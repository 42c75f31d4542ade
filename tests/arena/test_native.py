"""What native strangers try, and what they get for it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.records import Limits, Verdict

if TYPE_CHECKING:
    from tests.conftest import GradeSource

LEFT, RIGHT = "normal-" + "0" * 31 + "2", "normal-" + "0" * 31 + "3"
HEAD = "void solution(const VAR* x, VAR* y, size_t n) {"
HONEST = "for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];"


def kernel(body: str, before: str = "") -> str:
    """A kernel with some body; `before` stands in front of it."""
    return f"{before}\n{HEAD}\n{body}\n}}\n"


def test_an_honest_kernel_is_accepted(grade_source: "GradeSource") -> None:
    """The kernel from which all those below are bent is accepted."""
    grade = grade_source(kernel(HONEST))
    assert (grade.verdict, grade.message) == (Verdict.ACCEPTED, "")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    source: str
    verdict: Verdict
    reason: str
    words: str = ""
    limits: Limits = field(default_factory=lambda: Limits(call_s=2.0))


def crash(body: str, words: str, before: str = "", reason: str = "signal") -> Attempt:
    source = kernel(body, before)
    return Attempt(source=source, verdict=Verdict.RUNTIME_ERROR, reason=reason, words=words)


DONE_FRAME = "struct { unsigned op, a; unsigned long b, c; } done{104, 0, 0, 0};"
LIBC = """
extern "C" {
int mprotect(void*, size_t, int) noexcept;
long write(int, const void*, size_t);
long pwrite(int, const void*, size_t, long) noexcept;
int open(const char*, int, ...);
int close(int);
void exit(int) noexcept;
void _exit(int) noexcept;
void abort() noexcept;
}
"""
ATTEMPTS = {
    # ---- memory ----
    "writes an input": crash("((VAR*)x)[3] = 1;", "wrote to `x`, which is an input",
                             reason="input_write"),
    "makes an input writable": crash(
        "mprotect((void*)((uintptr_t)x & ~4095ul), 4096, 3); ((VAR*)x)[0] = 1;",
        "wrote to `x`, which is an input", LIBC, reason="input_write"),
    "reads far before an input": crash("y[0] = x[-9000];", "before the start of `x`",
                                       reason="out_of_bounds"),
    "writes far past an output": crash("y[n + 9000] = 1;", "past the end of `y`",
                                       reason="out_of_bounds"),
    "writes far before an output": crash("y[-9000] = 1;", "before the start of `y`",
                                         reason="out_of_bounds"),
    "reads far past an input": crash("y[0] = x[n + 9000];", "past the end of `x`",
                                     reason="out_of_bounds"),
    "follows a null pointer": crash("volatile int* volatile p = nullptr; *p = 1;", "SIGSEGV"),
    # ---- the process ----
    "divides by zero": crash("volatile int zero = 0; y[0] = 7 / zero;", "SIGFPE"),
    "aborts": crash("abort();", "SIGABRT", LIBC),
    "overflows the stack": crash(
        "y[0] = deep(n);", "SIGSEGV",
        "__attribute__((noinline)) float deep(size_t n)"
        " { volatile char page[4096]; page[n % 4096] = 1; return deep(n + 1) + page[n % 7]; }"),
    "traps": crash("__builtin_trap();", "SIGILL"),
    "exits": crash(f"{HONEST} exit(0);", "exit code 0", LIBC, reason="exit"),
    "exits at once": crash(f"{HONEST} _exit(0);", "exit code 0", LIBC, reason="exit"),
    "exits when loaded": crash(
        HONEST, "exit code 0", LIBC + "__attribute__((constructor)) void early() { exit(0); }",
        reason="exit"),
    "crashes when loaded": crash(
        HONEST, "SIGSEGV",
        "__attribute__((constructor)) void early() { volatile int* volatile p = 0; *p = 1; }"),
    "throws": crash('throw std::runtime_error("boom");', "boom", "#include <stdexcept>",
                    reason="exception"),
    "throws a number": crash("throw 42;", "exception", reason="exception"),
    "throws when loaded": crash(HONEST, "SIGABRT", "int early = [] { throw 1; return 0; }();"),
    "loops for ever": Attempt(
        source=kernel("volatile bool on = true; while (on) {}"), verdict=Verdict.TIME_LIMIT,
        reason="time", limits=Limits(call_s=0.3)),
    "loops for ever when loaded": Attempt(
        source=kernel(HONEST, "__attribute__((constructor)) void early()"
                              " { volatile bool on = true; while (on) {} }"),
        verdict=Verdict.TIME_LIMIT, reason="time", limits=Limits(load_s=0.3)),
    # ---- limits ----
    "asks for too much": Attempt(
        source=kernel("y[0] = *new float[1ul << 40];"), verdict=Verdict.MEMORY_LIMIT,
        reason="memory"),
    "asks for more than is granted": Attempt(
        source=kernel("std::vector<float> v(n << 20); y[0] = v[n];", "#include <vector>"),
        verdict=Verdict.MEMORY_LIMIT, reason="memory",
        limits=Limits(memory_bytes=1 << 30)),
    "prints without end": Attempt(
        source=kernel(f"for (int i = 0; i < 99; i++) write(1, x, 1024); {HONEST}", LIBC),
        verdict=Verdict.OUTPUT_LIMIT, reason="log", words="65536 bytes",
        limits=Limits(log_bytes=1 << 16)),
    "prints without end and exits": Attempt(
        source=kernel("for (int i = 0; i < 99; i++) write(1, x, 1024); exit(1);", LIBC),
        verdict=Verdict.OUTPUT_LIMIT, reason="log", limits=Limits(log_bytes=1 << 16)),
    # ---- the wire ----
    "writes to the wire": Attempt(
        source=kernel(f'write(3, "hello", 5); {HONEST}', LIBC),
        verdict=Verdict.RULES_VIOLATION, reason="wire"),
    "says done twice": Attempt(
        source=kernel(f"{HONEST} {DONE_FRAME} write(3, &done, sizeof done);", LIBC),
        verdict=Verdict.RULES_VIOLATION, reason="wire"),
    "answers something else": Attempt(
        source=kernel(f"{HONEST} {DONE_FRAME} done.op = 105; write(3, &done, sizeof done);", LIBC),
        verdict=Verdict.RULES_VIOLATION, reason="wire", words="frame 105"),
    "floods the wire": Attempt(
        source=kernel(f"{HONEST} {DONE_FRAME}"
                      " for (int i = 0; i < 64; i++) write(3, &done, sizeof done);", LIBC),
        verdict=Verdict.RULES_VIOLATION, reason="wire"),
    "sends a frame too long": Attempt(
        source=kernel(f"{HONEST} static char junk[70000]; write(3, junk, sizeof junk);", LIBC),
        verdict=Verdict.RULES_VIOLATION, reason="wire"),
    "closes the wire": crash(f"{HONEST} close(3);", "exit code 0", LIBC, reason="exit"),
    "closes the wire and goes on": Attempt(
        source=kernel("close(3); volatile bool on = true; while (on) {}", LIBC),
        verdict=Verdict.RULES_VIOLATION, reason="wire", words="closed"),
    # ---- the answer ----
    "does nothing": Attempt(
        source=kernel(""), verdict=Verdict.WRONG_ANSWER, reason="unwritten",
        words="`y` was never written"),
    "writes a part": Attempt(
        source=kernel("for (size_t i = 0; i < n - 3; i++) y[i] = 2 * x[i];"),
        verdict=Verdict.WRONG_ANSWER, reason="unwritten", words="3 of 1003 elements of `y`"),
    "says done on stdout": Attempt(
        source=kernel(f"{DONE_FRAME} write(1, &done, sizeof done); write(2, &done, sizeof done);",
                      LIBC),
        verdict=Verdict.WRONG_ANSWER, reason="unwritten"),
    "is done before it has begun": Attempt(
        source=kernel(
            f"{DONE_FRAME} write(3, &done, sizeof done);"
            f" for (volatile int i = 0; i < 200'000'000; i = i + 1) {{}} {HONEST}", LIBC),
        verdict=Verdict.WRONG_ANSWER, reason=""),
    "leaves the work to a thread": Attempt(
        source=kernel(
            "std::thread([=] { for (volatile int i = 0; i < 200'000'000; i = i + 1) {}"
            f" {HONEST} }}).detach();", "#include <thread>"),
        verdict=Verdict.WRONG_ANSWER, reason="unwritten"),
    "writes infinities": Attempt(
        source=kernel("for (size_t i = 0; i < n; i++) y[i] = 1 / 0.0f;"),
        verdict=Verdict.WRONG_ANSWER, reason="non_finite"),
    "changes an input through /proc": Attempt(
        source=kernel(
            'float zeros[1003] = {}; int self = open("/proc/self/mem", 2);'
            " pwrite(self, zeros, sizeof zeros, (long)x);"
            " for (size_t i = 0; i < n; i++) y[i] = 0;", LIBC),
        verdict=Verdict.WRONG_ANSWER, reason="value"),
}  # fmt: skip


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_whatever_goes_wrong_has_its_verdict(grade_source: "GradeSource", attempt: Attempt) -> None:
    """Each way to fail gets its own verdict and reason, and a message that says what happened."""
    grade = grade_source(attempt.source, limits=attempt.limits)
    reason = attempt.reason or grade.reason
    assert (grade.verdict, grade.reason) == (attempt.verdict, reason), grade.message
    assert attempt.words in grade.message


@pytest.mark.parametrize("seed", [LEFT, RIGHT], ids=["left", "right"])
@pytest.mark.parametrize(
    ("index", "words"), [("n", "past the end of `y`"), ("-1", "before the start of `y`")]
)
def test_one_element_too_far_is_found(
    grade_source: "GradeSource", seed: str, index: str, words: str
) -> None:
    """A single element beside an output is found, whichever side the buffer is aligned to."""
    grade = grade_source(kernel(f"{HONEST} y[{index}] = 1;"), seed=seed)
    assert (grade.verdict, grade.reason) == (Verdict.RUNTIME_ERROR, "out_of_bounds")
    assert words in grade.message


def test_reading_slightly_too_far_gains_nothing(grade_source: "GradeSource") -> None:
    """A kernel that sums an element past the end reads nothing that helps it."""
    grade = grade_source(kernel("for (size_t i = 0; i < n; i++) y[i] = x[i] + x[i + 1];"))
    assert grade.verdict in {Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR}


def test_a_crash_is_located(grade_source: "GradeSource") -> None:
    """The message of a crash names the writer's own file, line and function."""
    grade = grade_source(kernel("volatile int* volatile p = nullptr;\n\n*p = 1;"), "mine.cpp")
    assert "at mine.cpp:5 in solution" in grade.message


def test_a_crash_in_a_callee_is_located(grade_source: "GradeSource") -> None:
    """A crash inside the C library is told by the line that called it."""
    body = "\n\nmemset((void*)x, 0, n);\ny[0] = 1;"
    grade = grade_source(kernel(body, 'extern "C" void* memset(void*, int, size_t) noexcept;'))
    assert grade.reason == "input_write"
    assert "attempt.cpp:5 in solution" in grade.message


def test_a_crash_when_loaded_is_located(grade_source: "GradeSource") -> None:
    """A crash before the first call is told with what is known of it."""
    grade = grade_source(ATTEMPTS["crashes when loaded"].source)
    assert "SIGSEGV" in grade.message
    assert not grade.cases


def test_what_is_printed_is_in_the_log(grade_source: "GradeSource") -> None:
    """A failing kernel's own words reach its writer, harmless for a terminal."""
    body = r'printf("here \x1b[2J\n"); exit(1);'
    grade = grade_source(kernel(body, "#include <cstdio>\n" + LIBC))
    assert grade.log == "here [2J\n"


def test_a_kernel_is_not_asked_after_it_failed(grade_source: "GradeSource") -> None:
    """After a crash no further case is run."""
    grade = grade_source(kernel("volatile int* volatile p = nullptr; *p = 1;"))
    assert [case.verdict for case in grade.cases] == [Verdict.RUNTIME_ERROR]
    assert grade.cases[0].checked == 0


SCRIBBLES = r"""
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void scribble() {
    for (int number = 3; number < 64; number++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", number);
        const int again = open(path, O_WRONLY);
        if (again >= 0 && pwrite(again, "was here", 8, 64) == 8) fprintf(stderr, "scribbled\n");
        if (again >= 0) close(again);
    }
}
"""


def test_what_was_built_cannot_be_changed_by_what_is_run(
    grade_source: "GradeSource", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Descriptors that a stranger was given lead to nothing of the judge's that can be written,
    not even where stranger and judge are one user.
    """
    monkeypatch.setenv("GRADE_CACHE", str(tmp_path / "cache"))
    assert grade_source(kernel(HONEST)).verdict is Verdict.ACCEPTED
    for path in (tmp_path / "cache").rglob("*"):
        path.chmod(0o777)
    before = {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*.so")}
    graded = grade_source(kernel(HONEST, SCRIBBLES))
    assert graded.verdict is Verdict.ACCEPTED, graded.message
    assert before == {path: path.read_bytes() for path in before}
