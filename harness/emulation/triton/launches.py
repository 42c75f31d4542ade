"""One launch after another: its arguments lent, its programs run, and what was launched noted."""

import copy
import functools
import inspect
import json
import sys
from typing import Any

import torch
import triton
from triton.runtime import interpreter

from harness.emulation.triton.findings import Findings, Unsupported
from harness.emulation.triton.memory import Memory

LAUNCHES_BYTES = 1 << 20  # that may be noted
_MOST = 256  # different launches
_TYPES = (bool, int, float, str, type(None))


class Launches:
    """What has been launched, each way once; and the memory of the launch that goes on."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.memory: Memory | None = None
        self._noted: dict[str, None] = {}

    def current(self) -> Memory:
        if self.memory is None:  # the interpreter outside of any launch: by no public way
            raise Unsupported("a load or store outside of a launch")
        return self.memory

    def note(self, words: str) -> None:
        if len(self._noted) < _MOST:
            self._noted[words] = None

    def noted(self) -> bytes:
        """A launch a line, as JSON."""
        return "\n".join(self._noted).encode()[:LAUNCHES_BYTES]


def watch(launches: Launches) -> None:
    """From now on a launch of the interpreter's is one of ours."""

    def launch(self: Any, *positional: Any, **options: Any) -> None:
        known = inspect.signature(self.fn).parameters
        given = {name: value for name, value in options.items() if name in known}
        for hook in getattr(self, "pre_run_hooks", ()):
            hook(*positional, **given)
        values = inspect.getcallargs(self.fn, *positional, **given)
        launches.note(_noted(self, values, {k: v for k, v in options.items() if k not in known}))
        scope = interpreter._patch_lang(self.fn)  # noqa: SLF001 — the executor's own steps
        outer = launches.memory
        try:
            _run(self, values, launches)
        finally:
            launches.memory = outer
            if scope is not None:
                scope.restore()

    interpreter.GridExecutor.__call__ = launch
    # whole numbers wrap on a card; where that leads astray, it is seen in what is touched
    interpreter.interpreter_builder.options = interpreter.InterpreterOptions(
        sanitize_overflow=False
    )


def _run(executor: Any, values: dict[str, Any], launches: Launches) -> None:
    grid = executor.grid(values) if callable(executor.grid) else executor.grid
    grid = tuple(int(size) for size in (grid if isinstance(grid, (tuple, list)) else (grid,)))
    sizes = (*grid, 1, 1, 1)[:3]
    memory = Memory(executor.fn.__name__, sizes, launches.findings)
    memory.line = functools.partial(_line, executor.fn.__code__.co_filename)
    launches.memory = memory
    arguments = {
        name: value if name in executor.constexprs else _lent(memory, name, value)
        for name, value in values.items()
    }
    interpreter.interpreter_builder.set_grid_dim(*sizes)
    for x in range(sizes[0]):
        for y in range(sizes[1]):
            for z in range(sizes[2]):
                interpreter.interpreter_builder.set_grid_idx(x, y, z)
                memory.begin(x, y, z)
                executor.fn(**arguments)


def _lent(memory: Memory, name: str, value: Any) -> Any:
    """As the interpreter wants it; pointers with the tag of their tensor."""
    if isinstance(value, tuple):
        parts = [_lent(memory, f"{name}[{i}]", part) for i, part in enumerate(value)]
        return interpreter._tuple_create(value, parts)  # noqa: SLF001 — as above
    if hasattr(value, "data_ptr"):
        value = _pointer(memory, name, value)
    elif isinstance(value, interpreter.TensorDescriptor):
        value = copy.copy(value)
        value.base = _pointer(memory, name, value.base)
    return interpreter._implicit_cvt(value)  # noqa: SLF001 — as above


def _pointer(memory: Memory, name: str, tensor: Any) -> "_Pointer":
    inner = interpreter._unwrap_tensor(tensor)  # noqa: SLF001 — as above
    if inner.layout is not torch.strided:
        raise Unsupported(f"`{name}`, a tensor that is not strided,")
    return _Pointer(memory.lend(name, inner), tensor.dtype)


class _Pointer:
    """As much of a tensor as the interpreter asks for."""

    def __init__(self, address: int, dtype: Any) -> None:
        self._address, self.dtype = address, dtype

    def data_ptr(self) -> int:
        return self._address


def _line(file: str) -> str:
    """Where in the kernel we are: the innermost of its file's frames."""
    frame: Any = sys._getframe(1)  # noqa: SLF001 — there is no public way
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return f" ({file.rpartition('/')[2]}:{frame.f_lineno})" if frame is not None else ""


# ---- what was launched, for a compiler ----------------------------------------------------------


def _noted(executor: Any, values: dict[str, Any], options: dict[str, Any]) -> str:
    described = {
        name: _exactly(value) if name in executor.constexprs else _by_class(value)
        for name, value in values.items()
    }
    asked = {name: value for name, value in options.items() if isinstance(value, _TYPES)}
    kernel = executor.fn.__qualname__
    return json.dumps({"kernel": kernel, "arguments": described, "options": asked}, sort_keys=True)


def _by_class(value: Any) -> list[Any]:
    """Numbers as far as a compiled kernel depends on them."""
    if isinstance(value, bool):
        return ["plain", value]
    if isinstance(value, int):
        width = 0 if -(2**31) <= value < 2**31 else 2**40
        return ["plain", 1 if value == 1 else width + (16 if value % 16 == 0 else 17)]
    if isinstance(value, float):
        return ["plain", 0.5]
    if hasattr(value, "data_ptr") and hasattr(value, "dtype"):
        kind = str(value.dtype).rpartition(".")[2]
        is_aligned = value.storage_offset() * value.element_size() % 16 == 0  # as on a card
        return ["tensor", kind, is_aligned]
    return _exactly(value)


def _exactly(value: Any) -> list[Any]:
    value = getattr(value, "value", value) if type(value).__name__ == "constexpr" else value
    if isinstance(value, _TYPES):
        return ["plain", value]
    if isinstance(value, triton.language.dtype):
        return ["dtype", str(value)]
    if hasattr(value, "fn") and hasattr(value.fn, "__qualname__"):
        return ["function", value.fn.__qualname__]
    if isinstance(value, tuple):
        return ["tuple", [_exactly(part) for part in value]]
    return ["other", type(value).__name__]
