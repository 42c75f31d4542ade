"""
The boxed side of a baseline: other ways in which PyTorch can be asked for what a reference says.

A reference is written plainly, and plain calls do not always reach PyTorch's quickest path. Each
way here is what its user would try next; what it costs to change a layout is inside its time.
"""

import os
import types
from collections.abc import Callable
from typing import Any

import torch

from harness.arena.wire import Style

Entry = Callable[..., Any]
_LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}


def before_loading(style: Style) -> None:
    """What must be there before a module binds names of PyTorch's."""
    if style is Style.ONEDNN:
        _ask_onednn()
    if style is Style.COMPILED:
        os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # no processes of its own


def as_asked(style: Style, entry: Entry) -> Entry:
    if style is Style.CHANNELS_LAST:
        return _in_channels_last(entry)
    if style is Style.COMPILED:
        compiled: Entry = torch.compile(entry, dynamic=False)
        return compiled
    return entry


def _in_channels_last(entry: Entry) -> Entry:
    def converted(**given: Any) -> Any:
        return entry(**{name: _last(value) for name, value in given.items()})

    return converted


def _last(value: Any) -> Any:
    layout = _LAYOUTS.get(value.dim()) if isinstance(value, torch.Tensor) else None
    return value if layout is None else value.contiguous(memory_format=layout)


def _ask_onednn() -> None:
    """Convolutions and linear layers go to oneDNN even where PyTorch would choose another way."""
    own = {dim: getattr(torch, f"conv{dim}d") for dim in (1, 2, 3)}
    onednn = types.SimpleNamespace(  # what torch.compile calls; there is no other door
        convolution=torch.ops.mkldnn._convolution_pointwise,  # noqa: SLF001
        linear=torch.ops.mkldnn._linear_pointwise,  # noqa: SLF001
    )

    def convolution(dim: int) -> Entry:
        def spread(value: Any) -> list[int]:
            return [value] * dim if isinstance(value, int) else list(value)

        def call(
            input: Any,  # noqa: A002 — PyTorch's name for it, and some call by name
            weight: Any,
            bias: Any = None,
            stride: Any = 1,
            padding: Any = 0,
            dilation: Any = 1,
            groups: int = 1,
        ) -> Any:
            if isinstance(padding, str) or input.dim() != dim + 2:
                return own[dim](input, weight, bias, stride, padding, dilation, groups)
            steps = spread(padding), spread(stride), spread(dilation)
            return onednn.convolution(input, weight, bias, *steps, groups, "none", [], "")

        return call

    def linear(input: Any, weight: Any, bias: Any = None) -> Any:  # noqa: A002 — as above
        return onednn.linear(input, weight, bias, "none", [], "")

    functional: Any = torch.nn.functional
    for dim in own:
        named = f"conv{dim}d"
        setattr(torch, named, convolution(dim))
        setattr(functional, named, getattr(torch, named))
    functional.linear = linear
