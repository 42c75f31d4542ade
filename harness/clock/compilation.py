"""
What PyTorch's own compiler makes of a reference, for one case: made in a box, kept, run in boxes.

The box sees the reference and memory of the right shapes with nothing in it, and no stranger is
ever in it; what it leaves comes back as bytes of at most a known length, which the judge does not
look into. Every arm is lent a sealed copy.
"""

import fcntl
import os
import time
from collections.abc import Sequence
from importlib import metadata, resources

from harness.arena import wire
from harness.arena.host import Arena, random_address
from harness.arena.memory import Memory, lay_out
from harness.arena.session import Session
from harness.arena.wire import Op, Style
from harness.build import cache
from harness.build.own import DEFAULT
from harness.build.toolchain import find_compiler
from harness.errors import ToolError
from harness.records import Argument, Fell, Limits, Reference, Role, Verdict

PATIENCE = 4  # times what a stranger's build may take: a reference is trusted to come to an end


class Compiler:
    """A box that compiles, opened when something is first asked of it, closed with this."""

    def __init__(self, reference: Reference, arena: Arena, threads: int, limits: Limits) -> None:
        self._reference = reference
        self._arena = arena
        self._threads = threads
        self._limits = limits
        self._session: Session | None = None
        ours = resources.files("harness.arena").joinpath("ways.py").read_bytes()
        self._key = cache.key_of(
            "compiled", reference.module, str(threads), ours, metadata.version("torch")
        )

    def compiled(self, arguments: Sequence[Argument]) -> bytes | Fell:
        """From the cache, if it was compiled before on this machine; failures are not kept."""
        try:
            compiler = find_compiler(DEFAULT)
        except ToolError as error:  # a baseline is missing, and nothing is broken
            return Fell(verdict=Verdict.NOT_GRADABLE, reason="tool", message=str(error))
        key = cache.key_of(self._key, repr(arguments), compiler.identity)
        with cache.locked(key):
            entry = cache.lookup(key)
            if entry is not None and entry.artefact is not None:
                return entry.artefact.read_bytes()
            began = time.monotonic()
            made = self._made(arguments)
            if not isinstance(made, Fell):
                cache.store(key, {"seconds": time.monotonic() - began, "log": ""}, made)
            return made

    def _made(self, arguments: Sequence[Argument]) -> bytes | Fell:
        session = self._opened()
        if isinstance(session, Fell):
            return session
        input_places, input_bytes = lay_out(arguments, Role.INPUT)
        output_places, output_bytes = lay_out(arguments, Role.OUTPUT)
        limits = self._limits
        with (
            Memory(input_places, input_bytes, sealed=True) as inputs,
            Memory(output_places, output_bytes, sealed=False) as outputs,
        ):
            lent = session.lend(
                arguments, inputs, outputs, address=random_address(), timeout_s=limits.call_s
            )
            return lent if isinstance(lent, Fell) else _asked(session, PATIENCE * limits.build_s)

    def _opened(self) -> Session | Fell:
        if self._session is not None and self._session.is_over:
            self.close()
        if self._session is None:
            opened = self._arena.open_python(
                self._reference.module,
                name=self._reference.path.name,
                style=Style.COMPILER,
                threads=self._threads,
                limits=self._limits,
                freezes=False,
            )
            if isinstance(opened, Fell):
                return opened
            self._session = opened
        return self._session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _asked(session: Session, timeout_s: float) -> bytes | Fell:
    answer = os.memfd_create("compiled", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(answer, wire.COMPILED_BYTES)
        fcntl.fcntl(answer, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        done = session.ask(Op.COMPILE, descriptors=[answer], timeout_s=timeout_s)
        if isinstance(done, Fell):
            return done
        front = wire.LENGTH.size
        (length,) = wire.LENGTH.unpack(os.pread(answer, front, 0))
        if length > wire.COMPILED_BYTES - front:
            return Fell(
                verdict=Verdict.OUTPUT_LIMIT,
                reason="artefact",
                message=f"it compiles to {length} bytes, and {wire.COMPILED_BYTES} may be kept",
            )
        return os.pread(answer, length, front)
    finally:
        os.close(answer)
