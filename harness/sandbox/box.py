"""One boxed process tree, as the judge holds it: frozen, thawed, waited for, killed; its log."""

import contextlib
import fcntl
import os
import re
import select
import shutil
import signal
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.closing import Closing
from harness.errors import SandboxError
from harness.sandbox import cgroups, processes, quotas
from harness.sandbox.gauge import Gauge
from harness.sandbox.nursery import HELLO, MAX_WORDS, STATUS, UNSTARTED

_CREDENTIALS = struct.Struct("3i")
_DESCRIPTOR = struct.Struct("i")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a box's first process ended."""

    code: int | None  # exit code, None if a signal ended it
    signal: int | None

    def __str__(self) -> str:
        if self.signal is not None:
            return signal_name(self.signal)
        return f"exit code {self.code}"


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class Log:
    """What a box prints: kept up to a cap, beyond which writing fails; never parsed."""

    def __init__(self, cap_bytes: int) -> None:
        self.cap_bytes = cap_bytes
        self.descriptor = os.memfd_create("log", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.descriptor, cap_bytes)
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)

    @property
    def is_full(self) -> bool:
        return os.lseek(self.descriptor, 0, os.SEEK_CUR) >= self.cap_bytes

    def text(self) -> str:
        written = min(os.lseek(self.descriptor, 0, os.SEEK_CUR), self.cap_bytes)
        return printable(os.pread(self.descriptor, written, 0).decode("utf-8", "replace"))

    def close(self) -> None:
        os.close(self.descriptor)


# what Unicode calls printable and nobody sees: joiners, fillers, variation selectors
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def printable(text: str) -> str:
    """Without control characters: nothing in it can act in a terminal, turn around or hide."""
    return _UNSEEN.sub("", "".join(c for c in text if c in "\n\t" or c.isprintable()))


class Box(Closing):
    """One boxed process tree."""

    def __init__(
        self,
        control: socket.socket,
        log: Log,
        group: cgroups.Group | None,
        shares: Sequence[quotas.Quota],
        made: Path | None,
    ) -> None:
        self._control = control
        self.log = log
        self.group = group
        self._shares = shares
        self._made = made  # its folder, if it stands on the host's disk
        self.pid = 0
        self.is_single = False  # there can be no other process in it
        self._folder: int | None = None
        self._ended: Ended | None = None

    def fileno(self) -> int:
        return self._control.fileno()

    @property
    def joined(self) -> list[int]:
        """Descriptors of the groups that its first process enters."""
        own = [self.group.procs] if self.group is not None else []
        return own + [share.procs for share in self._shares]

    @property
    def scratch(self) -> Path:
        """The box's working folder, wherever it is mounted; it lasts until the box is closed."""
        assert self._folder is not None
        return Path(f"/proc/self/fd/{self._folder}")

    def meet(self, deadline_s: float = 30.0) -> None:
        """Learn the pid, in our own view, from the kernel's word rather than the box's."""
        self._control.settimeout(deadline_s)
        try:
            message, ancillary, _, _ = self._control.recvmsg(
                16, socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(_DESCRIPTOR.size)
            )
        except TimeoutError as error:
            raise SandboxError("a box did not start") from error
        if message != HELLO:
            raise SandboxError(f"a box could not be entered: {self.log.text().strip()}")
        for _, kind, data in ancillary:
            if kind == socket.SCM_CREDENTIALS:
                self.pid = _CREDENTIALS.unpack_from(data)[0]
            else:
                self._folder = _DESCRIPTOR.unpack_from(data)[0]
                os.set_inheritable(self._folder, False)

    def freeze(self) -> int:
        """Stand still, all of it; the monotonic nanosecond at which that was verified."""
        if self.group is not None:
            return self.group.freeze()
        return processes.stop_tree(self.pid)

    def processor_ns(self) -> int | None:
        """
        What it has used of processors, all processes together; None where nobody adds it up. Its
        first process alone says nothing where it can leave its work to others and yield to them.
        """
        if self.group is not None:
            return self.group.processor_ns()
        return processes.processor_ns(self.pid) if self.is_single else None

    def hurry(self) -> bool:
        """Go before other programs wherever it may run; whether that was allowed."""
        try:
            return processes.raise_group(self.pid) and not cgroups.has_share(self.pid)
        except OSError:  # it has ended; whoever asks it next will hear so
            return False

    def switches(self) -> tuple[int, int]:
        """How often its first thread has gone to sleep, and how often it was put aside."""
        return processes.switches(self.pid)

    def thaw(self) -> None:
        if self.group is not None:
            self.group.thaw()
        else:
            processes.continue_tree(self.pid)

    def wait(self, timeout_s: float) -> Ended | None:
        """How it ended, or None if it has not by then."""
        if self._ended is None:
            poll = select.poll()
            poll.register(self._control, select.POLLIN)
            if poll.poll(max(0.0, timeout_s) * 1e3):
                message = self._control.recv(MAX_WORDS + 1)
                if message.startswith(UNSTARTED):
                    words = printable(message[1:].decode(errors="replace"))
                    raise SandboxError(f"a program could not be started in its box: {words}")
                if len(message) != STATUS.size:  # our own process, and nobody's fault but ours
                    raise SandboxError("a helper process died")
                code = os.waitstatus_to_exitcode(STATUS.unpack(message)[1])
                self._ended = Ended(
                    code=code if code >= 0 else None, signal=-code if code < 0 else None
                )
        return self._ended

    @property
    def has_run_out_of_memory(self) -> bool:
        """Whether one of its processes was killed because all together had too much."""
        return any(quotas.has_run_out(folder) for folder in self._groups)

    @property
    def _groups(self) -> list[Path]:
        own = [self.group.path] if self.group is not None else []
        return own + [share.path for share in self._shares]

    def gauge(self) -> Gauge:
        """Of its memory; to be closed."""
        return Gauge(self.pid, self._groups)

    def others(self) -> int:
        """How many processes there are in it beside its first."""
        return sum(processes.is_alive(pid) for pid in processes.tree(self.pid)) - 1

    def kill(self) -> None:
        """End every process of it."""
        if self.group is not None:
            self.group.kill()
        elif self.pid and not self._has_ended():
            processes.kill_tree(self.pid)

    def _has_ended(self) -> bool:
        """Asked before its pid is used: once it is buried that may be anybody's."""
        with contextlib.suppress(SandboxError):  # who would have buried it is gone
            return self.wait(0) is not None
        return False

    def close(self) -> None:
        try:
            self.kill()
        finally:
            if self.group is not None:
                self.group.close()
            for share in self._shares:
                share.close()
            self._control.close()
            self.log.close()
            if self._folder is not None:
                os.close(self._folder)
            if self._made is not None:
                shutil.rmtree(self._made, ignore_errors=True)
