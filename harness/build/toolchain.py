"""
The one door to compilers. Flags belong to the harness; a compiler runs in a box like any stranger,
because what it reads was written by one.
"""

import contextlib
import functools
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import SandboxError, ToolError
from harness.records import Limits
from harness.sandbox.box import Ended
from harness.sandbox.door import Nursery

CXX_FLAGS = ("-std=c++20", "-O3", "-march=native", "-fopenmp", "-fPIC", "-g1", "-pipe")
C_FLAGS = ("-std=c17", *CXX_FLAGS[1:])
# no undefined symbol survives the link, and `solution` must be among the defined ones
LINK_FLAGS = ("-shared", "-Wl,-z,defs", "-Wl,-z,now")
NEEDS_ENTRY = "-Wl,--require-defined=solution"
# what a compiler takes for the time: the same source is the same program, whenever it is built
TIMELESS = {"SOURCE_DATE_EPOCH": "0"}
LOG_SHOWN = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    path: Path
    name: str  # of the file that it really is: most often with its version
    identity: str  # changes when the compiler or this processor does


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    ended: Ended | None  # None: it ran into the time limit
    log: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.ended is not None and self.ended.code == 0


@functools.cache
def find_compiler(name: str) -> Compiler:
    """A compiler by name, with an identity for cache keys."""
    found = shutil.which(name)
    if found is None:
        package = "clang libomp-dev" if name.startswith("clang") else "g++"
        raise ToolError(f"{name} is not installed (on Debian or Ubuntu: apt-get install {package})")
    real = Path(found).resolve()
    return Compiler(path=Path(found), name=real.name, identity=identity_of(real))


def identity_of(program: Path) -> str:
    """Of a compiler's file on this processor."""
    status = program.stat()
    words = (str(program), str(status.st_size), str(status.st_mtime_ns), _processor())
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def _processor() -> str:
    """What `-march=native` depends on."""
    wanted = ("model name", "flags", "Features", "CPU part")
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    seen = dict.fromkeys(line for line in lines if line.startswith(wanted))
    return "\n".join(seen)


def compile_boxed(
    nursery: Nursery,
    compiler: Compiler,
    arguments: Sequence[str],
    *,
    files: dict[str, bytes],
    reads: Sequence[Path] = (),
    result: str,
    limits: Limits,
) -> tuple[Compiled, bytes | None]:
    """Run one compiler over the given files in a box; its result as bytes, if it made one."""
    began = time.monotonic()
    argv = (str(compiler.path), *arguments)
    with nursery.bear_program(argv, files=files, reads=reads, env=TIMELESS, limits=limits) as box:
        ended = box.wait(limits.build_s)
        if ended is None:
            box.kill()
        log = box.log.text()
        data = None
        if ended is not None and ended.code == 0:
            with contextlib.suppress(ToolError):  # no usable file: the caller says whose fault
                data = read_artefact(box.scratch / result, limits.artefact_bytes)
        compiled = Compiled(ended=ended, log=_shortened(log), seconds=time.monotonic() - began)
        return compiled, data


def _shortened(log: str) -> str:
    if len(log) <= LOG_SHOWN:
        return log
    return log[:LOG_SHOWN] + f"\n… {len(log) - LOG_SHOWN} more characters"


def read_artefact(path: Path, cap_bytes: int) -> bytes:
    """A regular file within the cap; no link is followed, for the folder was a stranger's."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ToolError(f"the compiler left no usable file ({error.strerror})") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > cap_bytes:
            raise ToolError(f"the compiler left no usable file ({status.st_size} bytes)")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(cap_bytes)
    finally:
        os.close(descriptor)


def locate(nursery: Nursery, artefact: Path, offset: int, *, limits: Limits) -> str:
    """The source line of an address, as `naive.cpp:12 in solution`; empty if it cannot be told."""
    tool = shutil.which("addr2line")
    if tool is None or offset == 0:
        return ""
    argv = (tool, "-e", str(artefact), "-f", "-C", "-s", hex(offset))
    try:
        with nursery.bear_program(argv, reads=[artefact], limits=limits) as box:
            ended = box.wait(limits.build_s)
            lines = box.log.text().splitlines()
    except SandboxError:  # a help, on which no verdict hangs; perhaps boxes do not see the tool
        return ""
    if ended is None or ended.code != 0 or len(lines) != 2 or "?" in lines[1]:
        return ""
    function, place = (line.strip()[:200] for line in lines)
    return f"{place.partition(' (')[0]} in {function.partition('(')[0]}"
