"""Class G: too much of anything has its verdict; with the one limit wider, the same is accepted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UserError
from harness.pipeline import grade
from harness.records import Grade, Limits, Policy, Problem, Verdict

HEAD = "void solution(const VAR* x, VAR* y, size_t n)"
DOUBLES = "for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];"
PYTHON = "def solution(x, y, n):\n    y.copy_(x * 2)\n"
Graded = Callable[..., Grade]


def cpp(before: str) -> str:
    """A right kernel that does something first."""
    return f"{before}\n{HEAD} {{ excess(); {DOUBLES} }}\n"


def py(before: str) -> str:
    return f"{before}\n{PYTHON.replace('    y.', '    excess(); y.')}"


@dataclass(frozen=True, kw_only=True)
class Excess:
    """A right answer with something too much, the limit that it exceeds, and a wider one."""

    source: str
    verdict: Verdict
    reason: str
    tight: Mapping[str, Any]
    wide: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    held: str = ""  # the property that it needs; where that does not hold, nothing is promised


FORKS_PY = """
import os, signal
def excess():
    children = []
    try:
        for _ in range(100):
            children.append(os.fork())
            if children[-1] == 0:
                signal.pause()
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
"""
THREADS = r"""
#include <atomic>
#include <thread>
#include <vector>
static void excess() {
    std::atomic<bool> on{true};
    std::vector<std::thread> threads;
    try {
        for (int i = 0; i < 100; i++) threads.emplace_back([&] { on.wait(true); });
    } catch (...) {
        on = false;
        on.notify_all();
        for (auto& thread : threads) thread.join();
        throw;
    }
    on = false;
    on.notify_all();
    for (auto& thread : threads) thread.join();
}
"""
EXCESSES = {
    "G3 forks in Python": Excess(source=py(FORKS_PY), verdict=Verdict.RUNTIME_ERROR,
                                 reason="exception", tight={"processes": 32},
                                 words="Resource temporarily unavailable"),
    "G3 threads": Excess(source=cpp(THREADS), verdict=Verdict.RUNTIME_ERROR, reason="exception",
                         tight={"processes": 32}, words="Resource temporarily unavailable"),
    "G4 memory": Excess(
        source=cpp("#include <vector>\nstatic void excess() { std::vector<char> v(600 << 20, 1);"
                   " volatile char c = v[99]; (void)c; }"),
        verdict=Verdict.MEMORY_LIMIT, reason="memory", tight={"memory_bytes": 512 << 20}),
    "G4 a full folder": Excess(
        source=py("def excess():\n    for i in range(4):\n"
                  "        open(f'part{i}', 'wb').write(bytes(1 << 19))"),
        verdict=Verdict.RUNTIME_ERROR, reason="exception", tight={"file_bytes": 1 << 20},
        words="No space left on device", held="disk_limit"),
    "G5 a log": Excess(
        source=cpp("#include <cstdio>\nstatic void excess()"
                   ' { for (int i = 0; i < 20000; i++) puts("0123456789"); }'),
        verdict=Verdict.OUTPUT_LIMIT, reason="log", tight={"log_bytes": 1 << 16},
        wide={"log_bytes": 1 << 24}),
    "G5 a log in Python": Excess(
        source=py("def excess():\n    print('0123456789' * 20000, flush=True)"),
        verdict=Verdict.OUTPUT_LIMIT, reason="log", tight={"log_bytes": 1 << 16},
        wide={"log_bytes": 1 << 24}),
    "G7 slow": Excess(
        source=py("import time\ndef excess():\n    time.sleep(1.5)"), verdict=Verdict.TIME_LIMIT,
        reason="time", tight={"call_s": 0.5}, wide={"call_s": 20.0}),
}  # fmt: skip


@pytest.fixture
def graded(grade_source: Graded) -> Graded:
    """Grade a source in its lane, with limits of a test's own."""

    def run(source: str, **limits: Any) -> Grade:
        name = "attempt.py" if source.endswith(PYTHON[-9:]) else "attempt.cpp"
        return grade_source(source, name, limits=replace(Limits(call_s=10.0), **limits))

    return run


@pytest.mark.parametrize("excess", EXCESSES.values(), ids=list(EXCESSES))
def test_too_much_has_its_verdict(graded: Graded, excess: Excess) -> None:
    """Beyond a limit it is stopped, by that limit: under a wider one the same is accepted."""
    stopped = graded(excess.source, **excess.tight)
    if any(item.name == excess.held and not item.holds for item in stopped.isolation.properties):
        pytest.skip(f"{excess.held} does not hold on this machine")
    told = (stopped.message, stopped.log[:300])
    assert (stopped.verdict, stopped.reason) == (excess.verdict, excess.reason), told
    assert excess.words in stopped.message, told
    accepted = graded(excess.source, **excess.wide)
    assert accepted.verdict is Verdict.ACCEPTED, (accepted.message, accepted.log[:300])


FORK = r"""
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
static void excess() {
    if (fork() < 0) {
        perror("fork");
        exit(1);
    }
}
"""


def test_a_native_kernel_is_one_process(graded: Graded) -> None:
    """Whatever the limit: a kernel may start threads, and nobody who works when it stands still."""
    grade = graded(cpp(FORK))
    assert (grade.verdict, grade.reason) == (Verdict.RUNTIME_ERROR, "exit")
    assert "fork: Operation not permitted" in grade.log


DESCRIPTORS = """
import os
def excess():
    held = []
    try:
        while len(held) < 5000:
            held.append(os.dup(0))
    finally:
        for descriptor in held:
            os.close(descriptor)
"""
CORES = """
import resource
def excess():
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= 4096
"""


def test_descriptors_and_cores_are_limited(graded: Graded) -> None:
    """G6: descriptors run out before they are many, and a crash leaves no core behind."""
    many = graded(py(DESCRIPTORS))
    assert (many.verdict, many.reason) == (Verdict.RUNTIME_ERROR, "exception")
    assert "Too many open files" in many.message
    few = graded(py(DESCRIPTORS.replace("5000", "500")))
    assert few.verdict is Verdict.ACCEPTED, few.message
    assert graded(py(CORES)).verdict is Verdict.ACCEPTED


CRASHES = {
    "SIGSEGV": "*(volatile int*)8 = 1;",
    "SIGFPE": "volatile int zero = 0; zero = 7 / zero;",
    "SIGILL": "__builtin_trap();",
    "SIGABRT": "abort();",
    "SIGBUS": "raise(SIGBUS);",
    "SIGSYS": "raise(SIGSYS);",
    "SIGTRAP": "raise(SIGTRAP);",
}
KNOCKS = ("SIGTERM", "SIGHUP", "SIGPIPE", "SIGXCPU", "SIGUSR1", "SIGALRM", "SIGSTOP", "SIGTSTP")
SIGNALS = "#include <csignal>\n#include <cstdlib>\n"


@pytest.mark.parametrize(("name", "deed"), CRASHES.items(), ids=list(CRASHES))
def test_each_crash_is_told_by_its_signal(graded: Graded, name: str, deed: str) -> None:
    """G8: whatever ends it, the verdict is the submission's and names the signal."""
    fell = graded(cpp(f"{SIGNALS}static void excess() {{ {deed} }}"))
    assert (fell.verdict, fell.reason) == (Verdict.RUNTIME_ERROR, "signal"), fell.message
    assert name in fell.message


@pytest.mark.parametrize("name", KNOCKS)
def test_a_signal_to_oneself_stops_no_judge(graded: Graded, name: str) -> None:
    """G8: who stops, knocks or rings at its own process gets a verdict, and the judge goes on."""
    fell = graded(cpp(f"{SIGNALS}static void excess() {{ raise({name}); }}"), call_s=2.0)
    assert fell.verdict in {
        Verdict.ACCEPTED, Verdict.RUNTIME_ERROR, Verdict.TIME_LIMIT, Verdict.RULES_VIOLATION,
    }, fell.message  # fmt: skip


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1])
def test_a_source_has_a_size(doubling: Problem, tmp_path: Path, graded: Graded, size: int) -> None:
    """G10: what is too large is not even read; at the limit it is graded."""
    source = PYTHON.encode()
    path = tmp_path / "large.py"
    path.write_bytes(b"#" * (size - len(source) - 1) + b"\n" + source)
    if size <= 1 << 20:
        assert graded(path.read_text()).verdict is Verdict.ACCEPTED
    else:
        with pytest.raises(UserError, match="at most 1048576"):
            grade(path, doubling, policy=Policy(time=False))
