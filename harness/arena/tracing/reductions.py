"""How many terms one element of a result sums, counted over the operations of a run."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._sympy.functions import FloorDiv


class Reductions(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch types none of it
    """The terms of all sums of one after another, as sympy has them."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._terms: dict[Any, None] = {}

    @property
    def total(self) -> Any:
        """A sum of the different ones: a bound, and no more than that."""
        return sympy.Add(*self._terms)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        count = _COUNTS.get(func._overloadpacket.__name__)  # noqa: SLF001 — its name
        if count is not None:
            self._terms[count(args)] = None
        return result


def _size(size: Any) -> Any:
    return size.node.expr if isinstance(size, torch.SymInt) else sympy.Integer(int(size))


def _product(sizes: Sequence[Any]) -> Any:
    return sympy.Mul(*(_size(size) for size in sizes))


def _inner(position: int) -> Callable[[Any], Any]:
    """Of a product of matrices: the columns of the left one."""
    return lambda args: _size(args[position].shape[-1])


def _window(args: Any) -> Any:
    """Of a convolution: what one filter covers."""
    return _product(args[1].shape[1:])


def _over(args: Any) -> Any:
    """Of a sum over some axes, or all."""
    shape = args[0].shape
    axes = args[1] if len(args) > 1 else None
    if isinstance(axes, int):
        axes = (axes,)
    if not isinstance(axes, (tuple, list)) or not axes:
        axes = range(len(shape))
    return _product([shape[axis] for axis in axes])


def _normalized(args: Any) -> Any:
    return _product(args[0].shape[-len(args[1]) :])


def _group(args: Any) -> Any:
    """Of one sample: channels times positions, shared among the groups."""
    channels, positions, groups = (_size(size) for size in args[4:7])
    return FloorDiv(channels * positions, groups)


def _all(args: Any) -> Any:
    return _product(args[0].shape)


_COUNTS: Mapping[str, Callable[[Any], Any]] = {
    "mm": _inner(0), "bmm": _inner(0), "mv": _inner(0), "dot": _inner(0),
    "addmm": _inner(1), "baddbmm": _inner(1), "addmv": _inner(1),
    "_scaled_dot_product_flash_attention_for_cpu": _inner(0),
    "convolution": _window,
    "sum": _over, "mean": _over, "var": _over, "std": _over, "var_mean": _over,
    "linalg_vector_norm": _all, "logsumexp": _over,
    "_softmax": _over, "_log_softmax": _over, "cumsum": _over,
    "native_layer_norm": _normalized, "native_group_norm": _group,
}  # fmt: skip
