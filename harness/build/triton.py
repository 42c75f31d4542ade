"""
Triton kernels compiled ahead of time, for a card that is not here: exactly what was launched.

A kernel is there only once its module has run, so this compiler is a stranger's process; what it
reports is read as lines of plain fields, and as nothing else.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator

from harness.build.recipe import safe_name
from harness.emulation.triton.architectures import NAMES, SHARED_BYTES, capability_of
from harness.emulation.triton.versions import installed
from harness.errors import UserError
from harness.records import BuildFailed, Gate, KernelNeeds, Limits, Submission, Verdict
from harness.sandbox.door import Nursery

REPORT_BYTES = 1 << 20


def compile_ahead(
    submission: Submission,
    launches: bytes,
    arch: str,
    *,
    nursery: Nursery,
    module: str,
    limits: Limits,
) -> Gate | BuildFailed:
    """What each kernel needs of that card, or why it cannot be there."""
    capability = capability_of(arch)
    if capability not in SHARED_BYTES:
        raise UserError(f"--arch {arch}: Triton kernels are compiled for {', '.join(NAMES)}")
    name = safe_name(submission)
    asked = json.dumps({"capability": capability, "name": name}).encode()
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        given = [_memfd(data, stack) for data in (submission.source, asked + b"\n" + launches, b"")]
        box = stack.enter_context(
            nursery.bear_module(module, descriptors=given, env={}, limits=limits)
        )
        ended = box.wait(limits.build_s)
        log = box.log.text()
        report = os.pread(given[-1], REPORT_BYTES, 0).decode(errors="replace")
    seconds = time.monotonic() - began
    if ended is None:
        return _failed("time", f"the compiler was stopped after {limits.build_s:g} s", seconds)
    if ended.code != 0:
        last = log.rstrip().rpartition("\n")[2] or str(ended)
        return _failed("compiler", f"{name} could not be compiled for {arch}: {last}", seconds)
    needs: dict[str, KernelNeeds] = {}
    for line in report.splitlines():
        read = _read(line, name, arch)
        if isinstance(read, str):
            return _failed("compiler", read, seconds)
        needs[read.name] = _most(read, needs.get(read.name, read))
    most = SHARED_BYTES[capability]
    for kernel in needs.values():
        if kernel.shared_bytes > most:
            words = (
                f"kernel `{kernel.name}` needs {kernel.shared_bytes} bytes of shared memory,"
                f" and a block has at most {most} on {arch}"
            )
            return _failed("shared_memory", words, seconds)
    return Gate(arch=arch, compiler=f"Triton {installed()}", kernels=tuple(needs.values()))


def _memfd(data: bytes, stack: contextlib.ExitStack) -> int:
    descriptor = os.memfd_create("given", os.MFD_CLOEXEC)
    stack.callback(os.close, descriptor)
    os.write(descriptor, data)
    return descriptor


def _failed(reason: str, message: str, seconds: float) -> BuildFailed:
    return BuildFailed(
        verdict=Verdict.COMPILE_ERROR, reason=reason, message=message, seconds=seconds
    )


def _read(line: str, file: str, arch: str) -> KernelNeeds | str:
    """What one launch's kernel needs; or, in words, why it cannot be compiled."""
    match line.split("\t"):
        case ["ok", name, _, shared, registers, spilled] if name.isidentifier():
            numbers = list(_numbers(shared, registers, spilled))
            if len(numbers) == 3:
                return KernelNeeds(
                    name=name,
                    shared_bytes=numbers[0],
                    registers=numbers[1],
                    spill_bytes=numbers[2],
                )
        case ["bad", name, place, why]:
            where = f"{file}:{place}" if place.isdigit() and place != "0" else file
            return f"kernel `{name}` ({where}) does not compile for {arch}: {why}"
        case _:
            pass
    return f"{file}: what its compiler reports cannot be read"


def _numbers(*words: str) -> Iterator[int]:
    for word in words:
        if not word:  # this release of Triton does not tell
            yield 0
        elif word.isdecimal() and len(word) < 10:
            yield int(word)


def _most(one: KernelNeeds, other: KernelNeeds) -> KernelNeeds:
    """Of one kernel that is launched in several ways."""
    return KernelNeeds(
        name=one.name,
        registers=max(one.registers, other.registers),
        shared_bytes=max(one.shared_bytes, other.shared_bytes),
        spill_bytes=max(one.spill_bytes, other.spill_bytes),
    )
