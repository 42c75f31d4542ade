"""
One stranger's stay, seen from the judge: loaded, lent memory, called, frozen whenever it is not
its turn (unless it is one's own and stays awake). Every answer is a frame in its turn or a failure
with a verdict; nothing else is believed.
"""

import fcntl
import os
import select
import socket
import time
from collections.abc import Sequence

from harness.arena import wire
from harness.arena.memory import Memory
from harness.arena.wire import FRAME, Found, Op, Place, Style, Why
from harness.closing import Closing
from harness.errors import SandboxError
from harness.records import Argument, Fell, Ran, Role, Verdict
from harness.sandbox.box import Box, signal_name

_FAILURES = {
    Why.SYNTAX: (Verdict.COMPILE_ERROR, "syntax", "it is not valid Python"),
    Why.EXCEPTION: (Verdict.RUNTIME_ERROR, "exception", "an exception was raised"),
    Why.NO_ENTRY: (Verdict.INVALID_SUBMISSION, "entry", "it defines no function `solution`"),
    Why.SIGNATURE: (Verdict.INVALID_SUBMISSION, "signature", "`solution` takes other parameters"),
    Why.MEMORY: (Verdict.MEMORY_LIMIT, "memory", "it ran out of the memory it may use"),
    Why.SHAPE: (Verdict.WRONG_ANSWER, "shape", "it returned another shape"),
    Why.DTYPE: (Verdict.WRONG_ANSWER, "dtype", "it returned another dtype"),
    Why.DEVICE: (Verdict.WRONG_ANSWER, "device", "it returned a tensor on another device"),
    Why.ALIAS: (Verdict.WRONG_ANSWER, "alias", "it returned a view of its input"),
    Why.COUNT: (Verdict.WRONG_ANSWER, "outputs", "it returned other things than its outputs"),
    Why.NOT_LOADABLE: (Verdict.INVALID_SUBMISSION, "load", "it cannot be loaded"),
}
_FOUND = {
    Found.RACE: (Verdict.WRONG_ANSWER, "race"),
    Found.DIVERGENCE: (Verdict.WRONG_ANSWER, "divergence"),
    Found.UNINITIALISED: (Verdict.WRONG_ANSWER, "uninitialised"),
    Found.BOUNDS: (Verdict.RUNTIME_ERROR, "out_of_bounds"),
    Found.LAUNCH: (Verdict.RUNTIME_ERROR, "launch"),
    Found.TRAP: (Verdict.RUNTIME_ERROR, "trap"),
    Found.UNSUPPORTED: (Verdict.NOT_GRADABLE, "feature"),
}
# failures that the runner itself finds, and tells in its last line of the log
MAX_WORDS = 1000  # of a message; the rest stands in the log
_OWN_WORDS = frozenset(
    {Why.NO_ENTRY, Why.SIGNATURE, Why.SHAPE, Why.DTYPE, Why.DEVICE, Why.ALIAS, Why.COUNT}
)
_SIDES = {
    1: ("out_of_bounds", "touched memory before the start of `{}`"),
    2: ("out_of_bounds", "touched memory past the end of `{}`"),
    3: ("input_write", "wrote to `{}`, which is an input"),
}
_FOR_GOOD = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


class Session(Closing):
    """A box with a runner in it. Strangers are frozen between turns; our own need not be."""

    def __init__(self, box: Box, door: socket.socket, *, freezes: bool = True) -> None:
        self.box = box
        self._freezes = freezes
        self._door = door
        door.setblocking(False)  # whoever does not read must not hold up the judge
        self._poll = select.poll()
        self._poll.register(door, select.POLLIN)
        self._poll.register(box, select.POLLIN)
        self._frozen = False
        self.is_over = False  # nothing more can be asked of it
        self._places: tuple[Place, ...] = ()

    # ---- the turns ------------------------------------------------------------------------------

    def load(
        self, descriptors: Sequence[int], *, name: str, style: Style, threads: int, timeout_s: float
    ) -> Ran | Fell:
        message = wire.frame(Op.LOAD, threads, style) + name.encode()
        return self._turn(message, timeout_s, descriptors)

    def warm(self, heap_bytes: int, timeout_s: float) -> Ran | Fell:
        return self._turn(wire.frame(Op.WARM, 0, heap_bytes), timeout_s)

    def lend(
        self,
        arguments: Sequence[Argument],
        inputs: Memory,
        outputs: Memory,
        *,
        address: int,
        timeout_s: float,
    ) -> Ran | Fell:
        """Map buffers into the runner, at an address of our choice; nothing is in them yet."""
        self._places = tuple(
            Place(argument=argument)
            if argument.role is Role.SCALAR
            else (inputs if argument.role is Role.INPUT else outputs).places[argument.name]
            for argument in arguments
        )
        message = wire.pack_map(self._places, address)
        return self._turn(message, timeout_s, (inputs.descriptor, outputs.descriptor))

    def call(
        self, *, first: int = 0, count: int = 1, hold: bool = False, timeout_s: float
    ) -> Ran | Fell:
        return self._turn(wire.frame(Op.CALL, int(hold), first, count), timeout_s)

    def copy_out(self, timeout_s: float) -> Ran | Fell:
        """Have results that were held back written to the outputs."""
        return self._turn(wire.frame(Op.COPY), timeout_s)

    def trim(self, timeout_s: float) -> Ran | Fell:
        """Have what is free of the heap given back, so that what is kept can be told."""
        return self._turn(wire.frame(Op.TRIM), timeout_s)

    def ask(
        self,
        op: Op,
        *,
        windows: int = 1,
        seed: int = 0,
        descriptors: Sequence[int] = (),
        timeout_s: float,
    ) -> Ran | Fell:
        """Have it do something else than compute with the first windows of what is lent."""
        return self._turn(wire.frame(op, 0, windows, seed), timeout_s, descriptors)

    def _turn(
        self, message: bytes, timeout_s: float, descriptors: Sequence[int] = ()
    ) -> Ran | Fell:
        """Queue the frame while frozen, thaw, wait for the answer, freeze, verify, look again."""
        try:
            if descriptors:
                socket.send_fds(self._door, [message], descriptors)
            else:
                self._door.send(message)
        except BlockingIOError:
            return self._violation("earlier frames were never read")
        except OSError:
            return self._gone()
        deadline = time.monotonic() + timeout_s
        began = time.monotonic_ns()
        if self._frozen:
            self.box.thaw()
        answer = self._answer(deadline, timeout_s)
        if not isinstance(answer, bytes):
            return answer
        ended = time.monotonic_ns()
        if self._freezes:
            try:
                ended = self.box.freeze()
            except SandboxError as error:  # processes that come faster than they can be stopped
                return self._violation(f"it would not stand still ({error})", reason="freeze")
            self._frozen = True
        return self._read(answer, Op(FRAME.unpack_from(message)[0]), ended - began)

    def _answer(self, deadline: float, timeout_s: float) -> bytes | Fell:
        left_ms = max(0.0, (deadline - time.monotonic()) * 1e3)
        ready = [descriptor for descriptor, _ in self._poll.poll(left_ms)]
        if self._door.fileno() in ready:
            answer = self._received()
            return answer or self._gone()
        if ready:
            return self._gone()
        self.is_over = True
        return Fell(
            verdict=Verdict.TIME_LIMIT,
            reason="time",
            message=f"no answer within {timeout_s:g} s",
            log=self.box.log.text(),
        )

    def _received(self) -> bytes | None:
        """What is there now: a frame, nothing (None), or the end (empty)."""
        try:
            return self._door.recv(wire.MAX_MESSAGE)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _read(self, answer: bytes, asked: Op, window_ns: int) -> Ran | Fell:
        if len(answer) != FRAME.size:
            return self._violation(f"{len(answer)} bytes that are no frame")
        op, why, b, c = FRAME.unpack(answer)
        if op == Op.FAILED:
            return self._failed(why, b, c)
        if op != wire.ANSWER[asked]:
            return self._violation(f"frame {op} in answer to {asked.name}")
        more = self._received()
        if more is not None:
            return self._violation("a second frame after the answer") if more else self._gone()
        if self.box.log.is_full:
            return self._flooded()
        return Ran(window_ns=window_ns)

    def stay_awake(self) -> None:
        """From here on it is not frozen between its turns: its owner trusts it."""
        self._freezes = False
        if self._frozen:
            self.box.thaw()
            self._frozen = False

    # ---- what went wrong ------------------------------------------------------------------------

    def _violation(self, what: str, *, reason: str = "wire") -> Fell:
        self.is_over = True
        if reason == "wire":
            what = f"something else than the answer came over the judge's wire: {what}"
        return Fell(
            verdict=Verdict.RULES_VIOLATION,
            reason=reason,
            message=what,
            log=self.box.log.text(),
        )

    def _flooded(self) -> Fell:
        return Fell(
            verdict=Verdict.OUTPUT_LIMIT,
            reason="log",
            message=f"it printed more than {self.box.log.cap_bytes} bytes",
            log=self.box.log.text()[:4000],
        )

    def _failed(self, why: int, b: int, c: int) -> Fell:
        if self.box.log.is_full:  # the failure may come from that alone
            return self._flooded()
        log = self.box.log.text()
        if why == Why.CRASH:
            return self._crashed(b, c, log)
        last = log.rstrip().rpartition("\n")[2].strip()
        if why == Why.FOUND and b in _FOUND:
            verdict, reason = _FOUND[Found(b)]
            return Fell(verdict=verdict, reason=reason, message=last[:MAX_WORDS], log=log, at=c)
        try:
            verdict, reason, message = _FAILURES[Why(why)]
        except (ValueError, KeyError):
            return self._violation(f"failure {why}")
        if why not in _OWN_WORDS:
            last = f"{message}: {last}" if last else ""
        return Fell(verdict=verdict, reason=reason, message=(last or message)[:MAX_WORDS], log=log)

    def _crashed(self, b: int, offset: int, log: str) -> Fell:
        self.is_over = True
        number, index, side = b & 0xFF, (b >> 8) & 0xFF, (b >> 16) & 0xFF
        message = f"it crashed with {signal_name(number)}"
        reason = "signal"
        if 1 <= index <= len(self._places) and side in _SIDES:
            reason, words = _SIDES[side]
            message += f": it {words.format(self._places[index - 1].argument.name)}"
        return Fell(
            verdict=Verdict.RUNTIME_ERROR, reason=reason, message=message, log=log, at=offset
        )

    def _gone(self) -> Fell:
        self.is_over = True
        ended = self.box.wait(2.0)
        log = self.box.log.text()
        if ended is None:
            return self._violation("the wire was closed")
        if self.box.log.is_full:
            return self._flooded()
        if self.box.has_run_out_of_memory:
            return Fell(
                verdict=Verdict.MEMORY_LIMIT,
                reason="memory",
                message="its processes together took more memory than they may",
                log=log,
            )
        if ended.signal is not None:
            name = signal_name(ended.signal)
            verdict, reason = Verdict.RUNTIME_ERROR, "signal"
            message = f"it crashed with {name}"
            if name == "SIGKILL":
                verdict, reason = Verdict.MEMORY_LIMIT, "killed"
                message = "it was killed, most likely because memory ran out"
            elif name == "SIGXFSZ":
                verdict, reason = Verdict.OUTPUT_LIMIT, "file"
                message = "it wrote a file beyond the size limit"
            return Fell(verdict=verdict, reason=reason, message=message, log=log)
        return Fell(
            verdict=Verdict.RUNTIME_ERROR,
            reason="exit",
            message=f"it left with {ended} in the middle of its turn",
            log=log,
        )

    # ---- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        self._door.close()
        self.box.close()


def memfd_of(data: bytes, name: str = "source") -> int:
    """Bytes as a descriptor to lend: whoever has it can read them, and nobody can change them."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(descriptor, data)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _FOR_GOOD)
    return descriptor
