"""
The arena as a place: its nurseries, the sessions opened in it, and what its walls hold.

One light nursery bears compilers and native runners; warm ones, which have imported torch and done
nothing else, bear Python runners. Each is started when first needed and serves many grades.
"""

import functools
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Protocol, TypeVar, cast

from harness.arena import wire
from harness.arena.session import Session, memfd_of
from harness.arena.wire import Op, Style, Why
from harness.closing import Closing
from harness.dtypes import DTYPES
from harness.errors import SandboxError
from harness.records import Fell, Isolation, Limits, Property, Ran
from harness.sandbox import cgroups
from harness.sandbox.box import Box
from harness.sandbox.door import Nursery
from harness.sandbox.held import STRONGEST, isolation_of, level_of, missing_in

RUNNER_MODULE = "harness.arena.runner"
INTERPRETER_MODULES = ("harness.emulation.triton.interpreted", "harness.emulation.triton.trial")
# results larger than glibc's mmap threshold would fault fresh pages in every call: keep the heap
# grown, for every arm alike (measured: 3-7 times slower baselines otherwise)
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 30),
}


NOTHING_RAN = Isolation(level=0, freeze="none", properties=())


class Closable(Protocol):
    def close(self) -> None: ...


Kept = TypeVar("Kept", bound=Closable)

_INTERPRETING = {"TRITON_INTERPRET": "1"}  # Triton wants to know when it is imported
_FORKING = (
    Style.SUBMISSION,
    Style.TRITON,
    Style.COMPILER,
)  # of Python: they may have compilers to start


class Arena(Closing):
    def __init__(self, *, has_walls: bool = True) -> None:
        self._has_walls = has_walls
        self._is_strict = False
        self._warm: dict[int, Nursery] = {}
        self._kept: dict[object, Closable] = {}

    @functools.cached_property
    def tools(self) -> Nursery:
        """The light nursery: programs only."""
        return Nursery(walls=self._has_walls)

    def demand(self, isolation: str) -> None:
        """From now on nobody is let in behind weaker walls than those asked for."""
        self._is_strict = isolation == "strict"
        self._check(self.tools)

    def _check(self, nursery: Nursery) -> None:
        if self._is_strict and level_of(nursery) < STRONGEST:
            raise SandboxError(f"--isolation strict: {missing_in(nursery)}")

    def warm(self, number: int = 0) -> Nursery:
        """A nursery that has imported torch; the arms of one launch come from one number."""
        if number not in self._warm:
            self._warm[number] = Nursery(
                preload=["torch", RUNNER_MODULE],
                env={**ALLOCATOR, **_waiting()},
                walls=self._has_walls,
            )
        return self._warm[number]

    def importing(self, *modules: str, interprets: bool = False) -> Nursery:
        """One that has imported other modules of ours, and lets them in behind the same walls."""

        def make() -> Nursery:
            env = _INTERPRETING if interprets else {}
            return Nursery(preload=modules, env=env, walls=self._has_walls)

        nursery = self.keep((modules, interprets), make)
        self._check(nursery)
        return nursery

    def interpreter(self) -> Nursery:
        """Where Triton is imported as an interpreter, for submissions and for its own trial."""
        return self.importing("torch", RUNNER_MODULE, *INTERPRETER_MODULES, interprets=True)

    def bear_interpreted(self, module: str, descriptor: int, limits: Limits) -> Box:
        return self.interpreter().bear_module(
            module, descriptors=[descriptor], env=_INTERPRETING, limits=limits
        )

    def open_python(
        self,
        source: bytes,
        *,
        name: str,
        style: Style = Style.SUBMISSION,
        threads: int,
        limits: Limits,
        nursery: int = 0,
        heap_bytes: int = 0,
        freezes: bool = True,
    ) -> Session | Fell:
        def bear(theirs: int) -> Box:
            if style is Style.TRITON:
                return self.bear_interpreted(RUNNER_MODULE, theirs, limits)
            self._check(self.warm(nursery))
            return self.warm(nursery).bear_module(
                RUNNER_MODULE,
                descriptors=[theirs],
                env={**ALLOCATOR, **_waiting()},
                # ours runs beside a stranger, never instead of it: it may use any core
                cpus=_cores(threads, nursery) if freezes else (),
                is_single=style not in _FORKING,
                limits=limits,
            )

        load = _Load(name=name, style=style, threads=threads, heap_bytes=heap_bytes)
        return _opened(bear, [source], load, limits, freezes=freezes)

    def open_native(
        self,
        artefact: Path,
        entry: Path,
        *,
        runner: Path,
        name: str,
        threads: int,
        limits: Limits,
        nursery: int = 0,
        heap_bytes: int = 0,
    ) -> Session | Fell:
        def bear(theirs: int) -> Box:
            return self.tools.bear_program(
                [str(runner)],
                # the last two are handed over open, but a loader opens them once more
                reads=[runner, artefact, entry],
                descriptors=[theirs],
                env={**ALLOCATOR, **_waiting(), "OMP_NUM_THREADS": str(threads)},
                cpus=_cores(threads, nursery),
                is_single=True,
                limits=limits,
            )

        # copies: through a descriptor of the file itself a stranger of our user could rewrite it
        copies = [path.read_bytes() for path in (artefact, entry)]
        load = _Load(name=name, style=Style.SUBMISSION, threads=threads, heap_bytes=heap_bytes)
        return _opened(bear, copies, load, limits, freezes=True)

    def warm_up(self, count: int) -> None:
        """Start so many warm nurseries; they import torch while other things are done."""
        for number in range(count):
            self.warm(number)

    def wait_until_warm(self) -> None:
        for nursery in self._warm.values():
            nursery.wait_until_ready()

    def keep(self, key: object, make: Callable[[], Kept]) -> Kept:
        """A long-lived guest of ours, made once and closed with the arena."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast("Kept", self._kept[key])

    def forget(self, key: object) -> None:
        if key in self._kept:
            self._kept.pop(key).close()

    def isolation(self) -> Isolation:
        """What the walls hold here: those of the weakest nursery that has borne anybody."""
        others = [*self._warm.values(), *self._kept.values()]
        ready = [each for each in others if isinstance(each, Nursery) and each.is_ready]
        born = [self.tools, *ready]
        held = isolation_of(min(born, key=level_of))
        own = tuple(
            Property(name=name, holds=True)
            for name in ("own_process", "sealed_inputs", "guard_pages")
        )
        return replace(held, properties=(*own, *held.properties))

    def close(self) -> None:
        tools = [self.__dict__.pop("tools")] if "tools" in self.__dict__ else []
        with ExitStack() as stack:  # the guests first; one that cannot be closed keeps no other
            for each in (*tools, *self._warm.values(), *self._kept.values()):
                stack.callback(each.close)
            self._warm.clear()
            self._kept.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    name: str
    style: Style
    threads: int
    heap_bytes: int


def _opened(
    bear: Callable[[int], Box],
    loaded: Sequence[bytes],
    load: _Load,
    limits: Limits,
    *,
    freezes: bool,
) -> Session | Fell:
    """The session with the source in it; its heap is grown before any stranger's code is there."""
    with ExitStack() as undo, ExitStack() as lent:
        descriptors = []
        for data in loaded:
            descriptors.append(memfd_of(data))
            lent.callback(os.close, descriptors[-1])
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        undo.enter_context(ours)
        with theirs:
            box = bear(theirs.fileno())
        session = undo.enter_context(Session(box, ours, freezes=freezes))
        done: Ran | Fell | None = None
        if load.heap_bytes:
            done = session.warm(load.heap_bytes, limits.load_s)
        if not isinstance(done, Fell):
            done = session.load(
                descriptors,
                name=load.name,
                style=load.style,
                threads=load.threads,
                timeout_s=limits.load_s,
            )
        if isinstance(done, Fell):
            return done
        undo.pop_all()
        return session


def _cores(threads: int, launch: int) -> tuple[int, ...]:
    """So many cores as threads are allowed: the same for all arms of a launch, then others."""
    usable = sorted(os.sched_getaffinity(0))
    return tuple(usable[(launch + i) % len(usable)] for i in range(min(threads, len(usable))))


def _waiting() -> dict[str, str]:
    """Idle OpenMP threads may spin only where a freezer stops them between turns."""
    home, _ = cgroups.find_home()
    return {} if home is not None else {"OMP_WAIT_POLICY": "passive"}


def random_address() -> int:
    """A fresh place in the address space for every mapping: nothing can be keyed on a pointer."""
    return (0x100000 + secrets.randbelow(0x400000)) << 24 | secrets.randbelow(1 << 12) << 12


def native_runner_source() -> str:
    """The native runner with the numbers of the wire written in."""
    source = resources.files("harness.arena").joinpath("native.cpp").read_text()
    numbers = {
        "FRAME_BYTES": wire.FRAME.size,
        "RECORD_BYTES": wire.RECORD.size,
        "GUARD_BYTES": wire.GUARD_BYTES,
        "MAX_MESSAGE": wire.MAX_MESSAGE,
        **{op.name: int(op) for op in Op},
        **{f"WHY_{why.name}": int(why) for why in Why},
        # of each element type, by its code
        "ELEMENT_BYTES": ", ".join(str(dtype.size_bytes) for dtype in DTYPES.values()),
    }
    defines = "".join(f"#define GRADE_{name} {value}\n" for name, value in numbers.items())
    return f'{defines}#line 1 "native.cpp"\n{source}'
