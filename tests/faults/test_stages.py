"""A fault in any stage of the judge ends with exit code 3, a sentence, and no verdict."""

import contextlib
import errno
import functools
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.arena.host import Arena
from harness.cli import main as command
from harness.errors import HarnessError, SandboxError

FAULTS: dict[str, Exception] = {
    "disk full": OSError(errno.ENOSPC, "No space left on device"),
    "no memory": MemoryError(),
    "a bug": RuntimeError("a bug of ours"),
    "the machine": SandboxError("the machine failed"),
}
# of each stage one function that it cannot do without
STAGES = {
    "read": "harness.pipeline.read_submission",
    "problem": "harness.problem.catalogue.load_problem",
    "plan": "harness.plan.arguments_of",
    "walls": "harness.arena.host.Arena.demand",
    "declare": "harness.build.cpp.declaration",
    "look up": "harness.build.cache.lookup",
    "compile": "harness.build.recipe.compile_boxed",
    "keep": "harness.build.cache.write_atomically",
    "runner": "harness.candidate.cpp.build_native_runner",
    "oracle": "harness.pipeline.Oracle",
    "bear": "harness.sandbox.door.Nursery._send",
    "open": "harness.arena.host.Arena.open_native",
    "load": "harness.arena.session.Session.load",
    "lay out": "harness.oracle.check.lay_out",
    "lend": "harness.arena.session.Session.lend",
    "fill": "harness.oracle.check.draw_inputs",
    "poison": "harness.arena.memory.Memory.poison",
    "call": "harness.arena.session.Session.call",
    "thaw": "harness.sandbox.box.Box.thaw",
    "log": "harness.sandbox.box.Log.is_full",
    "overrun": "harness.arena.memory.Memory.overrun",
    "expect": "harness.oracle.expect.Oracle.expect",
    "compare": "harness.oracle.judge.compare",
    "judge": "harness.oracle.expect.Oracle.judge",
    "conclude": "harness.pipeline._concluded",
    "score": "harness.job.score_of",
    "machine": "harness.job.machine.describe",
    "show": "harness.report.terminal._headline",
    "document": "harness.report.document.document_of",
    "write": "harness.disk.write_atomically",
}
TIMED = {
    "time": "harness.timed.time_case",
    "pool": "harness.clock.stage.Pool",
    "turn": "harness.clock.arms.Arm.timed",
    "audit": "harness.clock.rounds._audit",
    "estimate": "harness.clock.rounds.estimate",
    "summary": "harness.clock.rounds._summed_up",
    "memory": "harness.clock.footprint._footprints",
}
Grade = Callable[..., int]


@pytest.fixture
def run(arena: Arena, desk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Grade]:
    """`grade doubles.cpp …` in this process, in the arena that all tests share."""
    monkeypatch.setattr("harness.pipeline.Arena", lambda **_: contextlib.nullcontext(arena))
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # it puts streams of its own there
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGPIPE, signal.SIGTERM)}

    def grade(*words: str) -> int:
        given = ["doubles.cpp", "--problem", "small.md", "--json", "grade.json", *words]
        monkeypatch.setattr(sys, "argv", ["grade", *given])
        monkeypatch.chdir(desk)
        with pytest.raises(SystemExit) as left:
            command.main()
        return int(left.value.code or 0)

    yield grade
    for number, handler in handlers.items():
        signal.signal(number, handler)


def fail(error: Exception, *_: object, **__: object) -> None:
    raise error


def assert_no_verdict(code: int, desk: Path, out: str, err: str) -> None:
    assert code == 3, err
    assert "accepted" not in out
    assert err.splitlines()[-1].startswith("grade: the harness failed")
    assert not (desk / "grade.json").exists()
    assert not list(desk.glob(".*"))


def test_without_a_fault_it_is_accepted(run: Grade, desk: Path) -> None:
    """The grade that all tests below break is accepted and written."""
    assert run("--no-time") == 0
    assert (desk / "grade.json").exists()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("stage", STAGES.values(), ids=list(STAGES))
def test_a_fault_in_a_stage_is_no_verdict(
    run: Grade,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stage: str,
    fault: Exception,
    tmp_path: Path,
) -> None:
    """Whatever fails and wherever: exit code 3, a sentence, no result and nothing half-written."""
    if stage.startswith("harness.build"):  # what is kept would not be built again
        monkeypatch.setenv("GRADE_CACHE", str(tmp_path / "empty"))
    if stage == STAGES["oracle"]:  # nor is what the arena keeps for this problem
        path = desk / "small.md"
        path.write_text(path.read_text() + "\nNobody has read this one yet.\n")
    broken = functools.partial(fail, fault)
    monkeypatch.setattr(stage, property(broken) if stage.endswith(".is_full") else broken)
    code = run("--no-time")
    assert_no_verdict(code, desk, *capsys.readouterr())


@pytest.mark.parametrize("stage", TIMED.values(), ids=list(TIMED))
def test_a_fault_while_timing_is_no_verdict(
    run: Grade,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stage: str,
) -> None:
    """A kernel that is right is not accepted if its timing broke."""
    monkeypatch.setattr(stage, functools.partial(fail, HarnessError("the clock stopped")))
    code = run("--budget", "0.2")
    assert_no_verdict(code, desk, *capsys.readouterr())
