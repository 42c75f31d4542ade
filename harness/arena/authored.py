"""
What a problem's own module may be asked, beside its reference: to draw inputs, to check outputs,
and to have its work counted. It runs in a runner like everybody; what it says lies in lent memory.
"""

import math
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from harness.arena.wire import GOT, NOTE, RIGHT, Op
from harness.records import Argument, Role

Named = dict[str, tuple[Argument, Any]]

_PROCESSES = frozenset(
    {"os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.system", "subprocess.Popen"}
)


class NotAllowed(RuntimeError):  # noqa: N818 — it ends a sentence in the log
    """A reference computes, and does nothing else."""


class _Silence:
    """Stands where a module would print."""

    encoding = "utf-8"

    def write(self, text: str) -> NoReturn:
        raise NotAllowed(f"a reference prints nothing, and this one prints {text[:80]!r}")

    def flush(self) -> None:
        """Nothing was written."""

    def isatty(self) -> bool:
        return False


def forbid_side_effects() -> None:
    """No printing, no processes: said at the place where it is tried. The walls are elsewhere."""
    warnings.simplefilter("ignore")  # they differ from one version of torch to the next
    sys.stdout = sys.stderr = _Silence()
    sys.addaudithook(_refuse_processes)


def _refuse_processes(event: str, _: tuple[Any, ...]) -> None:
    if event in _PROCESSES:
        raise NotAllowed(f"a reference starts no processes, and this one tries {event}")


def read_by_reference(named: Named) -> dict[str, Any]:
    return {
        name: value for name, (argument, value) in named.items() if argument.role is not Role.OUTPUT
    }


# ---- inputs(case, draw) -------------------------------------------------------------------------


class Draw:
    """Randomness for `inputs`: all of it comes from the secret seed of this draw."""

    def __init__(self, given: Mapping[str, torch.Tensor], seed: int) -> None:
        self.given = given  # what the harness drew, by name: right shapes and dtypes
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=self.generator)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        return low + (high - low) * torch.rand(shape, generator=self.generator)

    def integers(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """Whole numbers from low to high, both included."""
        if low > high:
            raise ValueError(f"there are no integers from {low} to {high}")
        return torch.randint(low, high + 1, shape, generator=self.generator)

    def permutation(self, count: int) -> torch.Tensor:
        return torch.randperm(count, generator=self.generator)


def _draw(module: types.ModuleType, windows: Sequence[Named], seed: int) -> None:
    for number, named in enumerate(windows):
        one = (seed + number) % 2**63
        torch.manual_seed(one)  # for those who do not use `draw`
        random.seed(one)
        scalars = {name for name, (argument, _) in named.items() if argument.role is Role.SCALAR}
        case = {name: named[name][1] for name in named if name in scalars}
        targets = {name: named[name][1] for name in named if name not in scalars}
        found = module.inputs(case, Draw({k: v.clone() for k, v in targets.items()}, one))
        if not isinstance(found, Mapping):
            raise TypeError(f"inputs() returns a dict of tensors, not a {type(found).__name__}")
        for given, value in found.items():
            if given not in targets:
                known = ", ".join(targets)
                raise LookupError(
                    f"inputs() gives `{given}`; the inputs are {known} (what is written too is one"
                    " of them where the front matter names it under `inputs`)"
                )
            _put(given, value, targets[given])


def _put(name: str, value: Any, target: torch.Tensor) -> None:
    value = torch.as_tensor(value)
    overflows = (
        target.is_floating_point()
        and value.is_floating_point()
        and not torch.equal(value.to(target.dtype).isfinite(), value.isfinite())
    )
    if overflows:
        raise ValueError(f"inputs() gives `{name}` values beyond {target.dtype}")
    if value.shape != target.shape:
        shapes = f"{tuple(value.shape)}, and the problem says {tuple(target.shape)}"
        raise ValueError(f"inputs() gives `{name}` the shape {shapes}")
    if not target.is_floating_point():
        fits = value.to(target.dtype)
        if value.is_floating_point() or not torch.equal(fits.to(value.dtype), value):
            raise ValueError(f"inputs() gives `{name}` values that do not fit {target.dtype}")
    target.copy_(value)


# ---- check(inputs, outputs, expected) -----------------------------------------------------------


def _check(module: types.ModuleType, windows: Sequence[Named], _: int) -> None:
    """Into each window's note goes nothing, or `-` and why not, or `!` and what was raised."""
    for named in windows:
        note = named.pop(NOTE)[1]
        inputs, outputs, expected = {}, {}, {}
        for name, (_argument, value) in named.items():
            if name.startswith(GOT):
                outputs[name.removeprefix(GOT)] = value
            elif name.startswith(RIGHT):
                expected[name.removeprefix(RIGHT)] = value
            else:
                inputs[name] = value
        try:
            words = _words(module.check(inputs, outputs, expected))
        except AssertionError as error:
            words = f"-{error}"
        except BaseException as error:  # noqa: BLE001 — what it makes of nonsense, the judge will say
            words = f"!{type(error).__name__}: {error}"
        said = words.encode(errors="replace")[: note.numel()]
        note.zero_()
        note[: len(said)] = torch.frombuffer(bytearray(said), dtype=torch.uint8) if said else 0


def _words(answer: Any) -> str:
    """None and True are yes; False is no; a sentence is no, and why."""
    if isinstance(answer, torch.Tensor) and answer.numel() == 1 and answer.dtype == torch.bool:
        answer = bool(answer)
    if answer is None or answer is True or answer == "":
        return ""
    if answer is False:
        return "-"
    if isinstance(answer, str):
        return f"-{answer}"
    raise TypeError(
        f"check() returns None, a bool, or why not as text; not a {type(answer).__name__}"
    )


# ---- a count of the reference's work ------------------------------------------------------------


class _Elementwise(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch types none of it
    """One operation an element, for everything that torch's own counter does not know."""

    def __init__(self, known: FlopCounterMode) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._known = known.flop_registry
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        packet = func._overloadpacket  # noqa: SLF001 — the name that torch's counter goes by
        if packet not in self._known and not func.is_view and packet.__name__ not in _MOVES:
            sizes = [t.numel() for t in _tensors((args, result))]
            self.total += max(sizes, default=0)
        return result


# these carry numbers from place to place and compute none
_MOVES = frozenset(
    {"clone", "copy_", "_to_copy", "empty", "empty_like", "empty_strided", "cat", "stack", "zeros",
     "zeros_like", "ones", "ones_like", "full", "full_like", "contiguous", "constant_pad_nd",
     "index", "gather", "index_select", "new_empty", "new_zeros", "new_full", "fill_", "zero_",
     "arange", "lift_fresh", "lift_fresh_copy", "scalar_tensor"}
)  # fmt: skip


# products that torch's counter has no formula for: their two factors' shapes come in
_PRODUCTS = {
    torch.ops.aten.mv: lambda matrix, *_, **__: 2 * math.prod(matrix),
    torch.ops.aten.dot: lambda one, *_, **__: 2 * math.prod(one),
    torch.ops.aten.addmv: lambda _bias, matrix, *_, **__: 2 * math.prod(matrix),
}


def _tensors(tree: Any) -> Iterator[torch.Tensor]:
    if isinstance(tree, torch.Tensor):
        yield tree
    elif isinstance(tree, (tuple, list)):
        for branch in tree:
            yield from _tensors(branch)


def _count(module: types.ModuleType, windows: Sequence[Named], _: int) -> None:
    """Into the note go two numbers: what torch's counter says, and one an element of the rest."""
    (named,) = windows
    note = named.pop(NOTE)[1]
    counter = FlopCounterMode(display=False, custom_mapping=_PRODUCTS)
    with counter, _Elementwise(counter) as others:
        module.reference(**read_by_reference(named))
    note.copy_(torch.tensor([counter.get_total_flops(), others.total], dtype=note.dtype))


ASKED: Mapping[int, Callable[[types.ModuleType, Sequence[Named], int], None]] = {
    Op.DRAW: _draw,
    Op.CHECK: _check,
    Op.COUNT: _count,
}
