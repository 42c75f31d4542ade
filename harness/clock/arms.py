"""The arms of a launch: each a process of its own, treated alike, timed from outside."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from harness.arena.host import random_address
from harness.arena.memory import Memory, lay_out
from harness.arena.session import Session
from harness.candidate import Open
from harness.errors import HarnessError
from harness.oracle.module import failed
from harness.records import Argument, Clock, Fell, Ran, Role
from harness.sandbox import processes
from harness.sandbox.box import Box

NULL_CALLS = 30
UNDISTURBED = 0.25  # of them at least: beside another program the median is that program's doing
WARM_CALLS = 3  # usually enough
MAX_WARM_CALLS = 15
MAX_WARM_S = 3.0
QUIET_CALLS = 2  # in a row; of long ones, one
LONG_NS = 25e6
FAULT_NS = 2500.0  # what a page that comes into being takes, or somewhat less,
NEGLIGIBLE = 0.001  # and which share of a call's time may go there


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn took, by both clocks, and how often the arm went to sleep in it."""

    wall_ns: float
    processor_ns: float | None  # None: nobody adds it up for the whole box
    waits: int
    preempted: int = 0  # how often another program took its core

    def by(self, clock: Clock) -> float:
        known = None if clock is Clock.WALL else self.processor_ns
        return self.wall_ns if known is None else known

    def per_call(self, count: int, null: "Turn") -> "Turn":
        """Less what a turn takes in which nothing is done."""
        own = self.processor_ns
        if own is not None and null.processor_ns is not None:
            own = max(1.0, own - null.processor_ns) / count
        wall = max(1.0, self.wall_ns - null.wall_ns) / count
        waits = max(0, self.waits - null.waits)
        return Turn(wall_ns=wall, processor_ns=own, waits=waits, preempted=self.preempted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How an arm is made."""

    name: str
    open: Open
    null: Turn
    is_baseline: bool
    returns: bool  # its result is held back, and copied out after its clock
    failed: Callable[[Fell], Exception] | None = None  # what its failure is, if nothing usual


class Lost(Exception):  # noqa: N818 — carries a verdict out of the rounds
    """The candidate did something else than compute."""

    def __init__(self, fell: Fell) -> None:
        super().__init__(fell.message)
        self.fell = fell


class Arm:
    def __init__(
        self,
        kind: Kind,
        arguments: tuple[Argument, ...],
        inputs: Memory,
        windows: int,
        *,
        nursery: int,
        heap_bytes: int,
        timeout_s: float,
        own: bool,
        stack: ExitStack,
    ) -> None:
        self.kind = kind
        self._timeout_s = timeout_s
        opened = kind.open(nursery, heap_bytes)
        if isinstance(opened, Fell):
            raise self._failure(opened)
        self._session = stack.enter_context(opened)
        self.is_raised = opened.box.hurry()
        places, size = lay_out(arguments, Role.OUTPUT, windows=windows)
        self.outputs = stack.enter_context(Memory(places, size, sealed=False))
        self.outputs.poison()
        self._inputs = inputs
        self._must(
            opened.lend(
                arguments, inputs, self.outputs, address=random_address(), timeout_s=timeout_s
            )
        )
        if own:
            opened.stay_awake()

    def timed(self, count: int) -> Turn:
        """A call of each of the windows 0 … count - 1; what one of them took."""
        self.outputs.restore(self._inputs, 0, count)

        def call() -> Ran:
            return self._must(
                self._session.call(
                    first=0, count=count, hold=self.kind.returns, timeout_s=self._timeout_s
                )
            )

        return _turn(self._session, call).per_call(count, self.kind.null)

    def copy_out(self, count: int) -> Turn | None:
        """Have what was held back of so many calls written; what that took of one of them."""
        if not self.kind.returns:
            return None

        def call() -> Ran:
            return self._must(self._session.copy_out(self._timeout_s))

        return _turn(self._session, call).per_call(count, self.kind.null)

    def trim(self) -> None:
        self._must(self._session.trim(self._timeout_s))

    @property
    def box(self) -> Box:
        return self._session.box

    def warm(self, count: int) -> bool:
        """Call until no call faults pages that count; whether that was reached."""
        quiet = 0
        began = time.monotonic()
        for calls in range(1, MAX_WARM_CALLS + 1):
            before = processes.minor_faults(self._session.box.pid)
            took_ns = self.timed(count).wall_ns * count
            faults = processes.minor_faults(self._session.box.pid) - before
            self.copy_out(count)
            quiet = quiet + 1 if faults * FAULT_NS <= NEGLIGIBLE * took_ns else 0
            if quiet == QUIET_CALLS or (quiet and took_ns > LONG_NS):
                return True
            if calls >= WARM_CALLS and time.monotonic() - began > MAX_WARM_S:
                break
        return False

    def _must(self, done: Ran | Fell) -> Ran:
        if isinstance(done, Fell):
            raise self._failure(done)
        return done

    def _failure(self, fell: Fell) -> Exception:
        if self.kind.failed is not None:
            return self.kind.failed(fell)
        if self.kind.is_baseline:
            return failed(fell, "the baseline")
        return Lost(fell)


def _turn(session: Session, call: Callable[[], Ran]) -> Turn:
    """The processor's clock is read while the box is frozen: before the thaw, and after it."""
    box = session.box
    (slept, pushed), before = box.switches(), box.processor_ns()
    ran = call()
    after = box.processor_ns()
    used = None if before is None or after is None else float(after - before)
    waits, preempted = box.switches()
    return Turn(
        wall_ns=ran.window_ns,
        processor_ns=used,
        waits=waits - slept,
        preempted=preempted - pushed,
    )


def null_turn(open_null: Open, timeout_s: float, *, own: bool) -> Turn:
    """What thawing, saying and freezing take by themselves, in a runner with nothing to do."""
    opened = open_null(0, 0)
    if isinstance(opened, Fell):
        raise HarnessError(f"the null kernel failed: {opened.message}")
    with opened as session:
        session.box.hurry()

        def call() -> Ran:
            ran = session.call(first=0, count=0, timeout_s=timeout_s)
            if isinstance(ran, Fell):
                raise HarnessError(f"the null kernel failed: {ran.message}")
            return ran

        call()  # the first comes before it was ever frozen
        if own:
            opened.stay_awake()
        turns = [_turn(session, call) for _ in range(NULL_CALLS)]
    used = [turn.processor_ns for turn in turns if turn.processor_ns is not None]
    return Turn(
        wall_ns=float(np.quantile([turn.wall_ns for turn in turns], UNDISTURBED)),
        processor_ns=float(np.quantile(used, UNDISTURBED)) if used else None,
        waits=max(turn.waits for turn in turns),
    )
