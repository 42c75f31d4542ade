"""Faults that were found once, each by the test that would have caught it."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.arena.host import Arena
from harness.errors import ReferenceFailed, UserError
from harness.pipeline import grade
from harness.records import Limits, Policy, Problem, Verdict
from harness.report.document import document_of

if TYPE_CHECKING:
    from tests.conftest import GradeSource, MakeProblem

ONE_INPUT = """
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
"""
HEAD = "void solution(const VAR* x, VAR* y, size_t n)"


def doubled(value: str = "2 * float(x[i])") -> str:
    return f"{HEAD} {{ for (size_t i = 0; i < n; i++) y[i] = VAR({value}); }}\n"


def test_reading_past_an_input_shows(grade_source: "GradeSource") -> None:
    """Behind an input there is poison, not the zero that would hide an over-read."""
    over = doubled("2 * x[i] + 0 * x[n]")
    assert grade_source(over).verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_an_answer_off_by_an_eighth_is_wrong_in_half_precision(
    grade_source: "GradeSource", dtype: str
) -> None:
    """Half precision is no excuse for 12 %."""
    assert grade_source(doubled(), dtype=dtype).verdict is Verdict.ACCEPTED
    off = grade_source(doubled("2.25f * float(x[i])"), dtype=dtype)
    assert off.verdict is Verdict.WRONG_ANSWER


def test_a_conditional_load_compiles_in_bfloat16(grade_source: "GradeSource") -> None:
    """`inside ? x[i] : 0.0f` has one meaning, and plain assignment rounds."""
    source = f"{HEAD} {{ for (size_t i = 0; i < n; i++) {{ float v = i < n ? x[i] : 0.0f;"
    graded = grade_source(f"{source} y[i] = 2 * v; }} }}\n", dtype="bfloat16")
    assert graded.verdict is Verdict.ACCEPTED, graded.log


def test_a_scalar_is_the_same_number_for_all(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """A float scalar reaches the truth as rounded as the candidate gets it."""
    front = """
parameters:
  - {name: x, type: double, pointer: true, const: true}
  - {name: y, type: double, pointer: true, const: false}
  - {name: factor, type: float, pointer: false}
shapes: {x: [64], y: [64]}
cases: {test: [{factor: 0.1}]}
"""
    problem = make_problem(front, "def reference(x, factor):\n    return x * factor\n")
    head = "void solution(const double* x, double* y, float factor)"
    exact = f"{head} {{ for (int i = 0; i < 64; i++) y[i] = x[i] * (double)factor; }}\n"
    single = exact.replace("x[i] * (double)factor", "(float)x[i] * factor")
    assert grade_source(exact, problem=problem).verdict is Verdict.ACCEPTED
    assert grade_source(single, problem=problem).verdict is Verdict.WRONG_ANSWER


def test_a_failure_for_lack_of_memory_is_not_kept(grade_source: "GradeSource") -> None:
    """What does not compile under tight limits compiles under wide ones."""
    source = f"#include <vector>\n{doubled()}// its own entry in the cache\n"
    tight = replace(Limits(), memory_bytes=24 << 20)
    assert grade_source(source, limits=tight).verdict is Verdict.COMPILE_ERROR
    assert grade_source(source).verdict is Verdict.ACCEPTED


def test_an_artefact_too_large_is_the_submissions_fault(grade_source: "GradeSource") -> None:
    """A build that fills the disk is a verdict, not a failure of the harness."""
    source = f"char big[1 << 20] = {{1}};\n{doubled()}"
    small = replace(Limits(), artefact_bytes=1 << 19)
    assert grade_source(source, limits=small).verdict is Verdict.OUTPUT_LIMIT


def test_a_broken_reference_is_the_problems_fault(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """It is told like any bad problem file, with its own words."""
    front = f"{ONE_INPUT}cases: {{test: [{{n: 8}}]}}\n"
    problem = make_problem(front, "def reference(x, n):\n    return x / (1 // 0)\n")
    with pytest.raises(ReferenceFailed, match="ZeroDivisionError") as caught:
        grade_source(doubled(), problem=problem)
    assert isinstance(caught.value, UserError)


def test_a_submission_cannot_bring_its_own_problem(arena: Arena, tmp_path: Path) -> None:
    """The header names a slug of the catalogue, never a file."""
    (tmp_path / "kernel.cpp").write_text("// grade: problem=./own.md\n" + doubled())
    (tmp_path / "own.md").write_text("---\nslug: own\n---\n")
    with pytest.raises(UserError, match="is not a slug"):
        grade(tmp_path / "kernel.cpp", arena=arena)


def test_many_grades_leave_no_scratch_behind(grade_source: "GradeSource", arena: Arena) -> None:
    """A box's folder goes with the box: a warm worker does not fill the disk."""
    grade_source(doubled())
    scratch = arena.tools.scratch()
    before = len(list(scratch.parent.iterdir()))
    for number in range(3):
        grade_source(f"{doubled()}// {number}\n")
    assert len(list(scratch.parent.iterdir())) == before
    scratch.rmdir()


def test_a_grade_that_runs_out_of_time_while_timing_is_still_right(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """The kernel was right; the timing is cut, said, and gives no speedup."""
    front = f"{ONE_INPUT}cases: {{bench: {{cpu: [{{n: 64}}]}}}}\n"
    problem = make_problem(front, "def reference(x, n):\n    return x * 2\n")
    hurried = replace(Limits(), grade_s=4.0)  # enough to check, however busy the machine is
    graded = grade_source(doubled(), problem=problem, time=True, budget_s=600, limits=hurried)
    assert graded.verdict is Verdict.ACCEPTED, graded.message
    assert "timing was cut" in graded.message
    assert graded.score.speedup is None


def test_json_into_a_pipe_leaves_the_pipe_a_pipe(tmp_path: Path) -> None:
    """`--json` replaces files, never a FIFO or a device."""
    from harness.cli.target import write  # noqa: PLC0415 — the command line is not for all tests

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe, "told\n")
    assert os.read(reader, 100) == b"told\n"
    assert pipe.is_fifo()
    os.close(reader)


def test_policy_is_part_of_the_library() -> None:
    """What a grade is asked for can be imported from the same place as `grade`."""
    import harness  # noqa: PLC0415 — through the front door

    assert harness.Policy is Policy


NEVER_READS = r"""
#include <cstdint>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
static void say(uint32_t op) {
    struct { uint32_t op, a; uint64_t b, c; } frame{op, 0, 0, 0};
    send(3, &frame, sizeof frame, 0);
}
// answers each frame by its size, when it sees the queue grow, and reads none
__attribute__((constructor)) static void deaf() {
    say(101);
    for (int known = 0;;) {
        int now = 0;
        ioctl(3, FIONREAD, &now);
        if (now > known) {
            say(now - known == 24 ? 104 : 103);
            known = now;
        }
        usleep(100);
    }
}
"""


def test_a_runner_that_never_reads_does_not_hold_up_the_judge(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """A wire that fills up is a verdict: the judge never waits in a send."""
    sizes = ", ".join(f"{{n: {size}}}" for size in range(1, 200))
    front = f"{ONE_INPUT}cases: {{test: [{sizes}]}}\n"
    problem = make_problem(front, "def reference(x, n):\n    return x * 2\n")
    graded = grade_source(NEVER_READS + doubled(), problem=problem)
    assert len(graded.cases) < len(problem.cases)
    assert "never read" in graded.cases[-1].message
    assert graded.verdict is not Verdict.ACCEPTED


def test_a_candidate_that_leaves_before_its_first_timed_call_is_a_verdict(
    grade_source: "GradeSource", make_problem: "MakeProblem"
) -> None:
    """Wherever a candidate disappears, the judge tells it as the candidate's doing."""
    front = f"{ONE_INPUT}cases: {{bench: {{cpu: [{{n: 64}}]}}}}\n"
    # a heap that was grown before loading tells a timed launch from a check
    leaves = r"""
#include <malloc.h>
#include <thread>
#include <unistd.h>
#include <sys/socket.h>
namespace { struct Leaver { Leaver() {
    if (mallinfo2().arena < (4u << 20)) return;
    std::thread([] { usleep(3000); _exit(0); }).detach();
} } leaver; }
"""
    problem = make_problem(front, "def reference(x, n):\n    return x * 2\n")
    graded = grade_source(leaves + doubled(), problem=problem, time=True)
    assert graded.verdict in {Verdict.RUNTIME_ERROR, Verdict.RULES_VIOLATION}, graded.message


def test_any_file_name_is_gradable(arena: Arena, doubling: Problem, tmp_path: Path) -> None:
    """A name that is no text at all is the stranger's choice, not our crash."""
    path = tmp_path / os.fsdecode(b"bad\xff name.cpp")
    path.write_text(doubled())
    graded = grade(path, doubling, policy=Policy(time=False), arena=arena)
    assert graded.verdict is Verdict.ACCEPTED, graded.message
    json.dumps(document_of(graded)).encode()
