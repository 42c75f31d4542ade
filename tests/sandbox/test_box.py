"""What a box promises about one program."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import SandboxError
from harness.records import Limits
from harness.sandbox.box import Ended, printable
from harness.sandbox.door import Nursery

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.conftest import Try

DEADLINE_S = 10.0


def test_the_exit_code_is_told(nursery: Nursery, attempt: "Try") -> None:
    """A program's exit code arrives as it was given."""
    assert attempt(nursery, "sys.exit(7)").box.wait(DEADLINE_S) == Ended(code=7, signal=None)


def test_the_signal_is_told(nursery: Nursery, attempt: "Try") -> None:
    """A program that crashes is told by the signal that ended it."""
    ended = attempt(nursery, "import ctypes; ctypes.string_at(0)").box.wait(DEADLINE_S)
    assert ended == Ended(code=None, signal=11)
    assert str(ended) == "SIGSEGV"


def test_waiting_ends_at_its_time_limit(nursery: Nursery, attempt: "Try") -> None:
    """A program that goes on is no end: waiting for it gives None."""
    trial = attempt(nursery, "count(0)")
    trial.wait_for(0)
    assert trial.box.wait(0.01) is None


def test_the_end_is_remembered(best: Nursery, attempt: "Try") -> None:
    """Waiting a second time tells the same end again."""
    box = attempt(best, "sys.exit(3)").box
    assert box.wait(DEADLINE_S) == box.wait(0) == Ended(code=3, signal=None)


def test_a_program_that_cannot_be_started_is_a_fault_of_the_harness(nursery: Nursery) -> None:
    """A box whose program is not there, or may not be run, is an error and no end of a stranger."""
    for path, why in (("/no/such/program", "No such file"), ("/dev/null", "Permission denied")):
        with (
            nursery.bear_program([path], limits=Limits()) as box,
            pytest.raises(SandboxError, match=f"could not be started in its box: .*{why}"),
        ):
            box.wait(DEADLINE_S)


def test_a_box_that_cannot_be_made_is_a_fault_of_the_harness(best: Nursery) -> None:
    """What goes wrong before the program is started is an error, never that program's end."""
    with pytest.raises(SandboxError, match="could not be entered"):
        best.bear_program(["/bin/true"], cpus=[1_000_000], limits=Limits())
    with best.bear_program(["/bin/true"], limits=Limits()) as box:
        assert box.wait(DEADLINE_S) == Ended(code=0, signal=None)


def test_the_processor_counts_those_that_have_ended(best: Nursery, attempt: "Try") -> None:
    """What a box has used is the sum over all its processes, children long gone among them."""
    if not best.has_groups:
        pytest.skip("nobody adds it up on this machine")
    burns = """
if os.fork() == 0:
    while time.process_time() < 0.2: pass
    os._exit(0)
os.wait()
slots[1] = int(time.process_time() * 1e9)
sys.exit(0)
"""
    box = (trial := attempt(best, burns)).box
    assert box.wait(DEADLINE_S) == Ended(code=0, signal=None)
    assert (box.processor_ns() or 0) > 0.2e9 + trial.board[1] / 2


def test_of_a_single_process_the_processor_is_known_anyway() -> None:
    """Who can start threads only is added up by its own clock, where there is no group to ask."""
    burns = """
import os, sys, threading, time
def burn():
    end = time.thread_time() + 0.1
    while time.thread_time() < end: pass
try:
    os.fork()
except PermissionError:
    thread = threading.Thread(target=burn)
    thread.start(); thread.join()
    os.write(1, str(int(time.process_time() * 1e9)).encode())
    while True: time.sleep(1)
"""
    with Nursery(groups=False) as nursery:
        if not nursery.walls.filter:
            pytest.skip("this machine allows no filter")
        argv = [sys.executable, "-I", "-S", "-c", burns]
        with nursery.bear_program(argv, is_single=True, limits=Limits()) as box:
            while not (told := box.log.text()):
                assert box.wait(0) is None
            assert (box.processor_ns() or 0) >= int(told) >= 0.1e9
            box.kill()
            box.wait(DEADLINE_S)
            assert box.processor_ns() is None
        with nursery.bear_program(["/bin/sleep", "9"], limits=Limits()) as box:
            assert box.processor_ns() is None


def test_going_to_sleep_is_counted(nursery: Nursery, attempt: "Try") -> None:
    """Each time that a program waits for something is one more, and work is none."""
    for work, least, most in (("time.sleep(0.001)", 20, 1000), ("sum(range(1000))", 0, 19)):
        trial = attempt(
            nursery, f"slots[2] = 1\nfor _ in range(20): {work}\nslots[1] = 1\ncount(0)"
        )
        trial.wait_for(1)
        assert least <= trial.box.switches()[0] <= most


@pytest.mark.parametrize("name", [b"ctxt_switches", b"9 ctxt_switches", b") Z 1 (", b"\xff\xfe"])
def test_a_process_may_call_itself_what_it_likes(
    best: Nursery, attempt: "Try", name: bytes
) -> None:
    """What is read of a stranger's process is not misled by its name."""
    called = f"import ctypes\nctypes.CDLL(None).prctl(15, {name!r}, 0, 0, 0)\n"
    trial = attempt(best, f"{called}slots[2] = 1\nslots[1] = 1\ncount(0)")
    trial.wait_for(1)
    slept, pushed = trial.box.switches()
    assert slept + pushed > 0


def test_files_stand_in_its_folder(best: Nursery) -> None:
    """A program starts in a folder that holds the files it was given, and nothing else."""
    files = {"a.txt": b"alpha", "b.txt": b"beta"}
    with best.bear_program(["/bin/sh", "-c", "ls; cat a.txt"], files=files, limits=Limits()) as box:
        box.wait(DEADLINE_S)
        assert box.log.text().split() == ["a.txt", "b.txt", "alpha"]


def test_the_log_holds_both_streams(best: Nursery, attempt: "Try") -> None:
    """What is written to stdout and to stderr is in the log, in order."""
    trial = attempt(best, "os.write(1, b'out '); os.write(2, b'err')")
    trial.box.wait(DEADLINE_S)
    assert trial.box.log.text() == "out err"


def test_the_log_is_printable(best: Nursery, attempt: "Try") -> None:
    """Nothing in a log can act in a terminal or turn its text around."""
    trial = attempt(best, r"os.write(1, b'a\x1b[31mb\x00c\rd\x07\n\te\xff' + '\u202ef'.encode())")
    trial.box.wait(DEADLINE_S)
    assert trial.box.log.text() == "a[31mbcd\n\te\ufffdf"


@pytest.mark.parametrize("character", [chr(c) for c in (*range(32), *range(127, 160))])
def test_no_control_character_is_printable(character: str) -> None:
    """Of the control characters only newline and tab are left standing."""
    assert printable(character) == (character if character in "\n\t" else "")


def test_the_log_is_capped(best: Nursery, attempt: "Try") -> None:
    """Beyond its cap a log takes no more: the program is told, and the log says that it is full."""
    limits = Limits(log_bytes=4096)
    flood = "sys.exit(sum(os.write(1, b'x' * 1000) for _ in range(4)) and os.write(1, b'x' * 1000))"
    trial = attempt(best, flood, limits=limits)
    assert trial.box.wait(DEADLINE_S) == Ended(code=96, signal=None)
    assert trial.box.log.is_full
    assert trial.box.log.text() == "x" * 4096


def test_a_log_below_its_cap_is_not_full(best: Nursery, attempt: "Try") -> None:
    """A program that prints within the cap has not filled its log."""
    trial = attempt(best, "os.write(1, b'x' * 100)", limits=Limits(log_bytes=4096))
    trial.box.wait(DEADLINE_S)
    assert not trial.box.log.is_full


def test_the_environment_is_built_from_nothing(
    monkeypatch: pytest.MonkeyPatch, attempt: "Try"
) -> None:
    """Nothing of the judge's environment is inside, neither in the box nor in its nursery."""
    monkeypatch.setenv("CANARY", "c4n4ry")
    with Nursery() as nursery:
        trial = attempt(nursery, "print(*sorted(os.environ))")
        assert trial.box.wait(DEADLINE_S) == Ended(code=0, signal=None)
        assert trial.box.log.text().split() == ["HOME", "LANG", "PATH", "TMPDIR"]
        theirs = Path(f"/proc/{nursery._process.pid}/environ").read_text()
    assert "PATH=" in theirs
    assert "c4n4ry" not in theirs


OPEN = """
import os
def is_open(fd):
    try:
        return bool(os.fstat(fd))
    except OSError:
        return False
print(*(fd for fd in range(4096) if is_open(fd)))
"""


def test_only_given_descriptors_are_open(nursery: Nursery) -> None:
    """Inside, 0, 1, 2 and the given descriptors are open; neither the judge's nor the nursery's."""
    inheritable, given = os.memfd_create("leak", 0), os.memfd_create("given", 0)
    argv = [sys.executable, "-I", "-S", "-c", OPEN]
    try:
        with nursery.bear_program(argv, descriptors=[given], limits=Limits()) as box:
            box.wait(DEADLINE_S)
            assert box.log.text().split() == ["0", "1", "2", "3"]
    finally:
        os.close(inheritable)
        os.close(given)


def test_every_one_of_many_boxes_gets_its_own_descriptors(best: Nursery, attempt: "Try") -> None:
    """However many boxes live at once, each gets the descriptors that were meant for it."""
    trials = [attempt(best, "slots[0] = 1; time.sleep(60)") for _ in range(60)]
    for trial in trials:
        trial.wait_for(0)
        assert not trial.box.log.text()


def test_a_box_has_no_more_memory_than_allowed(best: Nursery, attempt: "Try") -> None:
    """Beyond its memory limit a program's allocations fail."""
    program = "x = bytearray(2 << 30)"
    trial = attempt(best, program, limits=Limits(memory_bytes=1 << 30))
    assert trial.box.wait(DEADLINE_S) == Ended(code=1, signal=None)
    assert "MemoryError" in trial.box.log.text()


def test_a_box_is_the_first_to_go_where_memory_ends(best: Nursery, attempt: "Try") -> None:
    """What a stranger fills and maps nowhere would else be paid for by the judge."""
    trial = attempt(best, "assert open('/proc/self/oom_score_adj').read() == '1000\\n'")
    assert trial.box.wait(DEADLINE_S) == Ended(code=0, signal=None), trial.box.log.text()


def test_a_box_writes_no_larger_file_than_allowed(best: Nursery, attempt: "Try") -> None:
    """A file within the limit can be written, and not beyond it."""
    program = "f = open('f', 'wb', 0); f.write(b'x' * 4096); f.write(b'x')"
    trial = attempt(best, program, limits=Limits(file_bytes=4096, log_bytes=4096))
    assert trial.box.wait(DEADLINE_S) == Ended(code=1, signal=None)
    assert "File too large" in trial.box.log.text()
    assert (trial.box.scratch / "f").stat().st_size == 4096


def test_new_privileges_cannot_be_had(best: Nursery, attempt: "Try") -> None:
    """No program that a box starts gains privileges by set-user-id."""
    trial = attempt(best, "print(open('/proc/self/status').read())")
    trial.box.wait(DEADLINE_S)
    assert "NoNewPrivs:\t1" in trial.box.log.text()


# ---- freezing -----------------------------------------------------------------------------------

CHILDREN = """
for slot in (1, 2):
    if os.fork() == 0:
        count(slot)
daemon(lambda: count(3))
count(0)
"""


def test_freezing_stops_all_of_a_box(nursery: Nursery, attempt: "Try") -> None:
    """A frozen box stands still, its children and its daemons too; thawed, all of it goes on."""
    trial = attempt(nursery, CHILDREN)
    trial.wait_for(0, 1, 2, 3)
    trial.box.freeze()
    assert trial.is_still(0, 1, 2, 3)
    trial.box.thaw()
    trial.goes_on(0, 1, 2, 3)


def test_threads_are_frozen_too(nursery: Nursery, attempt: "Try") -> None:
    """A frozen box has no thread that goes on."""
    trial = attempt(
        nursery,
        "import threading; [threading.Thread(target=count, args=(i,)).start() for i in range(3)]",
    )
    trial.wait_for(0, 1, 2)
    trial.box.freeze()
    assert trial.is_still(0, 1, 2)


def test_the_time_of_a_freeze_is_told(nursery: Nursery, attempt: "Try") -> None:
    """Freezing gives the moment at which it was verified, and a later one each time."""
    trial = attempt(nursery, "count(0)")
    trial.wait_for(0)
    first = trial.box.freeze()
    trial.box.thaw()
    assert trial.box.freeze() > first


def test_one_frozen_box_does_not_stop_another(nursery: Nursery, attempt: "Try") -> None:
    """Only the box that is frozen stands; its sister goes on."""
    one, other = attempt(nursery, "count(0)"), attempt(nursery, "count(0)")
    one.wait_for(0)
    other.wait_for(0)
    one.box.freeze()
    other.goes_on(0)
    assert one.is_still(0)


# ---- the end of a box ---------------------------------------------------------------------------

DAEMONS = """
def stay(slot):
    slots[slot] = own_pid()
    time.sleep(60)
for slot in (1, 2, 3):
    daemon(lambda: stay(slot))
slots[0] = own_pid()
time.sleep(60)
"""


@pytest.mark.parametrize("is_frozen", [False, True], ids=["running", "frozen"])
def test_nothing_survives_a_kill(
    nursery: Nursery, attempt: "Try", ends: "Callable[[int], bool]", is_frozen: bool
) -> None:
    """Killing a box ends daemons that have left its session, whether or not it was frozen."""
    trial = attempt(nursery, DAEMONS)
    trial.wait_for(0, 1, 2, 3)
    pidfds = trial.watch(0, 1, 2, 3)
    if is_frozen:
        trial.box.freeze()
    trial.box.kill()
    assert all(ends(pidfd) for pidfd in pidfds)


def test_daemons_end_with_the_first_process(
    nursery: Nursery, attempt: "Try", ends: "Callable[[int], bool]"
) -> None:
    """When a box's first process has ended, what it left behind is ended too."""
    leaving = DAEMONS.replace("slots[0] = own_pid()\ntime.sleep(60)", "while not slots[7]: pass")
    trial = attempt(nursery, leaving)
    trial.wait_for(1, 2, 3)
    pidfds = trial.watch(1, 2, 3)
    trial.board[7] = 1
    assert trial.box.wait(DEADLINE_S) == Ended(code=0, signal=None)
    assert all(ends(pidfd) for pidfd in pidfds)


def test_a_box_can_be_killed_after_its_end(nursery: Nursery, attempt: "Try") -> None:
    """Killing a box that has ended already is no error."""
    trial = attempt(nursery, "sys.exit(0)")
    trial.box.wait(DEADLINE_S)
    trial.box.kill()
    assert trial.box.wait(0) == Ended(code=0, signal=None)


def test_a_pid_namespace_shows_a_box_only_itself(best: Nursery, attempt: "Try") -> None:
    """In a pid namespace a box is the first process, and signals reach nobody outside."""
    if not best.has_namespaces:
        pytest.skip("no pid namespaces here")
    trial = attempt(best, "print(os.getpid(), os.getppid())")
    trial.box.wait(DEADLINE_S)
    assert trial.box.log.text().split() == ["1", "0"]


def test_a_nursery_that_died_is_a_fault_of_the_harness() -> None:
    """When the helper process is gone, asking it for a box is an error, never a hang."""
    with Nursery() as nursery:
        nursery.wait_until_ready()
        nursery._process.kill()
        nursery._process.wait()
        with pytest.raises(SandboxError):
            nursery.bear_program(["/bin/true"], limits=Limits())
