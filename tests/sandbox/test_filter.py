"""The seccomp program, run by a small machine of ours; the kernel's own runs it in test_walls."""

import struct

import pytest

from harness.sandbox import filter as seccomp
from harness.sandbox.filter import (
    CLONE,
    CLONE3,
    DENIED,
    FCNTL,
    PRCTL,
    PRLIMIT,
    PROCESSES,
    SCHED_SETAFFINITY,
    SHARED,
    SOCKET,
)

X86_64, I386 = 0xC000003E, 0x40000003
ALLOWED, EPERM, ENOSYS = "allowed", "EPERM", "ENOSYS"
ALONE = seccomp.program(is_alone=True, affinity=True)
PINNED = seccomp.program(is_alone=True, affinity=False)
SINGLE = seccomp.program(is_alone=True, affinity=True, is_single=True)
AMONG_OTHERS = seccomp.program(is_alone=False, affinity=True)
THREAD = 0x3D0F00  # what pthread_create asks of clone
NEWUSER, NEWNS, NEWCGROUP = 0x10000000, 0x00020000, 0x02000000
UNIX, INET, INET6, NETLINK, PACKET, ALG, VSOCK = 1, 2, 10, 16, 17, 38, 40


def verdict(
    program: bytes, number: int, first: int = 0, second: int = 0, *, arch: int = X86_64
) -> str:
    data = struct.pack("=iIQ6Q", number, arch, 0, first, second, 0, 0, 0, 0)
    steps = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    at = register = 0
    while True:
        code, if_true, if_false, operand = steps[at]
        at += 1
        if code == 0x20:
            register = struct.unpack_from("=I", data, operand)[0]
        elif code == 0x06:
            return {0x7FFF0000: ALLOWED, 0x50001: EPERM, 0x50026: ENOSYS}[operand]
        else:
            holds = {
                0x15: register == operand,
                0x35: register >= operand,
                0x45: bool(register & operand),
            }[code]
            at += if_true if holds else if_false


@pytest.mark.parametrize("name", DENIED)
def test_each_listed_call_is_refused(name: str) -> None:
    """What the list names is refused, whatever its first argument."""
    assert {verdict(ALONE, DENIED[name], first) for first in (0, 1, 2**64 - 1)} == {EPERM}


def test_all_other_calls_are_allowed() -> None:
    """Nothing is refused by accident: reading, mapping, forking and waiting are as ever."""
    special = {*DENIED.values(), CLONE3, SOCKET}
    free = [number for number in range(480) if number not in special]
    assert len(free) > 400
    # the first argument of a socket call is a family: unix is one that is allowed
    assert {verdict(ALONE, number, UNIX) for number in free} == {ALLOWED}


@pytest.mark.parametrize("number", [0, 1, 59, 101])
def test_other_kinds_of_calls_are_refused(number: int) -> None:
    """Calls by the numbers of i386 or of x32 are none that we know: all are refused."""
    assert verdict(ALONE, number, arch=I386) == EPERM
    assert verdict(ALONE, number | 0x40000000) == EPERM


@pytest.mark.parametrize("flag", [NEWUSER, NEWNS, NEWCGROUP])
def test_threads_can_be_made_and_namespaces_cannot(flag: int) -> None:
    """Threads and processes can be made, but no namespace; clone3 hides its flags: not there."""
    assert verdict(ALONE, CLONE, THREAD) == ALLOWED
    assert verdict(ALONE, CLONE, 17) == ALLOWED
    assert verdict(ALONE, CLONE, THREAD | flag) == EPERM
    assert verdict(ALONE, CLONE3) == ENOSYS


def test_a_single_process_can_make_threads_only() -> None:
    """Where there is to be one process there can be threads, and no fork under any name."""
    assert verdict(SINGLE, CLONE, THREAD) == ALLOWED
    assert {verdict(SINGLE, number) for number in PROCESSES.values()} == {EPERM}
    assert {verdict(SINGLE, CLONE, flags) for flags in (0, 17, THREAD & ~0x10000)} == {EPERM}
    assert verdict(SINGLE, CLONE, THREAD | NEWUSER) == EPERM
    assert verdict(SINGLE, CLONE3) == ENOSYS


def test_only_common_sockets_can_be_made() -> None:
    """In a network of its own a box may have unix and internet sockets, no others."""
    assert {verdict(ALONE, SOCKET, family) for family in (UNIX, INET, INET6)} == {ALLOWED}
    refused = (NETLINK, PACKET, ALG, VSOCK, 2**32 + NETLINK)
    assert {verdict(ALONE, SOCKET, family) for family in refused} == {EPERM}


def test_among_others_nothing_shared_can_be_made() -> None:
    """Without namespaces no socket, segment, semaphore or queue can be made at all, no attribute of
    a file set, and nobody else slowed; one's own limits can be looked at.
    """
    assert {verdict(AMONG_OTHERS, n, UNIX) for n in SHARED.values()} == {EPERM}
    assert {verdict(ALONE, n, UNIX) for n in SHARED.values()} == {ALLOWED}
    assert verdict(AMONG_OTHERS, PRLIMIT, 0) == verdict(ALONE, PRLIMIT, 1234) == ALLOWED
    assert verdict(AMONG_OTHERS, PRLIMIT, 1234) == EPERM


@pytest.mark.parametrize("number", [PRLIMIT, SCHED_SETAFFINITY])
def test_among_others_limits_and_cores_are_ones_own(number: int) -> None:
    """Without namespaces nobody sets them for another process; with them there is no other."""
    assert verdict(AMONG_OTHERS, number, 0) == ALLOWED
    assert verdict(AMONG_OTHERS, number, 4711) == EPERM
    assert verdict(ALONE, number, 4711) == ALLOWED


def test_a_pinned_box_stays_pinned() -> None:
    """Cores can be chosen unless they were chosen for it."""
    assert verdict(ALONE, SCHED_SETAFFINITY) == ALLOWED
    assert verdict(PINNED, SCHED_SETAFFINITY) == EPERM


def test_nobody_is_kept_from_a_core_or_a_file() -> None:
    """Of two calls that honest code needs, the uses that make others wait are refused."""
    sched_core, set_name, setlease, notify, getfd = 62, 15, 1024, 1026, 1
    assert verdict(ALONE, PRCTL, sched_core) == EPERM
    assert verdict(ALONE, PRCTL, set_name) == ALLOWED
    assert {verdict(ALONE, FCNTL, 3, command) for command in (setlease, notify)} == {EPERM}
    assert verdict(ALONE, FCNTL, setlease, getfd) == ALLOWED
