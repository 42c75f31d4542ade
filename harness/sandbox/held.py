"""What holds the boxes of a nursery: a level, each property with its reason, what is missing."""

import os
from collections.abc import Iterator

from harness.records import Isolation, Property
from harness.sandbox.door import Nursery

STRONGEST = 3
_NAMESPACES_MEND = (
    "namespaces: run as root or let users have them (sysctl kernel.unprivileged_userns_clone=1,"
    " kernel.apparmor_restrict_unprivileged_userns=0); in a container: --privileged"
)
_FREEZER_MEND = (
    "a cgroup of one's own: run as root, or as"
    " `systemd-run --user --scope -p Delegate=yes grade …`; in a container: --privileged"
)


def level_of(nursery: Nursery) -> int:
    walls = nursery.walls
    if not (walls.root or walls.landlock):
        return 1
    return STRONGEST if walls.root and nursery.has_groups else 2


def missing_in(nursery: Nursery) -> str:
    """What the highest level lacks here, why, and how to get it; empty if nothing."""
    level = level_of(nursery)
    if level == STRONGEST:
        return ""
    if not nursery.has_walls:
        return f"sandbox level {level}: its walls were turned off"
    lacking = []
    if not nursery.walls.root:
        lacking.append(f"{_NAMESPACES_MEND} ({_refusal(nursery)})")
    if not nursery.has_groups:
        lacking.append(f"{_FREEZER_MEND} ({nursery.no_group_reason})")
    return f"sandbox level {level} of {STRONGEST}; missing: " + "; and ".join(lacking)


def isolation_of(nursery: Nursery) -> Isolation:
    return Isolation(
        level=level_of(nursery),
        freeze="cgroup" if nursery.has_groups else "signal",
        properties=tuple(_properties(nursery)),
        missing=missing_in(nursery),
    )


def _refusal(nursery: Nursery) -> str:
    if not nursery.has_walls:
        return "the walls were turned off"
    if not nursery.has_namespaces:
        return "namespaces are refused here"
    return nursery.troubles[0] if nursery.troubles else "not to be had here"


def _properties(nursery: Nursery) -> Iterator[Property]:
    walls, refusal = nursery.walls, _refusal(nursery)
    rules = "by Landlock's rules: names and attributes can be seen" if walls.landlock else ""
    has_view = bool(walls.root or walls.landlock)

    def told(name: str, holds: bool, how: str, why_not: str) -> Property:
        return Property(name=name, holds=holds, reason=how if holds else why_not)

    yield told("file_read", has_view, rules, refusal)
    yield told("file_write", has_view, rules, refusal)
    for name, thing in (("network", "socket"), ("shared_memory", "shared segment")):
        how = "" if walls.root else f"by the filter: no {thing} can be made"
        yield told(name, walls.filter, how, refusal)
    yield told("pid_namespace", nursery.has_namespaces, "", refusal)
    yield told("signals", nursery.has_namespaces or walls.landlock >= 6, "", refusal)
    yield told("seccomp", walls.filter, "", refusal)
    yield told("no_capabilities", walls.filter or os.geteuid() != 0, "", refusal)
    yield told("other_user", walls.user, "", _same_user(nursery))
    yield told("cgroup_freeze", nursery.has_groups, "", nursery.no_group_reason)
    yield told("memory_limit", not nursery.unheld("memory"), "", _each(nursery.unheld("memory")))
    yield _process_limit(nursery)
    uncapped = "each file is limited, their sum is not: the folder is on the host's disk"
    yield told("disk_limit", walls.root, "", uncapped)
    yield told(
        "equal_threads",
        walls.filter,
        "pinned to as many cores, and the filter keeps it there",
        "pinned to as many cores; a candidate could widen that",
    )


def _same_user(nursery: Nursery) -> str:
    if os.geteuid() != 0:
        return "an ordinary user cannot become another"
    return nursery.troubles[0] if nursery.troubles else _refusal(nursery)


def _each(reason: str) -> str:
    return f"each process is limited, their sum is not: {reason}"


def _process_limit(nursery: Nursery) -> Property:
    name, reason = "process_limit", nursery.unheld("pids")
    if not reason:
        return Property(name=name, holds=True)
    if nursery.counts_alone:
        return Property(
            name=name, holds=True, reason="of all boxes together, by their user's limit"
        )
    return Property(name=name, holds=False, reason=reason)
