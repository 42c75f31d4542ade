"""
A problem's own Python, kept running in a runner of its own, boxed like everybody: its reference,
and where it has them its `inputs` and its `check`. No stranger's code is ever in its process, and
the judge only reads numbers from memory that it lent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.arena.host import Arena, random_address
from harness.arena.memory import Memory, lay_out
from harness.arena.session import Session
from harness.arena.wire import GOT, NOTE, NOTE_BYTES, RIGHT, Op, Style
from harness.dtypes import DTYPES
from harness.errors import ReferenceFailed, SandboxError
from harness.problem.shapes import scope_of
from harness.records import Argument, Case, Fell, Limits, Problem, Ran, Role

MAX_LOG = 4000  # characters of it that an author is shown: the last
Array = NDArray[Any]
Arrays = Mapping[str, Array]
Answer = tuple[Arrays, Arrays, Arrays]  # inputs, outputs, expected


def failed(fell: Fell, who: str) -> ReferenceFailed | SandboxError:
    """The problem's own fault; but what was killed was so by the machine, or by somebody on it."""
    if fell.reason == "killed":
        return SandboxError(f"{who}: {fell.message}")
    log = fell.log if len(fell.log) <= MAX_LOG else f"… {fell.log[-MAX_LOG:]}"
    return ReferenceFailed(f"{who} failed: {fell.message}\n{log}".rstrip())


class Module:
    def __init__(self, arena: Arena, problem: Problem, *, limits: Limits) -> None:
        assert problem.reference is not None
        self._reference = problem.reference
        self._let = problem.let
        self._limits = limits
        self._limit_s = limits.call_s * 6  # trusted to be right; still not for ever
        self._arena = arena
        self._session = self._opened()

    def _opened(self) -> Session:
        opened = self._arena.open_python(
            self._reference.module,
            name=self._reference.path.name,
            style=Style.REFERENCE,
            threads=1,  # small cases: a second thread costs more than it brings
            limits=self._limits,
            freezes=False,
        )
        if isinstance(opened, Fell):
            raise self._failed(opened, "the reference")
        return opened

    def reopen(self) -> None:
        """Begin again, after it hung or crashed over something that is not its fault."""
        self._session.close()
        self._session = self._opened()

    @property
    def pid(self) -> int:
        return self._session.box.pid

    @property
    def draws(self) -> bool:
        return self._reference.draws

    @property
    def checks(self) -> bool:
        return self._reference.checks

    def run(self, arguments: Sequence[Argument], inputs: Memory, outputs: Memory) -> None:
        """The reference, from the inputs to the outputs."""
        outputs.restore(inputs)
        self._lend(arguments, inputs, outputs)
        self._must(self._session.call(timeout_s=self._limit_s), "the reference")

    def draw(
        self,
        case: Case,
        arguments: Sequence[Argument],
        inputs: Memory,
        seed: int,
        *,
        first: int = 0,
        count: int = 1,
    ) -> None:
        """Have the problem's `inputs` replace what it wants to in some windows, if it has one."""
        if not self.draws:
            return
        scope = scope_of(self._let, case)
        given = {argument.name for argument in arguments}
        derived = [
            Argument(name=name, role=Role.SCALAR, dtype=DTYPES["int64"], value=value)
            for name, value in scope.items()
            if name not in given
        ]
        asked = [*_copies(arguments), *derived]
        with _shown(asked, count) as shown:
            for window in range(count):
                _copy(shown.places, inputs, first + window, shown, window)
            done = self._ask(Op.DRAW, asked, shown, windows=count, seed=seed % 2**63)
            self._must(done, "inputs()")
            for window in range(count):
                _copy(shown.places, shown, window, inputs, first + window)

    def check(
        self, arguments: Sequence[Argument], answers: Sequence[Answer]
    ) -> tuple[str | None, ...]:
        """What the problem's `check` says of each answer: None where it is right, else why not."""
        asked = _seen_by_check(arguments)
        with _shown(asked, len(answers)) as shown:
            for window, answer in enumerate(answers):
                for mark, arrays in zip(("", GOT, RIGHT), answer, strict=True):
                    for name, array in arrays.items():
                        shown.window(mark + name, window)[...] = array
            done = self._ask(Op.CHECK, asked, shown, windows=len(answers))
            if isinstance(done, Fell):
                self.reopen()
                said = self._nonsense(done.message, arguments, answers[0], done)
                return (said,) * len(answers)
            notes = [shown.window(NOTE, window).tobytes() for window in range(len(answers))]
        return tuple(
            _no_booleans(answer[1]) or self._said(note, arguments, answer)
            for note, answer in zip(notes, answers, strict=True)
        )

    def _said(self, note: bytes, arguments: Sequence[Argument], answer: Answer) -> str | None:
        kind, words = note[:1], note[1:].rstrip(b"\0").decode("utf-8", "replace")
        if kind == b"\0":
            return None
        return self._nonsense(words, arguments, answer) if kind == b"!" else words

    def _nonsense(
        self, words: str, arguments: Sequence[Argument], answer: Answer, fell: Fell | None = None
    ) -> str:
        """It raised something, hung or crashed: over nonsense, or because it is wrong itself?"""
        inputs, outputs, expected = answer
        if outputs is expected:
            if fell is not None:
                raise self._failed(fell, "check()")
            raise ReferenceFailed(f"check() in {self._reference.path} raised {words}")
        self.check(arguments, [(inputs, expected, expected)])
        return f"check() can make nothing of it: {words}"

    def count(self, arguments: Sequence[Argument], inputs: Memory) -> tuple[int, int]:
        """Operations that torch's counter knows, and one an element of all that it does not."""
        note = Argument(name=NOTE, role=Role.OUTPUT, dtype=DTYPES["int64"], shape=(2,))
        asked = [*_copies(arguments), note]
        with _shown(asked, 1) as shown:
            _copy(inputs.places, inputs, 0, shown, 0)
            self._must(self._ask(Op.COUNT, asked, shown), "the reference, while it was counted,")
            known, others = (int(number) for number in shown.window(NOTE))
        return known, others

    # ---- the session ----------------------------------------------------------------------------

    def _ask(
        self,
        op: Op,
        arguments: Sequence[Argument],
        shown: Memory,
        *,
        windows: int = 1,
        seed: int = 0,
    ) -> Ran | Fell:
        with Memory((), 0, sealed=True) as nothing:
            self._lend(arguments, nothing, shown)
        limit = self._limit_s * windows
        return self._session.ask(op, windows=windows, seed=seed, timeout_s=limit)

    def _lend(self, arguments: Sequence[Argument], inputs: Memory, outputs: Memory) -> None:
        done = self._session.lend(
            arguments, inputs, outputs, address=random_address(), timeout_s=self._limit_s
        )
        self._must(done, "the reference")

    def _must(self, done: Ran | Fell, who: str) -> None:
        if isinstance(done, Fell):
            raise self._failed(done, who)

    def _failed(self, fell: Fell, who: str) -> ReferenceFailed | SandboxError:
        return failed(fell, f"{who} in {self._reference.path}")

    def close(self) -> None:
        self._session.close()


def _shown(arguments: Sequence[Argument], windows: int) -> Memory:
    """Memory for copies: whatever the module does with them reaches nobody else."""
    places, size = lay_out(arguments, Role.OUTPUT, windows=windows)
    return Memory(places, size, sealed=False)


def _copies(arguments: Sequence[Argument]) -> list[Argument]:
    """Scalars, and whatever is read, as it is lent in one writable piece."""
    return [
        argument if argument.role is Role.SCALAR else replace(argument, role=Role.INOUT)
        for argument in arguments
        if argument.role is not Role.OUTPUT
    ]


def _copy(
    names: Mapping[str, object], source: Memory, source_window: int, to: Memory, to_window: int
) -> None:
    for name in names:
        to.window(name, to_window)[...] = source.window(name, source_window)


def _seen_by_check(arguments: Sequence[Argument]) -> list[Argument]:
    """Inputs under their names; outputs twice, as they came and as the reference has them."""
    seen = _copies(arguments)
    for argument in arguments:
        if argument.role.is_written:
            seen += [
                replace(argument, name=mark + argument.name, role=Role.OUTPUT)
                for mark in (GOT, RIGHT)
            ]
    note = Argument(name=NOTE, role=Role.OUTPUT, dtype=DTYPES["uint8"], shape=(NOTE_BYTES,))
    return [*seen, note]


def _no_booleans(outputs: Arrays) -> str | None:
    """A byte that is neither 0 nor 1 is no boolean, and torch is not asked about it."""
    for name, array in outputs.items():
        if array.dtype == np.bool_ and (array.view(np.uint8) > 1).any():
            return f"`{name}` holds bytes that are neither false nor true"
    return None
