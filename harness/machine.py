"""What machine this is: read once, recorded in every grade, torch not imported for it."""

import functools
import hashlib
import os
import platform
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from harness.records import Machine


def usable_cores() -> int:
    if not hasattr(os, "sched_getaffinity"):  # not Linux: nothing is graded there anyway
        return os.cpu_count() or 1
    return len(os.sched_getaffinity(0))


def memory_available_bytes() -> int:
    info = Path("/proc/meminfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def describe(threads: int) -> Machine:
    """This machine as a grade records it, its load at this moment among the facts."""
    lasting = _lasting(threads)
    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else ""
    return replace(lasting, facts=(*lasting.facts, ("load", load)))


@functools.cache
def _lasting(threads: int) -> Machine:
    name = _processor()
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


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()
