"""The wire against strangers that say anything: a verdict or a true answer, never anything else."""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.arena.host import random_address
from harness.arena.memory import Memory, lay_out
from harness.arena.session import Session, memfd_of
from harness.arena.wire import FRAME, Op, Style, Why, frame
from harness.dtypes import DTYPES
from harness.records import Argument, Fell, Limits, Ran, Role, Verdict
from harness.sandbox.box import printable
from harness.sandbox.door import Nursery

# obeys a plan instead of the judge: for each frame that it is sent, a list of things to do
STRANGER = """
import array, ctypes, json, os, signal, socket
door = socket.socket(fileno=3)
for deeds in json.loads(os.pread(4, 1 << 24, 0)):
    door.recv(1 << 16)
    for deed, value in deeds:
        if deed == "say":
            door.send(bytes.fromhex(value))
        elif deed == "hand over":
            given = array.array("i", [0] * value)
            door.sendmsg([bytes(24)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, given)])
        elif deed == "shut":
            door.shutdown(value)
        elif deed == "close":
            door.close()
        elif deed == "print":
            os.write(1, value.encode(errors="replace"))
        elif deed == "exit":
            os._exit(value)
        elif deed == "crash":
            ctypes.string_at(value)
signal.pause()
"""
TURNS = (Op.READY, Op.WARMED, Op.MAPPED, Op.DONE, Op.DONE, Op.COPIED, Op.TRIMMED)
Deed = tuple[str, str | int]
Turn = Callable[..., Ran | Fell]
SILENT_S, PATIENT_S = 0.1, 30.0
ARGUMENT = Argument(name="y", role=Role.OUTPUT, dtype=DTYPES["float32"], shape=(16,))


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@contextmanager
def stay(nursery: Nursery, plan: Sequence[Sequence[Deed]]) -> Iterator[Session]:
    """A session with a stranger who follows a plan."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    text = memfd_of(json.dumps(plan).encode())
    argv = [sys.executable, "-I", "-S", "-c", STRANGER]
    with theirs:
        given = [theirs.fileno(), text]
        box = nursery.bear_program(argv, descriptors=given, limits=Limits(log_bytes=1 << 16))
    os.close(text)
    with Session(box, ours) as session:
        yield session


def visited(nursery: Nursery, plan: Sequence[Sequence[Deed]]) -> list[Ran | Fell]:
    """Every turn of the judge's, until one is not answered well."""
    results: list[Ran | Fell] = []
    places, size = lay_out([ARGUMENT], Role.OUTPUT)
    with (
        stay(nursery, plan) as session,
        Memory((), 0, sealed=True) as inputs,
        Memory(places, size, sealed=False) as outputs,
    ):
        turns: tuple[Turn, ...] = (
            partial(session.load, [], name="x", style=Style.SUBMISSION, threads=1),
            partial(session.warm, 1 << 12),
            partial(session.lend, [ARGUMENT], inputs, outputs, address=random_address()),
            session.call,
            session.call,
            session.copy_out,
            session.trim,
        )
        for turn, deeds in zip(turns, plan, strict=True):
            # who does nothing is not waited for long; who does something may be slow to start
            waits = any(deed != "print" for deed, _ in deeds)
            results.append(turn(timeout_s=PATIENT_S if waits else SILENT_S))
            if isinstance(results[-1], Fell):
                break
    return results


def said(plan: Sequence[Sequence[Deed]]) -> list[bytes]:
    """All messages of a plan, in order; a descriptor's frame is twenty-four zeros."""
    return [
        bytes.fromhex(value) if isinstance(value, str) else bytes(24)
        for deeds in plan
        for deed, value in deeds
        if deed in {"say", "hand over"}
    ]


HONEST: tuple[list[Deed], ...] = tuple([("say", frame(op).hex())] for op in TURNS)
word = st.integers(0, 2**32 - 1) | st.sampled_from([*map(int, Op), *map(int, Why)])
long = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 11, 1 << 16, 0x10100, 2**64 - 1])
frames = st.builds(
    lambda op, a, b, c: FRAME.pack(op, a, b, c).hex(), word | st.just(199), word, long, long
)
junk = st.binary(min_size=1, max_size=80).map(bytes.hex) | st.integers(1, 1 << 17).map("00".__mul__)
deeds = st.one_of(
    st.tuples(st.just("say"), frames | junk | st.sampled_from([d[0][1] for d in HONEST])),
    st.tuples(st.just("hand over"), st.integers(1, 200)),
    st.tuples(st.just("print"), st.text(max_size=40)),
    st.tuples(st.just("exit"), st.integers(0, 255)),
    st.just(("crash", 0)),
)  # shut and closed doors cost the judge a wait each: they are among the examples below


@st.composite
def plans(draw: st.DrawFn) -> list[list[Deed]]:
    """An honest stay with one or two turns that are not."""
    plan: list[list[Deed]] = [list(turn) for turn in HONEST]
    for _ in range(draw(st.integers(1, 2))):
        number = draw(st.integers(0, len(plan) - 1))
        other = draw(st.lists(deeds, max_size=3))
        first, then = draw(st.sampled_from([([], []), (plan[number], []), ([], plan[number])]))
        plan[number] = [*first, *other, *then]
    return plan


def with_turn(number: int, *deeds: Deed) -> list[list[Deed]]:
    return [[*deeds] if n == number else list(turn) for n, turn in enumerate(HONEST)]


EARLY = ("say", frame(Op.DONE).hex())
CRASHED = ("say", frame(Op.FAILED, Why.CRASH, 2**64 - 1, 2**64 - 1).hex())


@given(plan=plans())
@settings(max_examples=100, deadline=None, database=None)
@example(plan=[list(turn) for turn in HONEST])
@example(plan=with_turn(3, ("shut", socket.SHUT_RD), EARLY))
@example(plan=with_turn(2, ("shut", socket.SHUT_WR)))
@example(plan=with_turn(1, EARLY, ("shut", socket.SHUT_RDWR)))
@example(plan=with_turn(3, *HONEST[3], ("close", 0)))
@example(plan=with_turn(3, ("hand over", 200)))
@example(plan=with_turn(3, EARLY, ("hand over", 1)))
@example(plan=with_turn(4, ("say", "")))
@example(plan=with_turn(4, CRASHED))
@example(plan=with_turn(0, *[EARLY] * 40))
@example(plan=with_turn(5))
def test_whatever_is_said_is_a_verdict_or_an_answer(
    nursery: Nursery, plan: list[list[Deed]]
) -> None:
    """No bytes, descriptors, half-closed doors or deaths make the judge raise, hang or believe."""
    held = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 — names only
    results = visited(nursery, plan)
    assert len(os.listdir("/proc/self/fd")) == held  # noqa: PTH208
    for number, done in enumerate(results):
        if isinstance(done, Ran):
            # one message is heard in each turn, so this is the one that was believed
            assert said(plan[: number + 1])[number][:4] == TURNS[number].to_bytes(4, "little")
            assert len(said(plan)[number]) == FRAME.size
        else:
            assert done.verdict not in {Verdict.ACCEPTED, Verdict.NOT_GRADABLE}
            assert done.reason
            assert done.message == printable(done.message) != ""
            assert done.log == printable(done.log)
    if all(list(turn) == mine for turn, mine in zip(HONEST, plan, strict=True)):
        assert all(isinstance(done, Ran) for done in results)


def test_silence_lasts_no_longer_than_it_may(nursery: Nursery) -> None:
    """Who says nothing, or half of something, is waited for as long as was said, not longer."""
    limit = 0.5
    with stay(nursery, [[("say", frame(Op.READY).hex())], [("say", "00" * 12)], []]) as session:
        assert isinstance(
            session.load([], name="x", style=Style.SUBMISSION, threads=1, timeout_s=PATIENT_S), Ran
        )
        half = session.warm(1 << 12, PATIENT_S)
        assert isinstance(half, Fell)
        assert "no frame" in half.message
        began = time.monotonic()
        fell = session.call(timeout_s=limit)
        assert isinstance(fell, Fell)
        assert fell.verdict is Verdict.TIME_LIMIT
        assert limit <= time.monotonic() - began < limit + PATIENT_S


def test_who_leaves_after_an_answer_has_left(nursery: Nursery) -> None:
    """An end is no frame: whenever it is noticed, it is told as what it is."""
    last = visited(nursery, with_turn(3, EARLY, ("exit", 3)))[-1]
    assert isinstance(last, Fell)
    assert (last.verdict, last.reason) == (Verdict.RUNTIME_ERROR, "exit")
    assert "exit code 3" in last.message
