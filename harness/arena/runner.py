"""
The Python runner: a boxed child of a warm nursery that maps what it is lent and calls one function.

It knows no expected value, no seed, no tolerance. What it says is either a frame or a violation.
This module is the only part of the harness that shares a process with strangers' Python; it is also
what runs a problem's own Python (references and baselines), which is trusted to be right, but not
with the machine.
"""

import contextlib
import ctypes
import faulthandler
import importlib.util
import inspect
import mmap
import os
import socket
import sys
import traceback
import types
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import torch

from harness.arena import authored, ways, wire
from harness.arena.authored import Named
from harness.arena.operators import operators_in
from harness.arena.wire import FRAME, GUARD_BYTES, SUBMISSIONS, Op, Place, Style, Why
from harness.emulation.triton.findings import Found, Kind
from harness.records import Argument, Role

_PROT_NONE, _PROT_READ, _PROT_WRITE = 0, 1, 2
_MAP_SHARED, _MAP_PRIVATE, _MAP_FIXED, _MAP_ANONYMOUS = 0x1, 0x2, 0x10, 0x20
_MAP_NORESERVE, _MAP_POPULATE, _MAP_FIXED_NOREPLACE = 0x4000, 0x8000, 0x100000
_FAILED = ctypes.c_void_p(-1).value
_MADV_POPULATE_WRITE = 23  # faults pages in a row: half the time of touching each

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
]  # fmt: skip
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.malloc.restype, _libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
_libc.free.argtypes = [ctypes.c_void_p]
_libc.malloc_trim.argtypes = [ctypes.c_size_t]

_TORCH = {
    "size_t": torch.int64,  # torch counts in int64; a size never reaches the sign
    "float8": torch.uint8,
    "float4": torch.uint8,
}


_FOUND = {
    Kind.RACE: wire.Found.RACE,
    Kind.BOUNDS: wire.Found.BOUNDS,
    Kind.FEATURE: wire.Found.UNSUPPORTED,
}


class Failure(Exception):  # noqa: N818 — a value on its way to the wire
    def __init__(self, why: Why, message: str = "", what: int = 0) -> None:
        super().__init__(message)
        self.why = why
        self.what = what


def torch_dtype(name: str) -> torch.dtype:
    found: torch.dtype = _TORCH.get(name) or getattr(torch, name)
    return found


def main(descriptor: int) -> None:
    faulthandler.enable()
    torch.set_grad_enabled(False)
    torch.set_float32_matmul_precision("highest")
    runner = Runner(socket.socket(fileno=descriptor))
    home = f"{Path.cwd()}/"  # where files lie in here is nobody's business
    while True:
        message, descriptors, _, _ = socket.recv_fds(runner.door, wire.MAX_MESSAGE, 4)
        if not message:
            os._exit(0)
        try:
            answer = runner.obey(message, descriptors)
        except Failure as failure:
            with contextlib.suppress(OSError):  # the log is full, or closed
                os.write(2, f"{failure}\n".replace(home, "").encode(errors="replace"))
            runner.door.send(wire.frame(Op.FAILED, failure.why, failure.what))
        else:
            runner.door.send(answer)


class Runner:
    def __init__(self, door: socket.socket) -> None:
        self.door = door
        self._module = types.ModuleType("nothing")
        self._entry: Callable[..., Any] = _nothing_loaded
        self._style = Style.SUBMISSION
        self._emulation: Any = None
        self._places: tuple[Place, ...] = ()
        self._region: tuple[int, int] | None = None
        self._windows: dict[int, list[Any]] = {}
        self._keywords: dict[int, dict[str, Any]] = {}
        self._addresses: list[int] = []
        self._held: list[Any] = []

    def obey(self, message: bytes, descriptors: list[int]) -> bytes:
        op, a, b, c = FRAME.unpack_from(message)
        if op == Op.LOAD:
            self._load(threads=a, style=Style(b), name=message[FRAME.size :], source=descriptors[0])
        elif op == Op.WARM:
            _touch_heap(b)
        elif op == Op.MAP:
            self._map(message, *descriptors)
        elif op == Op.CALL:
            self._call(first=b, count=c, hold=bool(a))
        elif op == Op.COPY:
            self._copy_out()
        elif op == Op.TRIM:
            _libc.malloc_trim(0)
        elif op in {Op.TRACE, Op.COMPILE, Op.LAUNCHES}:
            os.pwrite(descriptors[0], self._told(Op(op)), 0)
        elif op in authored.ASKED:
            with _strangers_errors():
                named = [self._named(window) for window in range(b)]
                authored.ASKED[Op(op)](self._module, named, c)
        for descriptor in descriptors:
            os.close(descriptor)
        return wire.frame(wire.ANSWER[Op(op)])

    def _told(self, op: Op) -> bytes:
        """What is found out by a call of the entry: its operators, or what it compiles to."""
        if op is Op.LAUNCHES:
            return bytes(self._emulation.launches.noted()) if self._emulation else b""
        with _strangers_errors():
            if op is Op.TRACE:
                return operators_in(lambda: self._entry(*self._arguments(0)))
            compiled = ways.compiled(self._entry, self._read(0))
            return wire.LENGTH.pack(len(compiled)) + compiled

    def _load(self, *, threads: int, style: Style, name: bytes, source: int) -> None:
        torch.set_num_threads(threads)
        self._style = style
        wanted = "solution" if style in SUBMISSIONS else "reference"
        path = Path.cwd() / name.decode()
        path.write_bytes(os.pread(source, os.fstat(source).st_size, 0))
        if style is Style.COMPILED:
            self._entry = ways.of_compiled(path)
            return
        loader = SourceFileLoader(wanted, str(path))  # whatever the file is called
        spec = importlib.util.spec_from_file_location(wanted, path, loader=loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[wanted] = module
        sys.dont_write_bytecode = True
        self._module = module
        with _strangers_errors(loading=True), self._surroundings(style):
            if style is Style.REFERENCE:
                authored.forbid_side_effects()
            ways.before_loading(style)
            loader.exec_module(module)
        entry = getattr(module, wanted, None)
        if not callable(entry):
            raise Failure(Why.NO_ENTRY, f"{path.name} defines no function `{wanted}`")
        self._entry = ways.as_asked(style, entry)
        if self._emulation is not None:
            self._entry = self._emulation.watched(entry)

    def _surroundings(self, style: Style) -> Any:
        """What a module is loaded within: Triton's see a card that is not there."""
        if style is not Style.TRITON:
            return contextlib.nullcontext()
        from harness.emulation.triton.interpreted import (  # noqa: PLC0415 — it imports Triton
            Emulation,
        )

        self._emulation = Emulation()
        return self._emulation.around()

    def _map(self, message: bytes, inputs: int, outputs: int) -> None:
        """Lay the lent files into one fresh stretch of address space, guards between all."""
        self._windows, self._keywords, self._held = {}, {}, []
        if self._region is not None:
            _libc.munmap(*self._region)
        self._places, address = wire.unpack_map(message)
        total = GUARD_BYTES + sum(place.span + GUARD_BYTES for place in self._places)
        base = _mmap(address, total, _PROT_NONE, _MAP_PRIVATE | _MAP_ANONYMOUS | _MAP_NORESERVE
                     | _MAP_FIXED_NOREPLACE, -1, 0)  # fmt: skip
        if base == _FAILED:  # something is there already: anywhere else, then
            base = _mmap(
                0, total, _PROT_NONE, _MAP_PRIVATE | _MAP_ANONYMOUS | _MAP_NORESERVE, -1, 0
            )
        self._region = (base, total)
        self._addresses = []
        cursor = base + GUARD_BYTES
        for place in self._places:
            self._addresses.append(cursor + place.lead)
            if place.span:
                writes = place.argument.role.is_written
                flags = _PROT_READ | (_PROT_WRITE if writes else 0)
                file = outputs if writes else inputs
                how = _MAP_SHARED | _MAP_FIXED | _MAP_POPULATE
                if _mmap(cursor, place.span, flags, how, file, place.offset) == _FAILED:
                    raise OSError(ctypes.get_errno(), "mmap")
            cursor += place.span + GUARD_BYTES
        self._check_signature()

    def _check_signature(self) -> None:
        if self._style not in SUBMISSIONS:
            return
        try:
            signature = inspect.signature(self._entry)
        except (TypeError, ValueError):  # some callables have none to show
            return
        try:
            signature.bind(*self._places)
        except TypeError as error:
            names = ", ".join(place.argument.name for place in self._places)
            raise Failure(
                Why.SIGNATURE,
                f"`solution{signature}` cannot take the problem's parameters ({names}): {error}",
            ) from error

    def _arguments(self, window: int) -> list[Any]:
        found = self._windows.get(window)
        if found is None:
            found = [
                _tensor(place.argument, address + window * place.stride)
                if place.argument.role is not Role.SCALAR
                else place.argument.value
                for place, address in zip(self._places, self._addresses, strict=True)
            ]
            self._windows[window] = found
        return found

    def _named(self, window: int) -> Named:
        """What lies in a window, by name, each with what the judge says of it."""
        return {
            place.argument.name: (place.argument, value)
            for place, value in zip(self._places, self._arguments(window), strict=True)
        }

    def _read(self, window: int) -> dict[str, Any]:
        """What a reference is called with; made once, since a baseline's calls are timed."""
        if window not in self._keywords:
            self._keywords[window] = authored.read_by_reference(self._named(window))
        return self._keywords[window]

    def _call(self, *, first: int, count: int, hold: bool) -> None:
        self._held = []
        with _strangers_errors():
            for window in range(first, first + count):
                if self._style in SUBMISSIONS:
                    result = self._entry(*self._arguments(window))
                else:
                    result = self._entry(**self._read(window))
                if hold:
                    self._held.append((window, result))
                elif result is not None or self._style not in SUBMISSIONS:
                    self._store(result, window)

    def _copy_out(self) -> None:
        for window, result in self._held:
            self._store(result, window)
        self._held = []

    def _store(self, result: Any, window: int) -> None:
        """Copy what was returned into the outputs; shape and dtype are the judge's to say."""
        named = self._named(window).values()
        outputs = [(argument, value) for argument, value in named if argument.role.is_written]
        results = result if isinstance(result, (tuple, list)) else (result,)
        if len(results) != len(outputs):
            raise Failure(
                Why.COUNT, f"{len(results)} results were returned for {len(outputs)} outputs"
            )
        for value, (argument, target) in zip(results, outputs, strict=True):
            if value is target:
                continue
            if not isinstance(value, torch.Tensor):
                raise Failure(Why.COUNT, f"a {type(value).__name__} was returned, not a tensor")
            if value.shape != target.shape:
                raise Failure(
                    Why.SHAPE,
                    f"shape {tuple(value.shape)} was returned for `{argument.name}`"
                    f" of shape {argument.shape}",
                )
            if value.dtype != target.dtype:
                raise Failure(
                    Why.DTYPE,
                    f"{value.dtype} was returned for `{argument.name}` of {target.dtype}",
                )
            if value.device != target.device:
                raise Failure(
                    Why.DEVICE, f"a tensor on {value.device} was returned for `{argument.name}`"
                )
            # a baseline that returns what it was given would have computed nothing in its time
            if self._style not in SUBMISSIONS and self._is_lent(value, target):
                raise Failure(
                    Why.ALIAS,
                    f"a view of an input was returned for `{argument.name}`; add .clone()",
                )
            target.copy_(value)

    def _is_lent(self, value: torch.Tensor, target: torch.Tensor) -> bool:
        """Whether it lies in memory of the judge's, other than its own place."""
        if self._region is None or value.data_ptr() == target.data_ptr():
            return False
        base, size = self._region
        return base <= value.untyped_storage().data_ptr() < base + size


def _nothing_loaded(*_: Any) -> None:
    raise Failure(Why.NO_ENTRY, "nothing is loaded")


def _mmap(address: int, size: int, protection: int, flags: int, file: int, offset: int) -> int:
    result: int = _libc.mmap(address, size, protection, flags, file, offset)
    return result


def _tensor(argument: Argument, address: int) -> torch.Tensor:
    # over a ctypes array, which claims to be writable: torch would warn of a read-only buffer, and
    # the pages see to it anyway
    raw = (ctypes.c_char * argument.nbytes).from_address(address)
    flat = torch.frombuffer(raw, dtype=torch_dtype(argument.dtype.name), count=argument.count)
    return flat.reshape(argument.shape)


def _touch_heap(size: int) -> None:
    """Grow the heap once, so that later results land on pages that are there already."""
    # one block and nothing after it: freed, it is one with what the heap grows from
    if block := _libc.malloc(size):
        begin = block + -block % mmap.PAGESIZE
        whole = max(0, block + size - begin) // mmap.PAGESIZE * mmap.PAGESIZE
        if _libc.madvise(begin, whole, _MADV_POPULATE_WRITE):  # an older kernel
            ctypes.memset(block, 0, size)
        _libc.free(block)


@contextlib.contextmanager
def _strangers_errors(*, loading: bool = False) -> Any:
    """What a stranger's code raises, told in the log without our own frames, as a failure."""
    try:
        yield
    except Failure:
        raise
    except Found as found:
        raise Failure(Why.FOUND, str(found), _FOUND[found.finding.kind]) from None
    except MemoryError as error:
        raise Failure(Why.MEMORY, _story(error)) from None
    except SyntaxError as error:
        raise Failure(Why.SYNTAX if loading else Why.EXCEPTION, _story(error)) from None
    except BaseException as error:  # noqa: BLE001 — the top of the runner: SystemExit and all
        story = _story(error)  # not str(error): that is a stranger's code too
        is_memory = isinstance(error, RuntimeError) and "DefaultCPUAllocator" in story
        raise Failure(Why.MEMORY if is_memory else Why.EXCEPTION, story) from None


def _story(error: BaseException) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename in _OURS:
        frame = frame.tb_next
    if isinstance(error, SyntaxError):
        frame = None
    return "".join(traceback.format_exception(type(error), error, frame)).rstrip()


_OURS = frozenset(
    {
        __file__,
        authored.__file__,
        "<frozen importlib._bootstrap>",
        "<frozen importlib._bootstrap_external>",
    }
)
