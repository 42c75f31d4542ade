"""The weaker way, by signals: whole trees stopped, continued and killed."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.sandbox import processes
from harness.sandbox.processes import continue_tree, kill_tree, stop_tree

COUNTERS = 6
ENABLED = Path("/proc/sys/kernel/sched_autogroup_enabled")
TREE = f"""
import mmap, os, sys
slots = memoryview(mmap.mmap(int(sys.argv[1]), {8 * COUNTERS})).cast("Q")
def count(slot):
    for _ in range(2_000_000_000):
        slots[slot] += 1
    os._exit(0)
for slot in range(1, {COUNTERS}):  # a chain: each child is the next one's parent
    if os.fork():
        count(slot - 1)
    if slot % 2:
        os.setsid()
count({COUNTERS - 1})
"""
CHANGING = f"""
import mmap, os, sys
slots = memoryview(mmap.mmap(int(sys.argv[1]), {8 * COUNTERS})).cast("Q")
for _ in range(20_000):  # one child at a time
    if not (pid := os.fork()):
        slots[0] += 1
        os._exit(0)
    os.waitpid(pid, 0)
"""
SESSION = """
import os, signal, sys
os.setsid()
os.pwrite(int(sys.argv[1]), bytes([1]), 0)
signal.pause()
"""


class Tree:
    def __init__(self, program: str, stack: contextlib.ExitStack) -> None:
        self.board = os.memfd_create("board", os.MFD_CLOEXEC)
        stack.callback(os.close, self.board)
        os.ftruncate(self.board, 8 * COUNTERS)
        self.process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", program, str(self.board)], pass_fds=[self.board]
            )
        )
        self.root = self.process.pid
        stack.callback(kill_tree, self.root)

    @property
    def counters(self) -> list[int]:
        raw = os.pread(self.board, 8 * COUNTERS, 0)
        return [int.from_bytes(raw[i : i + 8], "little") for i in range(0, len(raw), 8)]

    def wait_until_all_count(self) -> None:
        before = self.counters
        while any(now <= then for now, then in zip(self.counters, before, strict=True)):
            assert self.process.poll() is None

    def is_still(self) -> bool:
        before = self.counters
        return all(self.counters == before for _ in range(3_000))


@pytest.fixture
def plant() -> Iterator[Callable[[str], Tree]]:
    with contextlib.ExitStack() as stack:
        yield lambda program: Tree(program, stack)


def test_a_tree_has_all_generations(plant: Callable[[str], Tree]) -> None:
    """A tree is a process, its children, and theirs, whatever session they are in."""
    tree = plant(TREE)
    tree.wait_until_all_count()
    assert len(processes.tree(tree.root)) == COUNTERS


def test_stopping_and_continuing_reach_all(plant: Callable[[str], Tree]) -> None:
    """After a stop nothing of a tree counts on; after a continue all of it does."""
    tree = plant(TREE)
    tree.wait_until_all_count()
    stop_tree(tree.root)
    assert tree.is_still()
    continue_tree(tree.root)
    tree.wait_until_all_count()


def test_a_killed_tree_is_gone(plant: Callable[[str], Tree], ends: Callable[[int], bool]) -> None:
    """A kill ends every generation, also of a tree that is stopped."""
    tree = plant(TREE)
    tree.wait_until_all_count()
    pidfds = [os.pidfd_open(pid) for pid in processes.tree(tree.root)]
    stop_tree(tree.root)
    kill_tree(tree.root)
    try:
        assert len(pidfds) == COUNTERS
        assert all(ends(pidfd) for pidfd in pidfds)
    finally:
        for pidfd in pidfds:
            os.close(pidfd)


@pytest.mark.parametrize("name", [b"\xff\xfe", b"a) Z 0 0", b"\ra) Z"])
def test_a_process_may_be_named_as_it_likes(plant: Callable[[str], Tree], name: bytes) -> None:
    """A name stands in /proc among the numbers, and is none of them."""
    named = f"import ctypes\nctypes.CDLL(None).prctl(15, {name!r})  # PR_SET_NAME\n"
    tree = plant(named + TREE)
    tree.wait_until_all_count()
    assert processes.is_alive(tree.root)
    assert processes.minor_faults(tree.root) > 0
    stop_tree(tree.root)
    kill_tree(tree.root)
    assert not processes.is_alive(tree.root)


def test_a_changing_tree_can_be_stopped(plant: Callable[[str], Tree]) -> None:
    """A tree that bears a child whenever another has left is stopped as a whole."""
    tree = plant(CHANGING)
    while not tree.counters[0]:
        assert tree.process.poll() is None
    for _ in range(5):
        stop_tree(tree.root)
        assert tree.is_still()
        continue_tree(tree.root)


@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/proc/self/autogroup").exists(),
    reason="only root may raise a scheduling group, where there are any",
)
def test_a_session_can_be_let_go_before_others(plant: Callable[[str], Tree]) -> None:
    """Root raises the group that a session is; the group of what has ended cannot be."""
    tree = plant(SESSION)
    group = Path(f"/proc/{tree.root}/autogroup")
    before = Path("/proc/self/autogroup").read_text()
    while not tree.counters[0]:
        assert tree.process.poll() is None
    # a session may have no group, and a root in a container no right: then it says so
    raised = processes.raise_group(tree.root)
    assert raised == (ENABLED.read_text() == "1\n" and group.read_text().endswith(" nice -10\n"))
    assert Path("/proc/self/autogroup").read_text() == before
    kill_tree(tree.root)
    tree.process.wait()
    assert not processes.raise_group(tree.root)


def test_a_finished_process_is_not_alive(plant: Callable[[str], Tree]) -> None:
    """A process that has ended counts as gone before anybody has waited for it."""
    tree = plant("raise SystemExit")
    os.waitid(os.P_PID, tree.root, os.WEXITED | os.WNOWAIT)
    assert not processes.is_alive(tree.root)


def test_what_is_gone_can_be_stopped_and_killed(plant: Callable[[str], Tree]) -> None:
    """Stopping, continuing and killing a process that is no more is no error."""
    tree = plant("raise SystemExit")
    tree.process.wait()
    stop_tree(tree.root)
    continue_tree(tree.root)
    kill_tree(tree.root)
