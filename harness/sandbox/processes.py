"""Processes as /proc shows them: the weaker way to stop and kill a whole tree."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from harness.errors import SandboxError

_FINISHED = frozenset("ZX")
_SWITCHES = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
_RAISED = "-10"  # about ten times the share of a processor that others get
_STOPPED = frozenset("TtZX")
_SCHEDULED = 2  # of the clocks that a process has: what the scheduler says, not the ticks


def children(pid: int) -> list[int]:
    return [int(child) for text in _of_threads(pid, "children") for child in text.split()]


def _of_threads(pid: int, file: str) -> Iterator[str]:
    """A file of each thread; what ends while we look has none."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return
    for thread in threads:
        with contextlib.suppress(OSError):
            yield _read(thread / file)


def _read(path: Path) -> str:
    """A name may stand in it that a stranger chose, and that no encoding knows."""
    return path.read_bytes().decode(errors="replace")


def tree(root: int) -> list[int]:
    """A process and all its descendants, as far as they can be seen now."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children(pid)
    return found


def _states(pid: int) -> set[str]:
    return {text.rpartition(") ")[2][0] for text in _of_threads(pid, "stat")}


def is_alive(pid: int) -> bool:
    return bool(_states(pid) - _FINISHED)


def minor_faults(pid: int) -> int:
    """Page faults without disk of the whole process so far; 0 if it is gone."""
    try:
        text = _read(Path(f"/proc/{pid}/stat"))
    except OSError:
        return 0
    return int(text.rpartition(") ")[2].split()[7])


def switches(pid: int) -> tuple[int, int]:
    """How often its first thread gave up the processor by itself, and how often it had to."""
    try:
        lines = _read(Path(f"/proc/{pid}/status")).split("\n")
    except OSError:
        return 0, 0  # it is gone
    # by how a line begins: in the middle of one stands a name that is a stranger's to choose
    found = dict(line.split(":", 1) for line in lines if line.startswith(_SWITCHES))
    return int(found.get(_SWITCHES[0], 0)), int(found.get(_SWITCHES[1], 0))


def processor_ns(pid: int) -> int | None:
    """What all threads of a process have used of processors so far; None if it is gone."""
    try:
        return time.clock_gettime_ns(~pid << 3 | _SCHEDULED)
    except OSError:
        return None


def raise_group(pid: int) -> bool:
    """Raise the scheduling group that its session is; only root may, where there are any."""
    try:
        Path(f"/proc/{pid}/autogroup").write_text(_RAISED)
        return Path("/proc/sys/kernel/sched_autogroup_enabled").read_text().strip() == "1"
    except OSError:
        return False


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def stop_tree(root: int, deadline_s: float = 10.0) -> int:
    """Stop every process of a tree; the monotonic time at which all their threads stood still."""
    give_up = time.monotonic() + deadline_s
    known: set[int] = set()
    while True:
        still = all(_states(pid) <= _STOPPED for pid in known)
        # only now: one that is about to stop may bear a last child until it does
        members = set(tree(root))
        if still and members <= known:
            return time.monotonic_ns()
        for pid in members - known:
            send(pid, signal.SIGSTOP)
        known = members
        if time.monotonic() > give_up:
            raise SandboxError("a process would not stop")


def continue_tree(root: int) -> None:
    for pid in tree(root):
        send(pid, signal.SIGCONT)


def kill_tree(root: int, deadline_s: float = 10.0) -> None:
    give_up = time.monotonic() + deadline_s
    while alive := [pid for pid in tree(root) if is_alive(pid)]:
        for pid in alive:
            send(pid, signal.SIGKILL)
        if time.monotonic() > give_up:
            raise SandboxError("processes survive a kill")
        time.sleep(0.0005)
