"""
The limits of this machine, kept: measured when asked for, and never inside a grade.

    <cache>/machines/<fingerprint>.json

The fingerprint is of all that the figures depend on. Another processor, another share of it, other
memory, kernel, compiler or way of measuring is another machine, and has a file of its own.
"""

import hashlib
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import machine
from harness.build.cache import key_of, writing
from harness.build.own import DEFAULT
from harness.build.toolchain import find_compiler
from harness.clock import meter
from harness.disk import cache_root, write_atomically
from harness.errors import ToolError
from harness.records import Bandwidth, Cache, Peak, Roofs
from harness.sandbox.door import Nursery

SCHEMA = "machine/1"
_AMX, _HALF = {"amx_bf16", "amx_fp16"}, {"avx512_fp16", "avx512_bf16"}


def of_this_machine() -> Roofs | None:
    """What was measured here before; None if nothing was, or the machine is another by now."""
    return read_roofs(_place(fingerprint_of(facts())))


def measure(nursery: Nursery, tell: Callable[[int], None]) -> Roofs:
    """Measure everything, and keep it."""
    began = time.monotonic()
    known, caches = facts(), machine.caches()
    jobs = meter.jobs_of(caches, machine.usable_cores(), meter.available_bytes())
    measured = meter.measure(nursery, jobs, tell=tell)
    roofs = Roofs(
        fingerprint=fingerprint_of(known),
        facts=known,
        caches=caches,
        bandwidths=measured.bandwidths,
        peaks=measured.peaks,
        half_factor=half_factor(machine.features()),
        rounds=measured.rounds,
        seconds=time.monotonic() - began,
    )
    keep(roofs)
    return roofs


def facts() -> tuple[tuple[str, str], ...]:
    caches = ", ".join(
        f"{cache.name} {cache.instances} x {cache.size_bytes >> 10} KiB"
        for cache in machine.caches()
    )
    try:
        compiler = find_compiler(DEFAULT).identity[:16]
    except ToolError:
        compiler = "none"
    return (
        ("processor", machine.processor()),
        ("cores", str(machine.usable_cores())),
        ("caches", caches),
        ("memory", f"{machine.memory_bytes() / 2**30:.0f} GiB"),
        ("kernel", platform.release()),
        ("compiler", compiler),
        ("meter", hashlib.sha256(meter.source().encode()).hexdigest()[:16]),
    )


def fingerprint_of(known: tuple[tuple[str, str], ...]) -> str:
    return key_of(*(word for fact in known for word in fact))[:16]


def half_factor(features: frozenset[str]) -> int:
    """
    How many times float32's peak half precision may reach: without instructions of its own it is
    computed in float32; tiles of the matrix unit have sixteen times as many terms as vectors.
    """
    if features & _AMX:
        return 16
    return 2 if features & _HALF else 1


def keep(roofs: Roofs) -> None:
    document = document_of(roofs)
    with writing():
        text = json.dumps(document | {"check": _check(document)}, indent=2)
        write_atomically(_place(roofs.fingerprint), text.encode())


def document_of(roofs: Roofs) -> dict[str, Any]:
    return {"schema": SCHEMA, **asdict(roofs), "facts": dict(roofs.facts)}


def read_roofs(path: Path) -> Roofs | None:
    """What `keep` wrote there; None for anything else."""
    try:
        document = json.loads(path.read_bytes())
        if document.pop("check") != _check(document) or document.pop("schema") != SCHEMA:
            return None
        return Roofs(
            fingerprint=str(document["fingerprint"]),
            facts=tuple(document["facts"].items()),
            caches=tuple(Cache(**each) for each in document["caches"]),
            bandwidths=tuple(Bandwidth(**each) for each in document["bandwidths"]),
            peaks=tuple(Peak(**each) for each in document["peaks"]),
            half_factor=int(document["half_factor"]),
            rounds=int(document["rounds"]),
            seconds=float(document["seconds"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _place(fingerprint: str) -> Path:
    return cache_root() / "machines" / f"{fingerprint}.json"


def _check(document: dict[str, Any]) -> str:
    """So that a file with a spoilt figure is none."""
    return key_of(json.dumps(document, sort_keys=True))
