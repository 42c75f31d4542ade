"""
The seccomp filter: which doors of the kernel are shut for strangers, as a program for it to run.

A list of what is denied, not of what is allowed: torch and compilers use half of the kernel's
calls, another half tomorrow. What is denied is what reaches other processes, what makes a new
namespace or mount, and what strangers have no use for and kernels have had holes in.
"""

import functools
import struct
from collections.abc import Iterator

from harness.sandbox import kernel

DENIED = {
    # other processes
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
    "pidfd_getfd": 438, "process_madvise": 440, "process_mrelease": 448,
    "move_pages": 279, "migrate_pages": 256,
    # what is shared in spite of namespaces
    "add_key": 248, "request_key": 249, "keyctl": 250, "syslog": 103,
    "perf_event_open": 298, "lookup_dcookie": 212, "fanotify_init": 300,
    "inotify_init": 253, "inotify_init1": 294,  # who opens which file of the system, and when
    # what goes off in the kernel while its owner stands still: others pay for it in their time
    "timer_create": 222, "timerfd_create": 283, "setitimer": 38, "alarm": 37,
    # new namespaces and mounts
    "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
    "fspick": 433, "mount_setattr": 442, "open_tree_attr": 467,
    "name_to_handle_at": 303, "open_by_handle_at": 304,
    # wide and often broken
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "userfaultfd": 323, "bpf": 321, "memfd_secret": 447, "modify_ldt": 154,
    "uselib": 134, "personality": 135, "vhangup": 153,
    # the machine itself
    "kexec_load": 246, "kexec_file_load": 320, "reboot": 169,
    "create_module": 174, "init_module": 175, "finit_module": 313, "delete_module": 176,
    "acct": 163, "swapon": 167, "swapoff": 168, "quotactl": 179, "quotactl_fd": 443,
    "iopl": 172, "ioperm": 173, "sysctl": 156, "nfsservctl": 180,
    "sethostname": 170, "setdomainname": 171,
    "settimeofday": 164, "clock_settime": 227, "adjtimex": 159, "clock_adjtime": 305,
}  # fmt: skip
CLONE, CLONE3, SOCKET, SOCKETPAIR, SCHED_SETAFFINITY = 56, 435, 41, 53, 203
PROCESSES = {"fork": 57, "vfork": 58}
PRCTL, FCNTL, PRLIMIT = 157, 72, 302
# what namespaces and a root of one's own make harmless
SHARED = {
    "socket": SOCKET, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
    # attributes of files, of which rules over files say nothing
    "chmod": 90, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452,
    "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260,
    "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
    "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "setxattrat": 463,
    "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199, "removexattrat": 466,
    "file_setattr": 469,
    # boxes are one and the same user: a baseline could be made slow
    "setpriority": 141, "ioprio_set": 251,
    "sched_setparam": 142, "sched_setscheduler": 144, "sched_setattr": 314,
}  # fmt: skip
_NAMESPACES = (
    kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | 0x02000000  # and of cgroups
)  # fmt: skip
_ONESELF = 0
_UNIX, _INET, _INET6 = 1, 2, 10  # not netlink, vsock, packet, alg …
_SCHED_CORE = 62  # of prctl: nobody else runs beside us on a core of two threads
# of fcntl: whoever opens our file waits for us, though we stand still; who touches a folder
_SETLEASE, _NOTIFY = 1024, 1026

_X86_64 = 0xC000003E
_X32 = 0x40000000  # calls of the x32 kind carry this bit
_EPERM, _ENOSYS = 1, 38
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _RETURN = 0x20, 0x06
_EQUAL, _AT_LEAST, _ANY_BIT = 0x15, 0x35, 0x45
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24  # places in struct seccomp_data

_Step = tuple[int, int, int, int]  # code, steps to skip if true, if false, operand


@functools.cache
def program(*, is_alone: bool, affinity: bool, is_single: bool = False) -> bytes:
    """
    The filter. A box that is not alone in its namespaces makes no sockets at all and nothing else
    that others may find, and sets limits for itself alone; one that is pinned to cores does not
    choose others; one that is a single process makes threads only.
    """
    denied = list(DENIED.values())
    if not is_alone:
        denied += SHARED.values()
    if not affinity:
        denied.append(SCHED_SETAFFINITY)
    if is_single:
        denied += PROCESSES.values()
    steps = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, _X86_64),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
    for number in denied:
        steps += _refused(number, _EPERM)
    # its flags lie in memory, where a filter cannot look: libc falls back to clone
    steps += _refused(CLONE3, _ENOSYS)
    threads_only = [(_ANY_BIT, 1, 0, kernel.CLONE_THREAD), _DENY] if is_single else []
    steps += _looked_at(CLONE, _FIRST, [(_ANY_BIT, 0, 1, _NAMESPACES), _DENY, *threads_only, _PASS])
    steps += _looked_at(PRCTL, _FIRST, [*_all_but(_SCHED_CORE)])
    steps += _looked_at(FCNTL, _SECOND, [*_all_but(_SETLEASE, _NOTIFY)])
    steps += _looked_at(SOCKETPAIR, _FIRST, [*_only(_UNIX)])
    if is_alone:
        steps += _looked_at(SOCKET, _FIRST, [*_only(_UNIX, _INET, _INET6)])
    else:
        for number in (PRLIMIT, SCHED_SETAFFINITY):
            steps += _looked_at(number, _FIRST, [*_only(_ONESELF)])
    steps.append(_PASS)
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


_PASS: _Step = (_RETURN, 0, 0, _ALLOW)
_DENY: _Step = (_RETURN, 0, 0, _ERRNO | _EPERM)


def _refused(number: int, error: int) -> list[_Step]:
    return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error)]


def _looked_at(number: int, argument: int, steps: list[_Step]) -> list[_Step]:
    """Steps, none of which falls through, that look at the low half of an argument of a call."""
    return [(_EQUAL, 0, len(steps) + 1, number), (_LOAD, 0, 0, argument), *steps]


def _only(*values: int) -> Iterator[_Step]:
    for value in values:
        yield (_EQUAL, 0, 1, value)
        yield _PASS
    yield _DENY


def _all_but(*values: int) -> Iterator[_Step]:
    for value in values:
        yield (_EQUAL, 0, 1, value)
        yield _DENY
    yield _PASS
