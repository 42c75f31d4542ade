"""
What `grade doctor` tries from inside a box: real attacks, bounded in count, memory and time.

Every one goes through on a machine without walls; going through means to return, being stopped
means an exception. This file stands alone: one door imports it, the other is handed its text. The
facts that it needs (a canary's path, a port, a process) come as JSON in a file.
"""

import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

THROUGH, STOPPED = 0, 77
_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWUSER = 0x10000000
_PTRACE_SEIZE = 0x4206
_KEYCTL, _KEYCTL_GET_KEYRING_ID, _SESSION_KEYRING = 250, 0, -3

Facts = dict[str, Any]


def main(descriptor: int) -> NoReturn:
    plan = json.loads(os.pread(descriptor, 1 << 16, 0))
    try:
        ATTACKS[plan["axis"]](plan["facts"])
    except (OSError, MemoryError, _Stopped) as error:
        os.write(1, _told(error).encode())
        os._exit(STOPPED)
    os._exit(THROUGH)


def _told(error: Exception) -> str:
    """Short: without the path, which is known."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Stopped(Exception):  # noqa: N818 — nothing is wrong with being stopped
    pass


def _called(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _any_of(steps: Iterable[Callable[[], object]]) -> None:
    """One way through is enough."""
    refusals = []
    for step in steps:
        try:
            step()
        except (OSError, _Stopped) as error:
            refusals.append(_told(error))
        else:
            return
    raise _Stopped("; ".join(dict.fromkeys(refusals)))


def _look_for(canary: str, path: str) -> None:
    if canary.encode() not in Path(path).read_bytes():
        raise _Stopped("the canary is not there")


# ---- the disk -----------------------------------------------------------------------------------


def read_file(facts: Facts) -> None:
    _any_of(partial(_look_for, facts["canary"], path) for path in facts["files"])


def write_file(facts: Facts) -> None:
    """A new one each time: what another user has left cannot be written, whatever is allowed."""
    Path(facts["folder"], os.urandom(8).hex()).write_text("was here")


def write_large_file(facts: Facts) -> None:
    with Path("large").open("wb", buffering=0) as file:
        file.writelines(bytes(1 << 16) for _ in range(facts["bytes"] >> 16))


def fill_disk(facts: Facts) -> None:
    """Many files, none of them too large."""
    for number in range(facts["files"]):
        Path(f"part{number}").write_bytes(bytes(facts["bytes"]))


# ---- others -------------------------------------------------------------------------------------


def connect(facts: Facts) -> None:
    socket.create_connection(("127.0.0.1", facts["port"]), timeout=5).close()


def connect_abstract(facts: Facts) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(5)
        door.connect("\0" + facts["name"])


def see_processes(facts: Facts) -> None:
    pids = [name for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
    _any_of(partial(_look_for, facts["canary"], f"/proc/{pid}/cmdline") for pid in pids)


def signal_process(facts: Facts) -> None:
    _any_of(partial(os.kill, pid, signal.SIGCONT) for pid in facts["pids"])


def trace_process(facts: Facts) -> None:
    _called(_libc.ptrace(_PTRACE_SEIZE, facts["pid"], None, None))


def read_process(facts: Facts) -> None:
    """The environment and the memory of a process of the judge's."""
    place = f"/proc/{facts['pid']}"
    _any_of(
        (
            partial(_look_for, facts["canary"], f"{place}/environ"),
            lambda: os.close(os.open(f"{place}/mem", os.O_RDONLY)),
        )
    )


# ---- what was left lying about ------------------------------------------------------------------


def find_descriptor(facts: Facts) -> None:
    _any_of(partial(_look_into, descriptor, facts["canary"]) for descriptor in range(4, 256))


def _look_into(descriptor: int, canary: str) -> None:
    if canary.encode() not in os.pread(descriptor, 4096, 0):
        raise _Stopped("the canary is not there")


def find_variable(facts: Facts) -> None:
    if facts["canary"] in os.environ.values():
        return
    places = ("self", "1", str(os.getppid()))
    _any_of(partial(_look_for, facts["canary"], f"/proc/{p}/environ") for p in places)


# ---- the kernel ---------------------------------------------------------------------------------


def make_namespace(_: Facts) -> None:
    _called(_libc.unshare(_CLONE_NEWUSER))


def read_keyring(_: Facts) -> None:
    _called(_libc.syscall(_KEYCTL, _KEYCTL_GET_KEYRING_ID, _SESSION_KEYRING, 0))


def change_root(_: Facts) -> None:
    os.chroot("/")


# ---- too much -----------------------------------------------------------------------------------


def _children(count: int, body: Callable[[], object]) -> None:
    """Have so many children that live at once; all end well in the end, or it is stopped."""
    told, tell = os.pipe()
    waiting, going = os.pipe()
    children = []
    try:
        for _ in range(count):
            child = os.fork()
            if child == 0:
                os.close(going)
                _as_child(body, tell, waiting)
            children.append(child)
        os.close(tell)
        while os.read(told, count):
            pass
        os.close(going)
        # one may have been ended after its work, so that another could do its own
        endings = [os.waitpid(child, 0)[1] for child in children]
    except OSError:
        for child in children:
            os.kill(child, signal.SIGKILL)
        raise
    if any(endings):
        raise _Stopped("a child was ended")


def _as_child(body: Callable[[], object], tell: int, waiting: int) -> NoReturn:
    try:
        kept = body()  # until the end of it
        os.write(tell, b"x")
        os.close(tell)
        os.read(waiting, 1)
        del kept
        os._exit(0)
    finally:
        os._exit(1)


def fork_much(facts: Facts) -> None:
    _children(facts["count"], int)


def allocate_together(facts: Facts) -> None:
    _children(facts["count"], lambda: b"x" * facts["bytes"])


def allocate_alone(facts: Facts) -> None:
    bytearray(facts["bytes"])


ATTACKS: dict[str, Callable[[Facts], None]] = {
    "read a file": read_file,
    "write a file": write_file,
    "network": connect,
    "abstract socket": connect_abstract,
    "see processes": see_processes,
    "signal the judge": signal_process,
    "trace a process": trace_process,
    "read a process": read_process,
    "find a descriptor": find_descriptor,
    "find a variable": find_variable,
    "make a namespace": make_namespace,
    "use a keyring": read_keyring,
    "use a privilege": change_root,
    "fork": fork_much,
    "memory of a box": allocate_together,
    "memory of a process": allocate_alone,
    "a large file": write_large_file,
    "many files": fill_disk,
}

if __name__ == "__main__":
    main(int(sys.argv[1]))
