"""The functions of CUDA's device library that kernels call by name, counted by numpy and torch."""

import importlib
import inspect
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import torch
import triton.language as tl
from numpy.typing import NDArray
from triton.runtime import interpreter

from harness.emulation.triton.findings import Unsupported

_MODULES = (
    "triton.language.extra.libdevice",
    "triton.language.extra.cuda.libdevice",
    "triton.language.extra.hip.libdevice",
)


def _by_torch(function: Callable[..., torch.Tensor]) -> Callable[..., NDArray[Any]]:
    def compute(*values: NDArray[Any]) -> NDArray[Any]:
        tensors = [torch.from_numpy(np.array(value)) for value in values]
        result: NDArray[Any] = function(*tensors).numpy()
        return result

    return compute


def _half_away(values: NDArray[Any]) -> NDArray[Any]:
    rounded: NDArray[Any] = np.copysign(np.floor(np.abs(values) + 0.5), values)
    return rounded


_FUNCTIONS: dict[str, Callable[..., NDArray[Any]]] = {
    **{name: getattr(np, name) for name in (
        "abs", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "sin",
        "cos", "tan", "sinh", "cosh", "tanh", "floor", "ceil", "trunc", "rint", "hypot", "fmod",
        "copysign", "fmin", "fmax", "nextafter")},
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "fabs": np.abs, "pow": np.power, "exp10": lambda x: np.power(x.dtype.type(10), x),
    "rsqrt": lambda x: 1 / np.sqrt(x), "rcbrt": lambda x: 1 / np.cbrt(x),
    "round": _half_away, "nearbyint": np.rint,
    "erf": _by_torch(torch.erf), "erfc": _by_torch(torch.erfc), "erfinv": _by_torch(torch.erfinv),
    "lgamma": _by_torch(torch.lgamma),
    "fast_expf": np.exp, "fast_exp10f": lambda x: np.power(x.dtype.type(10), x),
    "fast_logf": np.log, "fast_log2f": np.log2, "fast_log10f": np.log10, "fast_sinf": np.sin,
    "fast_cosf": np.cos, "fast_tanf": np.tan, "fast_tanhf": np.tanh, "fast_powf": np.power,
    "fast_dividef": np.divide, "div_rn": np.divide,
}  # fmt: skip


def mend() -> None:
    """Every function of the library's modules: computed here, or refused by its name."""
    for path in _MODULES:
        try:
            module = importlib.import_module(path)
        except ImportError:  # not every release has each
            continue
        for name, member in list(vars(module).items()):
            if inspect.isfunction(member) and not name.startswith("_"):
                setattr(module, name, _emulated(name))


def _emulated(name: str) -> Callable[..., Any]:
    compute = _FUNCTIONS.get(name)

    def call(*values: Any, **_: Any) -> Any:
        if compute is None:
            return _refuse(name)
        tensors = [interpreter.interpreter_semantic.to_tensor(value) for value in values]
        data = np.broadcast_arrays(*(tensor.handle.data for tensor in tensors))
        result = compute(*data).astype(data[0].dtype)
        kind = max(tensors, key=lambda tensor: tensor.handle.data.size)
        return tl.tensor(interpreter.TensorHandle(result, tensors[0].dtype.scalar), kind.type)

    return call


def _refuse(name: str) -> NoReturn:
    raise Unsupported(f"`libdevice.{name}`")
