"""Stays in the arena: a source loaded, lent memory with known inputs, and called."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from harness.arena.host import Arena, random_address
from harness.arena.memory import Array, Memory, lay_out
from harness.arena.session import Session
from harness.candidate import Candidate, prepare
from harness.problem.shapes import arguments_of
from harness.records import Fell, Limits, Problem, Ran, Role
from harness.submission import read_submission

CALL_S = 10.0


class Stay:
    """A candidate in the arena that has been lent its buffers."""

    def __init__(self, session: Session, lent: Ran | Fell, inputs: Memory, outputs: Memory) -> None:
        self.session = session
        self.lent = lent
        self.inputs = inputs
        self.outputs = outputs

    def call(self, *, first: int = 0, count: int = 1) -> Ran | Fell:
        self.outputs.poison()
        return self.session.call(first=first, count=count, timeout_s=CALL_S)

    def ran(self, *, first: int = 0, count: int = 1) -> dict[str, Array]:
        """What a call that must work left in the outputs' first window."""
        done = self.call(first=first, count=count)
        assert isinstance(done, Ran), done
        return {name: self.outputs.window(name).copy() for name in self.outputs.places}


Visit = Callable[..., Stay]


@pytest.fixture
def visit(arena: Arena, doubling: Problem, tmp_path: Path) -> Iterator[Visit]:
    """Load a source, lend it buffers for a problem's first case, and fill in some inputs."""
    with contextlib.ExitStack() as stack:

        def enter(
            source: str,
            name: str = "attempt.cpp",
            *,
            problem: Problem = doubling,
            dtype: str | None = None,
            values: Mapping[str, object] | None = None,
            windows: int = 1,
            right: bool = False,
        ) -> Stay:
            (tmp_path / name).write_text(source)
            dtype = dtype or problem.dtypes[0]
            candidate = prepare(
                read_submission(tmp_path / name), problem, dtype,
                arena=arena, threads=1, compiler="g++", limits=Limits(),
            )  # fmt: skip
            assert isinstance(candidate, Candidate), candidate
            session = candidate.open(0, 0)
            assert isinstance(session, Session), session
            stack.enter_context(session)
            arguments = arguments_of(problem, problem.cases[0], dtype)
            ins, in_bytes = lay_out(arguments, Role.INPUT, windows=windows, right=right)
            outs, out_bytes = lay_out(arguments, Role.OUTPUT, windows=windows, right=right)
            inputs = stack.enter_context(Memory(ins, in_bytes, sealed=True))
            outputs = stack.enter_context(Memory(outs, out_bytes, sealed=False))
            for tensor, value in (values or {}).items():
                for window in range(windows):
                    inputs.window(tensor, window)[...] = value
            lent = session.lend(
                arguments, inputs, outputs, address=random_address(), timeout_s=CALL_S
            )
            return Stay(session, lent, inputs, outputs)

        yield enter
