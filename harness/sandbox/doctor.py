"""
Attack the sandbox for real, through both of its doors, and say what held.

Each attack is made twice: where nothing stands in its way (a control that must go through, else
the attack proves nothing) and in a box. Whatever is attacked belongs to the doctor.
"""

import contextlib
import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.records import Isolation, Limits
from harness.sandbox import attacks
from harness.sandbox.box import Box
from harness.sandbox.door import Nursery
from harness.sandbox.held import isolation_of

PROGRAM, MODULE = "program", "module"
_MODULE_NAME = "harness.sandbox.attacks"
_VARIABLE = "GRADE_DOCTOR_CANARY"
_DEADLINE_S = 30.0
_MEGABYTE = 1 << 20
_PROCESSES = 24
_TIGHT = Limits(
    memory_bytes=256 * _MEGABYTE,
    processes=_PROCESSES,
    file_bytes=4 * _MEGABYTE,
    log_bytes=_MEGABYTE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One attack through one door: stopped, not stopped, or, if the control failed, unknown."""

    axis: str
    door: str
    holds: bool | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    isolation: Isolation
    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        return self.isolation.level == 3 and not any(f.holds is False for f in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """An attack, and what its control is handed that a box is not."""

    axis: str
    facts: dict[str, Any]
    descriptors: tuple[int, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


Tell = Callable[[Finding], None]


def examine(nursery: Callable[..., Nursery] = Nursery, tell: Tell = lambda _: None) -> Examination:
    """Every attack through both doors of such a nursery as grades use."""
    findings = []
    canary = secrets.token_hex(16)
    with contextlib.ExitStack() as stack:
        leak = stack.enter_context(_bait(canary))
        boxed = stack.enter_context(nursery(preload=[_MODULE_NAME]))
        bare = stack.enter_context(
            Nursery(preload=[_MODULE_NAME], groups=False, namespaces=False, walls=False)
        )
        for plan in _plans(canary, leak, bare, stack):
            for door in (PROGRAM, MODULE):
                findings.append(_tried(plan, door, boxed, bare))
                tell(findings[-1])
        return Examination(isolation=isolation_of(boxed), findings=tuple(findings))


def _tried(plan: _Plan, door: str, boxed: Nursery, bare: Nursery) -> Finding:
    control = _attack(bare, plan, door, Limits(), plan.descriptors, plan.env)
    if control is not None:
        reason = f"not to be tried here: {control or 'the control ended in an unknown way'}"
        return Finding(axis=plan.axis, door=door, holds=None, reason=reason)
    refusal = _attack(boxed, plan, door, _TIGHT, (), {})
    holds = refusal is not None
    return Finding(axis=plan.axis, door=door, holds=holds, reason=refusal or "it went through")


def _attack(
    nursery: Nursery,
    plan: _Plan,
    door: str,
    limits: Limits,
    descriptors: tuple[int, ...],
    env: dict[str, str],
) -> str | None:
    """What stopped it; None if nothing did."""
    with _memfd(json.dumps({"axis": plan.axis, "facts": plan.facts})) as facts:
        given = (facts, *descriptors)
        if door == MODULE:
            box = nursery.bear_module(_MODULE_NAME, descriptors=given, env=env, limits=limits)
        else:
            argv = [sys.executable, "-I", "-S", "attacks.py", "3"]
            files = {"attacks.py": Path(attacks.__file__).read_bytes()}
            box = nursery.bear_program(argv, files=files, descriptors=given, env=env, limits=limits)
        with box:
            return _ending(box)


def _ending(box: Box) -> str | None:
    ended = box.wait(_DEADLINE_S)
    if ended is None:
        return "it was stopped after its time"
    if ended.code == attacks.THROUGH:
        return None
    if ended.code == attacks.STOPPED:
        return box.log.text()
    if box.has_run_out_of_memory:
        return "the box was ended for want of memory"
    return f"{ended}: {box.log.text().strip()[-200:]}"


@contextlib.contextmanager
def _memfd(text: str) -> Iterator[int]:
    descriptor = os.memfd_create("plan", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
        yield descriptor
    finally:
        os.close(descriptor)


# ---- what is attacked ---------------------------------------------------------------------------


@contextlib.contextmanager
def _bait(canary: str) -> Iterator[int]:
    """
    A variable and an inheritable descriptor of our own, which nobody is handed. They must be there
    before a nursery is started: what it does not inherit no box could find.
    """
    with _memfd(canary) as leak:
        os.set_inheritable(leak, True)
        os.environ[_VARIABLE] = canary
        try:
            yield leak
        finally:
            del os.environ[_VARIABLE]


def _plans(canary: str, leak: int, bare: Nursery, stack: contextlib.ExitStack) -> Iterator[_Plan]:
    folder = _folder(stack)
    planted = [*_planted(canary, folder, stack)]
    target = stack.enter_context(
        # a process of ours to be seen, signalled, traced and read: it sleeps
        bare.bear_program(
            ["/bin/sh", "-c", "sleep 600", canary], env={_VARIABLE: canary}, limits=Limits()
        )
    )
    pid = target.pid
    own = {"canary": canary, "pid": pid, "pids": [pid, os.getpid()]}
    yield _Plan(axis="read a file", facts={"canary": canary, "files": planted})
    yield _Plan(axis="write a file", facts={"folder": folder})
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    yield _Plan(axis="network", facts={"port": listener.getsockname()[1]})
    abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
    abstract.bind("\0" + canary)
    abstract.listen(16)
    yield _Plan(axis="abstract socket", facts={"name": canary})
    for axis in ("see processes", "signal the judge", "trace a process", "read a process"):
        yield _Plan(axis=axis, facts=own)
    yield _Plan(axis="find a descriptor", facts=own, descriptors=(leak,))
    yield _Plan(axis="find a variable", facts=own, env={_VARIABLE: canary})
    for axis in ("make a namespace", "use a keyring", "use a privilege"):
        yield _Plan(axis=axis, facts={})
    yield from _excesses()


def _excesses() -> Iterator[_Plan]:
    yield _Plan(axis="fork", facts={"count": _PROCESSES + 8})
    share = _TIGHT.memory_bytes * 2 // 5  # three fit into no box, one fits into each process
    yield _Plan(axis="memory of a box", facts={"count": 3, "bytes": share})
    yield _Plan(axis="memory of a process", facts={"bytes": 2 * _TIGHT.memory_bytes})
    yield _Plan(axis="a large file", facts={"bytes": 2 * _TIGHT.file_bytes})
    part = _TIGHT.file_bytes // 2
    yield _Plan(axis="many files", facts={"files": 4, "bytes": part})


def _folder(stack: contextlib.ExitStack) -> str:
    """Open to everybody, so that no user's rights are what stops a write."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="grade-doctor-"))
    Path(folder).chmod(0o777)
    return folder


def _planted(canary: str, folder: str, stack: contextlib.ExitStack) -> Iterator[str]:
    """The canary in files: in a folder for temporary files, and at home if we can write there."""
    places = [folder]
    if os.access(Path.home(), os.W_OK):
        places.append(str(Path.home()))
    for place in places:
        with contextlib.suppress(OSError):
            file = tempfile.NamedTemporaryFile("w", dir=place, prefix=".grade-doctor-")  # noqa: SIM115
            stack.enter_context(file)
            file.write(canary)
            file.flush()
            Path(file.name).chmod(0o644)
            yield file.name
