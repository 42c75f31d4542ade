"""Boxes to try: nurseries of every strength, and programs that report through shared memory."""

import contextlib
import mmap
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from harness.records import Limits
from harness.sandbox.box import Box
from harness.sandbox.door import Nursery

SLOTS = 8
# what every program below begins with: `slots` is shared with the test, eight bytes each; `own_pid`
# is what its /proc says
HEAD = f"""
import mmap, os, sys, time
slots = memoryview(mmap.mmap(3, {8 * SLOTS})).cast("Q")
def own_pid():
    return int(os.readlink("/proc/self"))
def count(slot):
    for _ in range(2_000_000_000):
        slots[slot] += 1
    os._exit(0)
def daemon(body):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            body()
        os._exit(0)
"""
STRENGTHS = {
    "groups and namespaces": (True, True),
    "groups": (True, False),
    "namespaces": (False, True),
    "neither": (False, False),
}


class Board:
    """Numbers that a boxed program and its test both see."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("board", os.MFD_CLOEXEC)
        os.ftruncate(self.descriptor, 8 * SLOTS)
        self._map = mmap.mmap(self.descriptor, 8 * SLOTS)

    def __getitem__(self, slot: int) -> int:
        return int.from_bytes(self._map[8 * slot : 8 * slot + 8], "little")

    def __setitem__(self, slot: int, value: int) -> None:
        self._map[8 * slot : 8 * slot + 8] = value.to_bytes(8, "little")

    def close(self) -> None:
        self._map.close()
        os.close(self.descriptor)


def until(condition: Callable[[], bool], what: str, deadline_s: float = 10.0) -> None:
    give_up = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < give_up, f"never happened: {what}"
        time.sleep(0.001)


def outer_pid(box_pid: int, own: int) -> int:
    """A process of a box, which has a number of its own in there, as we know it."""
    namespace = Path(f"/proc/{box_pid}/ns/pid").stat()
    if os.path.samestat(namespace, Path("/proc/self/ns/pid").stat()):
        return own
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):  # it ended while we looked
            if os.path.samestat(namespace, (entry / "ns/pid").stat()):
                numbers = (entry / "status").read_text().partition("NSpid:")[2].split("\n")[0]
                if numbers.split()[-1] == str(own):
                    return int(entry.name)
    raise AssertionError(f"no process {own} in the box of {box_pid}")


def is_gone(pidfd: int, deadline_s: float = 10.0) -> bool:
    """Whether a process ends within the deadline."""
    ready, _, _ = select.select([pidfd], [], [], deadline_s)
    return bool(ready)


class Trial:
    """One program in one box, and the board between it and us."""

    def __init__(self, box: Box, board: Board, stack: contextlib.ExitStack) -> None:
        self.box = box
        self.board = board
        self._stack = stack

    def wait_for(self, *slots: int) -> None:
        until(lambda: all(self.board[slot] for slot in slots), f"slots {slots} are filled")

    def watch(self, *slots: int) -> list[int]:
        """Descriptors of the processes whose pids stand in some slots."""
        pidfds = []
        for slot in slots:
            pidfds.append(os.pidfd_open(outer_pid(self.box.pid, self.board[slot])))
            self._stack.callback(os.close, pidfds[-1])
        return pidfds

    def is_still(self, *slots: int) -> bool:
        """Whether counters stand, looked at over and over."""
        before = [self.board[slot] for slot in slots]
        return all([self.board[slot] for slot in slots] == before for _ in range(3_000))

    def goes_on(self, *slots: int) -> None:
        before = {slot: self.board[slot] for slot in slots}
        until(lambda: all(self.board[s] > n for s, n in before.items()), "counting goes on")


Try = Callable[..., Trial]


@pytest.fixture(scope="module", params=STRENGTHS.values(), ids=list(STRENGTHS))
def nursery(request: pytest.FixtureRequest) -> Iterator[Nursery]:
    """A nursery of each strength that can be had here."""
    groups, namespaces = request.param
    with Nursery(groups=groups, namespaces=namespaces) as nursery:
        if nursery.has_groups is not groups or nursery.has_namespaces is not namespaces:
            pytest.skip("not to be had on this machine")
        yield nursery


@pytest.fixture(scope="module")
def best(cache_folder: object) -> Iterator[Nursery]:
    """The strongest nursery that can be had here."""
    assert cache_folder
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def attempt() -> Iterator[Try]:
    """Run a Python program in a box; it and its board are gone at the end of the test."""
    with contextlib.ExitStack() as stack:

        def start(
            nursery: Nursery,
            program: str,
            *,
            env: Mapping[str, str] | None = None,
            limits: Limits | None = None,
        ) -> Trial:
            board = Board()
            stack.callback(board.close)
            box = nursery.bear_program(
                [sys.executable, "-I", "-S", "-c", HEAD + program],
                descriptors=[board.descriptor],
                env=env,
                limits=limits or Limits(),
            )
            stack.enter_context(box)
            return Trial(box, board, stack)

        yield start


@pytest.fixture
def outer() -> Callable[[int, int], int]:
    return outer_pid


@pytest.fixture
def ends() -> Callable[[int], bool]:
    return is_gone
