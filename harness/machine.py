"""What machine this is: read once, recorded in every grade, torch not imported for it."""

import functools
import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path

from harness.records import Machine


def usable_cores() -> int:
    return len(os.sched_getaffinity(0))


def memory_available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


@functools.cache
def describe(threads: int, precision: str) -> Machine:
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
        ("load", f"{os.getloadavg()[0]:.2f}"),
    )
    minor = ".".join(torch.split(".")[:2])
    lasting = [f"{key}={value}" for key, value in facts if key != "load"]
    return Machine(
        kind="cpu",
        name=name,
        fingerprint=hashlib.sha256("\n".join(lasting).encode()).hexdigest()[:16],
        ranking_class=f"cpu: {name}; threads {threads}; torch {minor}; {precision}",
        threads=threads,
        facts=facts,
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()
