"""The system calls that Python 3.11 has no name for, each through libc."""

import ctypes
import os
import struct

CLONE_THREAD = 0x00010000
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND = 0x1, 0x2, 0x4, 0x8, 0x1000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 0x1, 0x2, 0x4

_MNT_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_SECCOMP_SET_MODE_FILTER, _SECCOMP_SPEC_ALLOW = 1, 4
_CAPABILITY_VERSION_3 = 0x20080522
# numbers of x86-64; those from 424 on are the same everywhere
_CAPSET, _PIVOT_ROOT, _SECCOMP, _MOUNT_SETATTR = 126, 155, 317, 442
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION, _LANDLOCK_PATH_BENEATH = 1, 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
_libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    _checked(_libc.setns(descriptor, kind), "setns")


def prctl(option: int, value: int) -> None:
    _checked(_libc.prctl(option, value, 0, 0, 0), f"prctl {option}")


# ---- mounts -------------------------------------------------------------------------------------


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    words = [word.encode() or None for word in (source, target, kind)]
    result = _libc.mount(*words, flags, data.encode() or None)
    _checked(result, f"mount {source or kind} at {target}")


def pivot_root_here() -> None:
    """The working folder, a mount of its own, becomes the root; the old one is gone."""
    _checked(_libc.syscall(_PIVOT_ROOT, b".", b"."), "pivot_root")
    # the old root lies on top of the new one now, at the same place
    unmount(".")
    os.chdir("/")


def unmount(path: str) -> None:
    _checked(_libc.umount2(path.encode(), _MNT_DETACH), f"umount {path}")


def restrict_mounts(path: str, attributes: int) -> None:
    """Set attributes of a mount and of all mounts below it."""
    wanted = struct.pack("=QQQQ", attributes, 0, 0, 0)
    result = _libc.syscall(
        _MOUNT_SETATTR, _AT_FDCWD, path.encode(), _AT_RECURSIVE, wanted, len(wanted)
    )
    _checked(result, "mount_setattr")


# ---- privileges ---------------------------------------------------------------------------------


def bound_capabilities() -> None:
    """No program that is started later has any capability, whoever starts it."""
    capability = 0
    while _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1


def drop_capabilities() -> None:
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.syscall(_CAPSET, header, bytes(24)), "capset")


def install_filter(program: bytes) -> None:
    """A seccomp filter for this process and all that it starts; it cannot be taken off."""
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions, eight bytes each, and where they are
    header = ctypes.create_string_buffer(
        struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    )
    # or older kernels would slow a filtered process down, to protect it from itself
    result = _libc.syscall(_SECCOMP, _SECCOMP_SET_MODE_FILTER, _SECCOMP_SPEC_ALLOW, header)
    _checked(result, "seccomp")


# ---- Landlock -----------------------------------------------------------------------------------


def landlock_version() -> int:
    """Which Landlock this kernel has; 0 if it has none."""
    found: int = _libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    return max(found, 0)


def landlock_ruleset(files: int, scopes: int) -> int:
    """A descriptor of a new set of rules that handles these accesses."""
    attributes = struct.pack("=QQQ", files, 0, scopes) if scopes else struct.pack("=Q", files)
    result = _libc.syscall(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    return _checked(result, "landlock_create_ruleset")


def landlock_allow(ruleset: int, descriptor: int, files: int) -> None:
    """Allow these accesses to a file, or to everything below a folder."""
    rule = struct.pack("=Qi", files, descriptor)
    result = _libc.syscall(_LANDLOCK_ADD, ruleset, _LANDLOCK_PATH_BENEATH, rule, 0)
    _checked(result, "landlock_add_rule")


def landlock_restrict(ruleset: int) -> None:
    _checked(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0), "landlock_restrict_self")
