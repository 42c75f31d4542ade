"""
What judge and runner say to each other: fixed binary frames over a SOCK_SEQPACKET pair.

    judge ▶ runner    LOAD   a = threads, b = style, name; descriptors: artefact, entry
                      WARM   b = bytes of heap to touch
                      MAP    a = arguments, c = address, a record each; descriptors: inputs, outputs
                      CALL   a = 1 to hold the results back, b = first window, c = windows
                      COPY   (of results that were held back)
                      SCHEDULE  a = which, b = seed; of an emulated kernel: for the calls to come
                      TRIM   (give back to the system what is free of the heap)
                      DRAW, CHECK, COUNT   b = windows, c = seed; of a problem's own module only
                      TRACE  (a call that is watched); descriptor: where operators' names go
                      LAUNCHES  (of Triton's kernels, as noted); descriptor: where they go
                      COMPILE  (what it computes with what is lent); descriptor: where that goes
    runner ▶ judge    READY, WARMED, MAPPED, DONE, COPIED, ASKED, TRIMMED, SCHEDULED
                      FAILED a = why, b and c = particulars

A frame is 24 bytes. A stranger owns the other end, so a failure that it claims can only cost it the
grade, and anything that is not a frame in its turn is a rules violation.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from harness.dtypes import DTYPES, scalar_bits, scalar_value
from harness.records import Argument, Role

FRAME = struct.Struct("<IIQQ")
RECORD = struct.Struct("<64sBBBxIQ8QQQQQ")
MAX_RANK = 8
MAX_MESSAGE = 1 << 16
GUARD_BYTES = 1 << 20  # around every buffer, never mapped
PAGE = 4096
# how a problem's own `check` is shown what: plain names are inputs, and it answers in the note
GOT, RIGHT, NOTE = "+", "=", "?"
NOTE_BYTES = 1024
NAMES_BYTES = 1 << 14  # what a call that was watched may name
LAUNCHES_BYTES = 1 << 20  # what may be told of them
COMPILED_BYTES = 64 << 20  # what a reference may compile to, its length in front
LENGTH = struct.Struct("<Q")

_ROLES = tuple(Role)
_DTYPES = tuple(DTYPES.values())
_ROLE_CODES = {role: code for code, role in enumerate(_ROLES)}
_DTYPE_CODES = {name: code for code, name in enumerate(DTYPES)}


class Op(IntEnum):
    LOAD = 1
    WARM = 2
    MAP = 3
    CALL = 4
    COPY = 5
    DRAW = 6
    CHECK = 7
    COUNT = 8
    TRACE = 9
    TRIM = 10
    COMPILE = 11
    SCHEDULE = 12
    LAUNCHES = 13
    READY = 101
    WARMED = 102
    MAPPED = 103
    DONE = 104
    COPIED = 105
    ASKED = 106
    TRIMMED = 107
    SCHEDULED = 108
    FAILED = 199


ANSWER = {
    Op.LOAD: Op.READY, Op.WARM: Op.WARMED, Op.MAP: Op.MAPPED, Op.CALL: Op.DONE, Op.COPY: Op.COPIED,
    Op.DRAW: Op.ASKED, Op.CHECK: Op.ASKED, Op.COUNT: Op.ASKED,
    Op.TRACE: Op.ASKED, Op.COMPILE: Op.ASKED, Op.LAUNCHES: Op.ASKED, Op.TRIM: Op.TRIMMED,
    Op.SCHEDULE: Op.SCHEDULED,
}  # fmt: skip


class Style(IntEnum):
    """How a module is called."""

    SUBMISSION = 0  # solution(*parameters), writing its outputs or returning them
    REFERENCE = 1  # reference(**parameters that are not outputs), returning
    CHANNELS_LAST = 2  # the same in other ways of PyTorch's: see ways.py
    ONEDNN = 3
    COMPILER = 4  # a reference that is asked for what it compiles to, and
    COMPILED = 5  # what it said, which is no module
    TRITON = 6  # a submission whose kernels Triton's interpreter runs


SUBMISSIONS = frozenset({Style.SUBMISSION, Style.TRITON})


class Why(IntEnum):
    SYNTAX = 1
    EXCEPTION = 2
    NO_ENTRY = 3
    SIGNATURE = 4
    MEMORY = 5
    SHAPE = 6
    DTYPE = 7
    COUNT = 8
    NOT_LOADABLE = 9
    DEVICE = 11
    ALIAS = 12
    FOUND = 13  # by the emulation, or its checker: b = what, c = where; words in the log
    CRASH = 10  # b = signal + 256 * (argument + 1, if its guard was hit) + 65536 * side; c = where


class Found(IntEnum):
    """What the emulation of CUDA finds; the same numbers stand in its runtime."""

    RACE = 1
    DIVERGENCE = 2
    UNINITIALISED = 3
    BOUNDS = 4
    LAUNCH = 5
    TRAP = 6
    UNSUPPORTED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An argument and where its bytes lie in its memfd, one window after another."""

    argument: Argument
    offset: int = 0  # of the mapping in the file
    span: int = 0  # bytes of the mapping, whole pages
    lead: int = 0  # from the mapping's start to the first window
    stride: int = 0  # from one window to the next


def frame(op: Op, a: int = 0, b: int = 0, c: int = 0) -> bytes:
    return FRAME.pack(op, a, b, c)


def pack_map(places: tuple[Place, ...], address: int) -> bytes:
    return frame(Op.MAP, len(places), 0, address) + b"".join(_pack(place) for place in places)


def _pack(place: Place) -> bytes:
    argument = place.argument
    shape = (*argument.shape, *([0] * (MAX_RANK - len(argument.shape))))
    return RECORD.pack(
        argument.name.encode(),
        _ROLE_CODES[argument.role],
        _DTYPE_CODES[argument.dtype.name],
        len(argument.shape),
        0,
        0 if argument.value is None else scalar_bits(argument.value, argument.dtype),
        *shape,
        place.offset,
        place.span,
        place.lead,
        place.stride,
    )


def unpack_map(message: bytes) -> tuple[tuple[Place, ...], int]:
    _, count, _, address = FRAME.unpack_from(message)
    places = []
    for i in range(count):
        name, role, dtype, rank, _, bits, *rest = RECORD.unpack_from(
            message, FRAME.size + i * RECORD.size
        )
        element = _DTYPES[dtype]
        is_scalar = _ROLES[role] is Role.SCALAR
        places.append(
            Place(
                argument=Argument(
                    name=name.rstrip(b"\0").decode(),
                    role=_ROLES[role],
                    dtype=element,
                    shape=tuple(rest[:rank]),
                    value=scalar_value(bits, element) if is_scalar else None,
                ),
                offset=rest[8],
                span=rest[9],
                lead=rest[10],
                stride=rest[11],
            )
        )
    return tuple(places), address
