"""Short timed grades: what a timing holds, and that a timed call must be as right as any."""

import math
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.arena.host import Arena
from harness.arena.session import Session
from harness.clock import roofs
from harness.clock.baselines import COMPILE
from harness.clock.stage import LAUNCHES
from harness.disk import locked
from harness.errors import HarnessError, UserError
from harness.pipeline import grade
from harness.records import Clock, Fell, Policy, Problem, Stage, Verdict
from harness.report.document import document_of

if TYPE_CHECKING:
    from tests.conftest import GradeSource, MakeProblem

FRONT = """
parameters:
  - {name: x, type: float, pointer: true, const: true}
  - {name: y, type: float, pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
cases: {bench: {cpu: [{name: tiny, n: 100}]}}
"""


@pytest.fixture(scope="module")
def timed(make_problem: "MakeProblem", arena: Arena) -> Problem:
    """A problem with one small bench case; every parent that timing forks from is warm."""
    arena.warm_up(LAUNCHES)
    arena.wait_until_warm()
    return make_problem(FRONT, "def reference(x, n):\n    return x * 2\n")


HEAD = "void solution(const float* x, float* y, size_t n)"
COMPUTE = "for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];"


def kernel(body: str, before: str = "") -> str:
    return f"{before}\n{HEAD} {{\n{body}\n}}\n"


def test_a_timing_holds_what_was_measured(grade_source: "GradeSource", timed: Problem) -> None:
    """An accepted grade has one timing a bench case, with launches, rounds and an interval."""
    graded = grade_source(kernel(COMPUTE), problem=timed, time=True)
    assert graded.verdict is Verdict.ACCEPTED, graded.message
    (timing,) = graded.timing
    assert timing.case == "tiny"
    assert 3 <= len(timing.launches) <= LAUNCHES
    assert all(launch.rounds for launch in timing.launches)
    assert 0 < timing.ci_low <= timing.speedup <= timing.ci_high < math.inf
    assert timing.candidate_ms > 0
    assert timing.baseline_ms > 0
    assert timing.batch >= 1
    assert timing.null_ns > 0
    assert graded.score.speedup == pytest.approx(timing.speedup)
    assert timing.memory is None or timing.memory.buffers_bytes == 800  # not seen everywhere
    # of a machine that nobody has measured, rates alone; and it is not measured in passing
    assert timing.roofline is not None
    assert timing.roofline.bytes_s == pytest.approx(800 / (timing.candidate_ms / 1e3))
    assert (timing.roofline.flops, timing.roofline.limit) == (None, None)
    assert roofs.of_this_machine() is None


def test_python_is_timed_too(grade_source: "GradeSource", timed: Problem) -> None:
    """A Python candidate that writes its output is timed against the same baseline."""
    source = "import torch\ndef solution(x, y, n):\n    torch.mul(x, 2, out=y)\n"
    graded = grade_source(source, "attempt.py", problem=timed, time=True)
    assert graded.verdict is Verdict.ACCEPTED, graded.message
    (timing,) = graded.timing
    # what a kernel that returns has in its time, the baseline has behind it
    assert timing.copy_ms is not None
    assert timing.copy_ms > 0


@pytest.mark.parametrize(("reward", "boxes"), [((), 2), ((0.5,), 0)], ids=["usual", "reward"])
def test_no_more_boxes_than_needed_are_watched(
    grade_source: "GradeSource",
    timed: Problem,
    arena: Arena,
    monkeypatch: pytest.MonkeyPatch,
    reward: tuple[float, ...],
    boxes: int,
) -> None:
    """Beside PyTorch a Python kernel has one zero with it; who asks for a reward has no memory."""
    grown: list[int] = []
    opens = arena.open_python

    def seen(*given: Any, heap_bytes: int = 0, **named: Any) -> Session | Fell:
        grown.append(heap_bytes)
        return opens(*given, heap_bytes=heap_bytes, **named)

    monkeypatch.setattr(arena, "open_python", seen)
    source = "import torch\ndef solution(x, y, n):\n    torch.mul(x, 2, out=y)\n"
    graded = grade_source(source, "attempt.py", problem=timed, time=True, reward=reward)
    assert graded.timing, graded.message
    assert (graded.timing[0].memory is None) or not reward
    # what is timed has a heap that was grown; what is watched has not, and comes last
    last_timed = max(n for n, heap_bytes in enumerate(grown) if heap_bytes)
    assert len(grown) - 1 - last_timed == boxes


def test_what_sleeps_is_timed_by_the_wall(grade_source: "GradeSource", timed: Problem) -> None:
    """Who waits uses no processor; it is slow all the same."""
    nap = "timespec nap{0, 2'000'000}; nanosleep(&nap, nullptr);"
    graded = grade_source(kernel(f"{nap} {COMPUTE}", "#include <time.h>"), problem=timed, time=True)
    assert graded.verdict is Verdict.ACCEPTED, graded.message
    (timing,) = graded.timing
    assert timing.clock is Clock.WALL
    assert timing.candidate_ms > 2.0


def test_one_thread_is_timed_by_the_processor(grade_source: "GradeSource", timed: Problem) -> None:
    """It is the processor's clock that decides there, and both are kept."""
    graded = grade_source(kernel(COMPUTE), problem=timed, time=True)
    (timing,) = graded.timing
    if graded.isolation.freeze != "cgroup":
        pytest.skip("nobody adds up what a box uses on this machine")
    assert timing.clock is Clock.PROCESSOR
    assert all(r.processor_ns for launch in timing.launches for r in launch.rounds)


def test_ones_own_kernel_is_timed_awake(grade_source: "GradeSource", timed: Problem) -> None:
    """--own: it is timed like any other, and the result says so."""
    awake = grade_source(kernel(COMPUTE), problem=timed, time=True, own=True)
    assert awake.verdict is Verdict.ACCEPTED, awake.message
    assert len(awake.timing) == 1
    assert document_of(awake)["policy"]["own"] is True


def test_a_reward_is_settled_and_told(grade_source: "GradeSource", timed: Problem) -> None:
    """Far from the speedups that were asked for, it is known on which side of them it is."""
    body = "for (volatile int i = 0; i < 100'000; i = i + 1) {}"
    slow = grade_source(kernel(f"{body} {COMPUTE}"), problem=timed, time=True, reward=(0.5, 2.0))
    assert slow.verdict is Verdict.ACCEPTED, slow.message
    # where the baseline is not steady nothing is settled, however far it is
    exceeds = False if slow.timing[0].steady else None
    assert document_of(slow)["reward"] == [
        {"speedup": 0.5, "exceeds": exceeds},
        {"speedup": 2.0, "exceeds": exceeds},
    ]
    wrong = grade_source(kernel("y[0] = 1;"), problem=timed, time=True, reward=(0.5,))
    assert not wrong.timing
    assert wrong.exceeds(0.5) is False


def test_without_timing_bench_cases_alone_are_none(
    grade_source: "GradeSource", timed: Problem
) -> None:
    """Where nothing else is there to be checked, it is said, and nothing is graded."""
    with pytest.raises(UserError, match="bench cases only"):
        grade_source(kernel(COMPUTE), problem=timed)


def test_one_grade_at_a_time_has_the_clock(
    arena: Arena, timed: Problem, tmp_path: Path, cache_folder: Path
) -> None:
    """C14: while somebody else times, a grade waits, says so, and then goes on."""
    path = tmp_path / "attempt.cpp"
    path.write_text(kernel(COMPUTE))
    told: list[str] = []
    with ExitStack() as other:
        other.enter_context(locked(cache_folder / "clock.lock"))

        def tell(event: object) -> None:
            if isinstance(event, Stage) and event.name == "time":
                told.append(event.detail)
                if "another grade" in event.detail:
                    other.close()  # it has ended

        graded = grade(path, timed, policy=Policy(budget_s=0.1), arena=arena, tell=tell)
    assert graded.timing
    assert told[:2] == ["", "another grade is being timed"]


class Seen(Exception):  # noqa: N818 — a test has seen enough
    pass


def test_no_compiler_runs_beside_anothers_clock(
    arena: Arena, timed: Problem, tmp_path: Path, cache_folder: Path
) -> None:
    """A baseline is compiled when the clock is had, not while somebody else is being timed."""
    path = tmp_path / "attempt.cpp"
    path.write_text(kernel(COMPUTE))
    told: list[str] = []
    with ExitStack() as other:
        other.enter_context(locked(cache_folder / "clock.lock"))

        def tell(event: object) -> None:
            if isinstance(event, Stage):
                told.append(event.detail or event.name)
                if "another grade" in event.detail:
                    other.close()
                if event.name == "compile":
                    raise Seen

        with pytest.raises(Seen):
            grade(path, timed, policy=Policy(baseline=COMPILE), arena=arena, tell=tell)
    assert told[-2:] == ["another grade is being timed", "the baseline, for tiny"]


def test_a_clock_that_cannot_be_had_is_told_by_its_cache(
    grade_source: "GradeSource", timed: Problem, cache_folder: Path
) -> None:
    """Where the lock may not be opened it is a sentence that names the cache."""
    lock = cache_folder / "clock.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # what nobody can open for writing, root included
    try:
        with pytest.raises(HarnessError, match=f"the cache {cache_folder} cannot be written"):
            grade_source(kernel(COMPUTE), problem=timed, time=True)
    finally:
        lock.rmdir()


# (what stands before `solution`, what it does)
CHEATS = {
    "skips after the first call": (
        "static int calls; static float kept[100];",
        f"""if (calls++ == 0) {{ {COMPUTE} __builtin_memcpy(kept, y, 4 * n); }}
        else __builtin_memcpy(y, kept, 4 * n);""",
    ),
    "skips every second call": (
        "static int calls;",
        f"if (calls++ % 2 == 0) {{ {COMPUTE} }}",
    ),
    "is wrong in one call of many": (
        "static int calls;",
        f"{COMPUTE} if (++calls % 7 == 0) y[n / 2] += 1;",
    ),
    "keeps results by address": (
        """#include <map>
        #include <vector>
        static std::map<const float*, std::vector<float>> kept;""",
        f"""auto& old = kept[x];
        if (old.empty()) {{ {COMPUTE} old.assign(y, y + n); }}
        else __builtin_memcpy(y, old.data(), 4 * n);""",
    ),
    "keeps results by the sign of the first element": (
        "static bool full[2]; static float kept[2][100];",
        f"""int key = x[0] > 0;
        if (!full[key]) {{ {COMPUTE} __builtin_memcpy(kept[key], y, 4 * n); full[key] = true; }}
        else __builtin_memcpy(y, kept[key], 4 * n);""",
    ),
    "computes half of it once it has been checked": (
        "static int calls;",
        "size_t end = calls++ ? n / 2 : n; for (size_t i = 0; i < end; i++) y[i] = 2 * x[i];",
    ),
    "computes in the next call what was asked in this": (
        "static int calls; static float last[100];",
        f"""if (calls++) for (size_t i = 0; i < n; i++) y[i] = 2 * last[i];
        else {{ {COMPUTE} }}
        __builtin_memcpy(last, x, 4 * n);""",
    ),
    "leaves the work to a thread": (  # only one, that takes the calls as they came
        """#include <deque>
        #include <mutex>
        #include <thread>
        struct Call { const float* x; float* y; };
        static std::deque<Call> calls; static std::mutex mutex; static bool is_checked;
        static void work(size_t n) {
            for (;;) {
                std::unique_lock lock(mutex);
                if (calls.empty()) { lock.unlock(); std::this_thread::yield(); continue; }
                const auto [x, y] = calls.front();
                calls.pop_front();
                lock.unlock();
                for (volatile int i = 0; i < 1'000'000; i = i + 1) {}
                for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
            }
        }""",
        f"""if (is_checked) {{ std::lock_guard lock(mutex); calls.push_back({{x, y}}); return; }}
        is_checked = true;
        {COMPUTE}
        std::thread(work, n).detach();""",
    ),
    "crashes once it has been checked": (
        "static int calls;",
        f"{COMPUTE} if (calls++) __builtin_trap();",
    ),
    "leaves once it has been checked": (
        'extern "C" void exit(int) noexcept; static int calls;',
        f"{COMPUTE} if (calls++) exit(0);",
    ),
}
CRASHES = {
    "crashes once it has been checked": Verdict.RUNTIME_ERROR,
    "leaves once it has been checked": Verdict.RUNTIME_ERROR,
}


@pytest.mark.parametrize("name", CHEATS)
def test_what_is_right_only_when_checked_is_not_accepted(
    grade_source: "GradeSource", timed: Problem, name: str
) -> None:
    """A candidate that is right in the check and not in every timed call is caught by timing."""
    before, body = CHEATS[name]
    untimed = grade_source(kernel(body, before), problem=timed, case="tiny")
    graded = grade_source(kernel(body, before), problem=timed, time=True)
    assert untimed.verdict is Verdict.ACCEPTED, untimed.message
    assert graded.verdict in {Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR}
    assert graded.verdict is CRASHES.get(name, graded.verdict)
    assert not graded.timing
    assert not graded.score.correct


def test_a_wrong_candidate_is_never_timed(grade_source: "GradeSource", timed: Problem) -> None:
    """What fails the check has no timing."""
    graded = grade_source(kernel("y[0] = 1;"), problem=timed, time=True)
    assert graded.verdict is Verdict.WRONG_ANSWER
    assert not graded.timing
