"""
The card that is not there, as far as honest host code asks for it.

Tensors lie on the CPU and say that they are on `cuda:0`; what is to be made there is made here.
What needs a real card (streams that overlap, graphs, events' times) is not to be had.
"""

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NoReturn

import torch
import triton
from torch.overrides import TorchFunctionMode
from triton.backends.compiler import GPUTarget
from triton.runtime import driver

from harness.emulation.triton.architectures import SHARED_BYTES
from harness.emulation.triton.findings import Unsupported

WARP, REGISTERS, PROCESSORS = 32, 65536, 132
_HERE = torch.device("cpu")
_THERE = torch.device("cuda", 0)


class Driver:
    """What Triton and its users ask a driver; nothing can be launched by it."""

    def __init__(self, capability: int) -> None:
        self._capability = capability
        properties = {
            "max_shared_mem": SHARED_BYTES[capability],
            "multiprocessor_count": PROCESSORS,
            "max_num_regs": REGISTERS,
            "warpSize": WARP,
            "sm_clock_rate": 1_700_000,
            "mem_clock_rate": 2_600_000,
            "mem_bus_width": 5120,
        }
        self.utils = SimpleNamespace(
            get_device_properties=lambda _: dict(properties), load_binary=_launch
        )
        self.launcher_cls = _launch

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", self._capability, WARP)

    def get_active_torch_device(self) -> torch.device:
        return _THERE

    def get_benchmarker(self) -> Callable[..., Any]:
        return bench_once

    def get_device_capability(self, *_: Any) -> tuple[int, int]:
        return divmod(self._capability, 10)

    @staticmethod
    def is_active() -> bool:
        return True

    @staticmethod
    def get_current_device() -> int:
        return 0

    @staticmethod
    def set_current_device(_: int) -> None:
        """There is one."""

    @staticmethod
    def get_current_stream(*_: Any) -> int:
        return 0

    @staticmethod
    def get_device_interface() -> Any:
        return torch.cuda

    @staticmethod
    def get_empty_cache_for_benchmark() -> torch.Tensor:
        return torch.empty(0)

    @staticmethod
    def clear_cache(_: Any) -> None:
        """There is none."""


def _launch(*_: Any, **__: Any) -> NoReturn:
    raise Unsupported("a kernel that is launched past the interpreter")


def bench_once(call: Callable[[], Any], *_: Any, quantiles: Any = None, **__: Any) -> Any:
    """A time means nothing here: the kernel runs once."""
    call()
    return 1.0 if quantiles is None else [1.0] * len(quantiles)


def pretend(capability: int) -> None:
    """From now on there is a card, to those that ask in the usual ways."""
    stand_in = Driver(capability)
    driver.set_active(stand_in)
    triton.testing.do_bench = bench_once
    triton.testing.do_bench_cudagraph = bench_once
    properties = SimpleNamespace(
        name="emulated", major=capability // 10, minor=capability % 10,
        multi_processor_count=PROCESSORS, total_memory=80 << 30, warp_size=WARP,
        regs_per_multiprocessor=REGISTERS,
        shared_memory_per_block_optin=SHARED_BYTES[capability],
        max_threads_per_multi_processor=2048, L2_cache_size=50 << 20,
    )  # fmt: skip
    stream = SimpleNamespace(cuda_stream=0, synchronize=_nothing, wait_stream=_nothing)
    offered: dict[str, Callable[..., Any]] = {
        "is_available": lambda: True,
        "is_initialized": lambda: True,
        "init": _nothing,
        "device_count": lambda: 1,
        "current_device": lambda: 0,
        "set_device": _nothing,
        "synchronize": _nothing,
        "empty_cache": _nothing,
        "get_device_name": lambda *_: "emulated",
        "get_device_capability": stand_in.get_device_capability,
        "get_device_properties": lambda *_: properties,
        "current_stream": lambda *_: stream,
        "default_stream": lambda *_: stream,
        "device": _there,
        "is_bf16_supported": lambda *_, **__: True,
    }
    for name, answer in offered.items():
        setattr(torch.cuda, name, answer)
    torch.cuda._lazy_init = _no_card  # noqa: SLF001 — where everything else of it begins
    for name in ("Stream", "Event", "CUDAGraph", "graph"):
        setattr(torch.cuda, name, _refuse(f"`torch.cuda.{name}`"))


def _nothing(*_: Any, **__: Any) -> None:
    """As good as done."""


@contextlib.contextmanager
def _there(*_: Any) -> Iterator[None]:
    yield


def _refuse(feature: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise Unsupported(feature)

    return refuse


def _no_card() -> NoReturn:
    raise Unsupported("what host code asks of CUDA itself")


class Pretence(TorchFunctionMode):
    """Tensors say where they would be, and are made where there is a place for them."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        asked = {name: _here(value) for name, value in (kwargs or {}).items()}
        name = getattr(function, "__name__", "")
        if function in _ANSWERS:
            return _ANSWERS[function]
        if name == "cuda":
            return args[0]
        return function(*(_here(value) for value in args), **asked)


_TENSOR: Any = torch.Tensor
_ANSWERS: dict[Any, Any] = {
    _TENSOR.device.__get__: _THERE,
    _TENSOR.is_cuda.__get__: True,
    _TENSOR.is_cpu.__get__: False,
    _TENSOR.get_device: 0,
}


def _here(value: Any) -> Any:
    """Any device of cuda's is this one."""
    if isinstance(value, torch.device) and value.type == "cuda":
        return _HERE
    if isinstance(value, str) and value.partition(":")[0] == "cuda":
        return _HERE
    return value
