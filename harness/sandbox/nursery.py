"""
The program that bears every child process of the harness: `python -m`-less, started by the door.

It imports what it is told to (torch, for Python runners), computes nothing, then forks a box for
each request that comes over its socket. A boxed child joins its cgroups, is the first process of a
pid namespace of its own where that is allowed, has only the descriptors it was given, goes behind
the walls that this machine allows, and then becomes a program (exec) or runs a module of ours.

When the judge goes away, however it goes, the socket ends: the nursery kills its boxes, removes its
cgroup and its scratch folder, and leaves.

    judge ──request {argv | module, …} + descriptors──▶ nursery ──fork──▶ box
    judge ◀──hello (credentials, folder), wait status── control socket of that box
             (or, between them, why a program could not be started)
"""

import contextlib
import fcntl
import functools
import gc
import importlib
import itertools
import json
import os
import resource
import selectors
import shutil
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.sandbox import cgroups, kernel, processes
from harness.sandbox.view import View
from harness.sandbox.walls import NONE, Walls, candidates, enter, look_around, prepare

STATUS = struct.Struct("<ci")  # b"X", wait status
HELLO = b"H"
UNSTARTED, MAX_WORDS = b"U", 400  # and why, in so many bytes
MAX_REQUEST = 1 << 16
MAX_DESCRIPTORS = 64
# what each request's descriptors are, in this order; then come its groups and its files, and the
# rest become 3, 4, 5 … in the box
CONTROL, LOG, REST = 0, 1, 2
_TRIAL_BYTES = 1 << 20
_FIRST_TO_GO = "1000"  # the most that there is


def main(argv: list[str]) -> None:
    door = socket.socket(fileno=int(argv[0]))
    settings = json.loads(argv[1])
    own = _enter_namespaces() if settings["namespaces"] else None
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    groups = [Path(group) for group in settings["groups"]]
    with _watching(door, groups):
        for name in settings["preload"]:
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is there now is there for good: children need not copy its pages
    scratch = Path(tempfile.mkdtemp(prefix="grade-"))
    root = Path(tempfile.mkdtemp(prefix="grade-root-"))
    try:
        place = Place(own=own, root=root, view=_view(settings["view"]))
        troubles = _raise_walls(place, scratch) if settings["walls"] else []
        hello = {
            "scratch": str(scratch),
            "root": str(root),
            "namespaces": own is not None,
            "walls": asdict(place.walls),
            "troubles": troubles,
        }
        door.send(json.dumps(hello).encode())
        _serve(door, place)
    finally:
        for group in groups:
            cgroups.remove_tree(group)
        shutil.rmtree(scratch, ignore_errors=True)
        # never as a tree: the host's own files are mounted there
        with contextlib.suppress(OSError):
            kernel.unmount(str(root))
        root.rmdir()


@dataclass(slots=True)
class Place:
    """Where boxes are born."""

    own: int | None  # our own pid namespace, to come back to, if each box can have another
    root: Path  # the folder where the root of boxes is mounted, if they have one
    view: View
    walls: Walls = NONE


def _view(told: dict[str, Any]) -> View:
    lists = {name: tuple(paths) for name, paths in told.items() if isinstance(paths, list)}
    return View(**{**told, **lists})


@contextlib.contextmanager
def _watching(door: socket.socket, groups: list[Path]) -> Iterator[None]:
    """While torch is imported nobody reads the socket: the kernel says when the judge is gone."""

    def leave(*_: object) -> None:
        for group in groups:
            cgroups.remove_tree(group)
        os._exit(0)

    signal.signal(signal.SIGIO, leave)
    fcntl.fcntl(door, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(door, fcntl.F_GETFL)
    fcntl.fcntl(door, fcntl.F_SETFL, flags | os.O_ASYNC)
    yield
    fcntl.fcntl(door, fcntl.F_SETFL, flags)
    signal.signal(signal.SIGIO, signal.SIG_DFL)


def _enter_namespaces() -> int | None:
    """
    Be able to give each box a pid namespace: as root directly, else inside a user namespace.
    The descriptor of our own pid namespace, to come back to; None where it is not allowed.
    """
    if os.geteuid() == 0:
        own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        return own if _works(lambda: _leave_and_return(own)) else None
    if not _works(_unshare_user):
        return None
    _unshare_user()
    # the first process of the new namespace: when it ends, the kernel ends all below it
    if child := os.fork():
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # and it ends with the one that waits
    return os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)


def _leave_and_return(own: int) -> None:
    kernel.unshare(kernel.CLONE_NEWPID)
    kernel.setns(own, kernel.CLONE_NEWPID)


def _unshare_user() -> None:
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWPID)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _works(step: Callable[[], None]) -> bool:
    return not _trouble(step, None)


def _trouble(step: Callable[[], None], own: int | None) -> str:
    """Try it in a child: a namespace that was entered by half cannot be left again."""
    reading, writing = os.pipe()
    child = _fork(own)
    if child == 0:
        try:
            step()
        except OSError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        words = pipe.read().decode()
    status = os.waitpid(child, 0)[1]
    return words or (f"it ended with {status}" if status else "")


def _fork(own: int | None) -> int:
    """A child, the first process of a new pid namespace where those are to be had."""
    if own is not None:
        kernel.unshare(kernel.CLONE_NEWPID)
    pid = os.fork()
    if pid and own is not None:
        kernel.setns(own, kernel.CLONE_NEWPID)
    return pid


def _raise_walls(place: Place, scratch: Path) -> list[str]:
    """Take the strongest walls that a child of ours can live behind; why not those before."""
    troubles = []
    trial = scratch / "trial"
    trial.mkdir(mode=0o700)

    def live_behind(walls: Walls) -> None:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        prepare(walls, place.root, place.view)
        enter(walls, root=place.root, view=place.view, folder=trial, size=_TRIAL_BYTES)
        look_around(walls, place.view)

    for walls in candidates(namespaces=place.own is not None):
        # another user's boxes are below it, each in a folder that is closed to all others
        scratch.chmod(0o711 if walls.user and not walls.root else 0o700)
        if trouble := _trouble(functools.partial(live_behind, walls), place.own):
            troubles.append(trouble)
        else:
            prepare(walls, place.root, place.view)
            place.walls = walls
            break
    trial.rmdir()
    return troubles


def _serve(door: socket.socket, place: Place) -> None:
    boxes: dict[int, socket.socket] = {}
    selector = selectors.DefaultSelector()
    selector.register(door, selectors.EVENT_READ)
    try:
        while True:
            for key, _ in selector.select():
                if key.fileobj is not door:
                    _report(key.data, boxes.pop(key.data))
                    selector.unregister(key.fileobj)
                    os.close(key.fd)
                    if place.own is None:
                        _sweep_orphans(boxes)
                    continue
                message, descriptors, _, _ = socket.recv_fds(door, MAX_REQUEST, MAX_DESCRIPTORS)
                if not message:
                    return
                pid = _bear(json.loads(message), descriptors, place)
                boxes[pid] = socket.socket(fileno=descriptors[CONTROL])
                for descriptor in descriptors[LOG:]:
                    os.close(descriptor)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
    finally:
        for pid in boxes:  # with a namespace, the whole box dies with its first process
            processes.send(pid, signal.SIGKILL)
        if place.own is None:
            _sweep_orphans({})


def _report(pid: int, control: socket.socket) -> None:
    status = os.waitpid(pid, 0)[1]
    with contextlib.suppress(OSError):  # the judge may have lost interest
        control.send(STATUS.pack(b"X", status))
    control.close()


def _sweep_orphans(boxes: dict[int, socket.socket]) -> None:
    """Without namespaces a box's orphans come to us, their subreaper: end and bury them."""
    # a killed one leaves its children to us in turn: until none is left
    while orphans := [pid for pid in processes.children(os.getpid()) if pid not in boxes]:
        for orphan in orphans:
            processes.kill_tree(orphan)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(orphan, 0)


def _bear(request: dict[str, Any], descriptors: list[int], place: Place) -> int:
    pid = _fork(place.own)
    if pid == 0:
        try:
            _live(request, descriptors, place)
        except BaseException as error:  # noqa: BLE001 — nothing may return into the nursery's loop
            os.write(2, f"the box could not be entered: {error}\n".encode())
        finally:
            os._exit(126)
    return pid


def _live(request: dict[str, Any], descriptors: list[int], place: Place) -> None:
    os.setsid()
    rest = iter(descriptors[REST:])
    for group in itertools.islice(rest, request["groups"]):
        os.write(group, b"0")
    files = {name: _contents(next(rest)) for name in request.get("files", ())}
    # where the machine's memory ends, none of ours is ended for what a stranger filled
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    given = list(rest)
    _keep_only(descriptors[LOG], [*given, descriptors[CONTROL]])
    _limit(request["rlimits"])
    if request["cpus"]:
        os.sched_setaffinity(0, request["cpus"])
    enter(
        place.walls,
        root=place.root,
        view=place.view,
        folder=Path(request["folder"]),
        reads=[Path(path) for path in request.get("reads", ())],
        size=request["folder_bytes"],
        is_pinned=bool(request["cpus"]),
        is_single=request["is_single"],
    )
    for name, data in files.items():
        Path(name).write_bytes(data)
        with contextlib.suppress(PermissionError):  # among others' files no attribute is set
            os.utime(name, (0, 0))  # compilers can tell
    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None  # what was found before, for the nursery, is not for its children
    # last: what fails before is a fault of ours and never a verdict; then nobody else holds it
    with socket.socket(fileno=3 + len(given)) as control:
        folder = os.open(".", os.O_PATH | os.O_DIRECTORY)
        socket.send_fds(control, [HELLO], [folder])
        os.close(folder)
        if "argv" in request:
            _become(request["argv"], request["env"], control)
    importlib.import_module(request["module"]).main(3)


def _become(argv: list[str], env: dict[str, str], control: socket.socket) -> None:
    """The program, which does not get the control socket; if it cannot be, no stranger ran."""
    control.set_inheritable(False)
    try:
        os.execve(argv[0], argv, env)  # noqa: S606 — this is the door
    except OSError as error:
        control.send(UNSTARTED + str(error).encode(errors="replace")[:MAX_WORDS])
        raise


def _contents(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _limit(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        number = getattr(resource, name)
        _, hard = resource.getrlimit(number)
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (limit, limit))


def _keep_only(log: int, given: list[int]) -> None:
    """0 is empty, 1 and 2 are the log, 3 and on are what was given; nothing else is open."""
    wanted = [os.open(os.devnull, os.O_RDONLY), log, log, *given]
    # first out of each other's way: any of them may have the number that another is to get
    parked = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, len(wanted)) for descriptor in wanted]
    for position, descriptor in enumerate(parked):
        os.dup2(descriptor, position)
    os.closerange(len(wanted), 65536)


if __name__ == "__main__":
    main(sys.argv[1:])
