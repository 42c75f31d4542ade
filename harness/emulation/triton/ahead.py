"""
Launches that were noted, compiled for a GPU that is not here: the compiler of Triton in a box.

It is a stranger's box as any other, since a kernel exists only once its module has run. What it
leaves is a line a launch: `ok`, kernel, line, shared memory, registers, spilled bytes; or `bad`,
kernel, line, and why.
"""

import contextlib
import importlib.util
import inspect
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import triton
from triton.compiler.errors import CompilationError
from triton.errors import TritonError
from triton.runtime.jit import JITFunction

from harness.emulation.triton import card
from harness.emulation.triton.findings import Unsupported

SOURCE, LAUNCHES, RESULT = 0, 1, 2  # descriptors, from the first that is given
_USED = re.compile(r"Used (\d+) registers")
_SPILLED = re.compile(r"(\d+) bytes spill stores")
_NAME, _WORDS = 100, 600  # characters that are told


def main(first: int) -> None:
    source, launches = (_contents(first + which) for which in (SOURCE, LAUNCHES))
    asked = json.loads(launches.partition(b"\n")[0])
    card.pretend(asked["capability"])
    triton.knobs.cache.home_dir = str(Path.cwd())  # its own would be that of whoever imported it
    triton.knobs.nvidia.dump_ptxas_log = True
    module = _loaded(asked["name"], source)
    noted = [json.loads(line) for line in launches.splitlines()[1:]]
    report = "\n".join("\t".join(_compiled(module, launch)) for launch in noted)
    os.pwrite(first + RESULT, report.encode(errors="replace"), 0)
    os._exit(0)


def _contents(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _loaded(name: str, source: bytes) -> Any:
    path = Path.cwd() / name
    path.write_bytes(source)
    spec = importlib.util.spec_from_file_location("solution", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["solution"] = module
    with card.Pretence():
        spec.loader.exec_module(module)
    return module


def _compiled(module: Any, launch: dict[str, Any]) -> tuple[str, ...]:
    name = launch["kernel"][:_NAME]
    kernel = _kernel(module, name)
    if kernel is None:
        return "bad", name, "0", "it is defined within a function, where only a launch finds it"
    line = _line(kernel)
    log = io.StringIO()
    try:
        given = {key: _value(module, told) for key, told in launch["arguments"].items()}
        with contextlib.redirect_stdout(log), card.Pretence():
            made = kernel.warmup(**given, **launch["options"], grid=(1,))
    except Unsupported as lacking:
        return "bad", name, str(line), _told(str(lacking))
    except CompilationError as error:
        line += getattr(_innermost(error).node, "lineno", 1) - 1
        return "bad", name, str(line), _told(_gist(error))
    except (TritonError, RuntimeError, TypeError, ValueError) as error:
        return "bad", name, str(line), _told(f"{type(error).__name__}: {error}")
    text = log.getvalue()
    registers, spilled = (_most(pattern, text) for pattern in (_USED, _SPILLED))
    return "ok", name, str(line), str(made.metadata.shared), registers, spilled


def _kernel(module: Any, name: str) -> Any:
    """By its function's name, behind whatever tunes it."""
    for candidate in vars(module).values():
        found = candidate
        while found is not None and not isinstance(found, JITFunction):
            found = getattr(found, "fn", None)
        if found is not None and found.fn.__name__ == name.rpartition(".")[2]:
            return found
    return None


def _line(kernel: Any) -> int:
    """Of its `def`, below what decorates it."""
    lines, first = inspect.getsourcelines(kernel.fn)
    return first + next(i for i, text in enumerate(lines) if text.lstrip().startswith("def "))


class _Tensor:
    """As much of a tensor as a signature needs."""

    def __init__(self, dtype: Any, is_aligned: bool) -> None:
        self.dtype, self._address = dtype, 0 if is_aligned else 1

    def data_ptr(self) -> int:
        return self._address

    @staticmethod
    def ptr_range() -> int:
        return 0


def _value(module: Any, told: list[Any]) -> Any:
    kind, *values = told
    if kind == "plain":
        return values[0]
    if kind == "tensor":
        return _Tensor(getattr(torch, values[0]), values[1])
    if kind == "dtype":
        names = {str(each): each for each in vars(triton.language).values() if _is_dtype(each)}
        return names[values[0]]
    if kind == "function":
        return _kernel(module, values[0])
    if kind == "tuple":
        return tuple(_value(module, each) for each in values[0])
    raise Unsupported(f"an argument that is a {values[0]}, compiled ahead of time,")


def _is_dtype(value: Any) -> bool:
    return isinstance(value, triton.language.dtype)


def _innermost(error: BaseException) -> Any:
    """Where it went wrong, not where that was called from."""
    chain = list(_causes(error))
    return chain[-1]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while isinstance(error, CompilationError):
        yield error
        error = error.__cause__


def _gist(error: CompilationError) -> str:
    inner = _innermost(error)
    cause = inner.__cause__
    return inner.error_message or (f"{type(cause).__name__}: {cause}" if cause else str(inner))


def _told(words: str) -> str:
    return " ".join(words.split())[:_WORDS]


def _most(pattern: re.Pattern[str], text: str) -> str:
    return str(max((int(number) for number in pattern.findall(text)), default=""))
