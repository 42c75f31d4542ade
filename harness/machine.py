"""What machine this is: read once, recorded in every grade, torch not imported for it."""

import contextlib
import functools
import hashlib
import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from harness.records import Cache, Machine

CORES = Path("/sys/devices/system/cpu")
_SIZES = {1: 188, 2: 191, 3: 194}  # what glibc's sysconf asks the processor for, by level
# of which nobody knows anything: larger than most, for a cache thought too small would make a
# limit of what can be beaten
_ASSUMED = {1: 64 << 10, 2: 4 << 20, 3: 128 << 20}
_UNITS = {"K": 10, "M": 20, "G": 30}


def usable_cores() -> int:
    if not hasattr(os, "sched_getaffinity"):  # not Linux: nothing is graded there anyway
        return os.cpu_count() or 1
    return len(os.sched_getaffinity(0))


def memory_available_bytes() -> int:
    return _memory("MemAvailable:")


def memory_bytes() -> int:
    return _memory("MemTotal:")


def _memory(what: str) -> int:
    info = Path("/proc/meminfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    return 0


def caches(root: Path = CORES) -> tuple[Cache, ...]:
    """The caches that hold data, the nearest first; of the cores that we may use."""
    cores = sorted(os.sched_getaffinity(0))
    with contextlib.suppress(OSError, ValueError, LookupError):
        if found := _listed(root, cores):
            return found
    return _asked(len(cores))


def _listed(root: Path, cores: Sequence[int]) -> tuple[Cache, ...]:
    """As the kernel lists them."""
    sizes: dict[int, int] = {}
    groups: dict[int, set[frozenset[int]]] = {}
    for core in cores:
        for folder in (root / f"cpu{core}" / "cache").glob("index*"):
            if (folder / "type").read_text().strip() == "Instruction":
                continue
            level = int((folder / "level").read_text())
            size = (folder / "size").read_text().strip()
            sharing = _numbers((folder / "shared_cpu_list").read_text())
            sizes[level] = max(sizes.get(level, 0), int(size[:-1]) << _UNITS[size[-1]])
            groups.setdefault(level, set()).add(sharing & set(cores))
    return tuple(
        Cache(level=level, size_bytes=sizes[level], instances=len(groups[level]))
        for level in sorted(sizes)
        if sizes[level]
    )


def _numbers(text: str) -> frozenset[int]:
    """The set that the kernel writes as `0-3,8`."""
    ends = [part.partition("-") for part in text.strip().split(",")]
    return frozenset(n for low, _, high in ends for n in range(int(low), int(high or low) + 1))


def _asked(cores: int) -> tuple[Cache, ...]:
    """Where nothing is listed: what the processor says, else an assumption; the last is shared."""
    found = {}
    for level, name in _SIZES.items():
        with contextlib.suppress(OSError, ValueError):
            found[level] = os.sysconf(name)
    if not all(found.get(level, 0) > 0 for level in (1, 2)):
        found = _ASSUMED
    last = max(level for level, size in found.items() if size > 0)
    return tuple(
        Cache(level=level, size_bytes=size, instances=1 if level == last > 1 else cores)
        for level, size in found.items()
        if size > 0
    )


def features() -> frozenset[str]:
    """The processor's own words for what it can do."""
    return frozenset(_line_of_processor("flags").split())


def describe(threads: int) -> Machine:
    """This machine as a grade records it, its load at this moment among the facts."""
    lasting = _lasting(threads)
    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else ""
    return replace(lasting, facts=(*lasting.facts, ("load", load)))


@functools.cache
def _lasting(threads: int) -> Machine:
    name = processor()
    torch = metadata.version("torch").partition("+")[0]
    facts = (
        ("processor", name),
        ("cores", str(usable_cores())),
        ("kernel", platform.release()),
        ("libc", " ".join(platform.libc_ver())),
        ("python", platform.python_version()),
        ("torch", metadata.version("torch")),
        ("numpy", metadata.version("numpy")),
        ("harness", metadata.version("harness")),
    )
    minor = ".".join(torch.split(".")[:2])
    lasting = [f"{key}={value}" for key, value in facts]
    return Machine(
        kind="cpu",
        name=name,
        fingerprint=hashlib.sha256("\n".join(lasting).encode()).hexdigest()[:16],
        ranking_class=f"cpu: {name}; threads {threads}; torch {minor}; ieee",
        threads=threads,
        facts=facts,
    )


def processor() -> str:
    return _line_of_processor("model name") or platform.processor() or platform.machine()


def _line_of_processor(key: str) -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith(key):
            return " ".join(line.partition(":")[2].split())
    return ""
