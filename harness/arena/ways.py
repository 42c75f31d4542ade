"""
The boxed side of a baseline: other ways in which PyTorch can be asked for what a reference says.

A reference is written plainly, and plain calls do not always reach PyTorch's quickest path. Each
way here is what its user would try next; what it costs to change a layout, and to change it back,
is inside its time.
"""

import os
import shutil
import types
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from harness.arena.wire import Style

Entry = Callable[..., Any]
_LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}


def before_loading(style: Style) -> None:
    """What must be there before a module binds names of PyTorch's."""
    if style is Style.ONEDNN:
        _ask_onednn()


def as_asked(style: Style, entry: Entry) -> Entry:
    if style is Style.CHANNELS_LAST:
        return _in_channels_last(entry)
    return entry


def _in_channels_last(entry: Entry) -> Entry:
    def converted(**given: Any) -> Any:
        result = entry(**{name: _last(value) for name, value in given.items()})
        results = result if isinstance(result, (tuple, list)) else (result,)
        return tuple(_first(value) for value in results)

    return converted


def _last(value: Any) -> Any:
    layout = _LAYOUTS.get(value.dim()) if isinstance(value, torch.Tensor) else None
    return value if layout is None else value.contiguous(memory_format=layout)


def _first(value: Any) -> Any:
    return value.contiguous() if isinstance(value, torch.Tensor) else value


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


# ---- what Inductor, the compiler behind torch.compile, makes of a reference ---------------------


def compiled(entry: Entry, given: Mapping[str, Any]) -> bytes:
    """
    A library for these sizes, made ahead of time: who calls it needs neither Inductor nor Dynamo's
    guards, so neither is in its time. Freezing folds and prepacks the tensors that a module itself
    holds; those that are arguments, as weights are here, are nobody's constants.
    """
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # no processes of its own beside compilers
    os.environ["TORCHINDUCTOR_VEC_ISA_OK"] = "1"  # as the processor says, without compiling a trial
    import torch._inductor.config as inductor  # noqa: PLC0415 — seconds, and after what it reads

    # it copies files with their modes, which no box without a root of its own may set
    shutil.copymode = lambda *_, **__: None
    inductor.freezing = True
    # headers compiled beforehand pay for themselves from the second call on, and there is one
    inductor.cpp_cache_precompile_headers = False
    inductor.aot_inductor.precompile_headers = False
    inductor.aot_inductor.enable_line_tables = False

    tensors = {name: value for name, value in given.items() if isinstance(value, torch.Tensor)}

    class Asked(torch.nn.Module):
        def forward(self, *values: torch.Tensor) -> Any:
            result = entry(**{**given, **dict(zip(tensors, values, strict=True))})
            return tuple(result) if isinstance(result, (tuple, list)) else result

    exported = torch.export.export(Asked(), tuple(tensors.values()), strict=False)
    path = Path.cwd() / "compiled.pt2"
    torch._inductor.aoti_compile_and_package(exported, package_path=str(path))  # noqa: SLF001 — its name
    return path.read_bytes()


def of_compiled(path: Path) -> Entry:
    """What was compiled, as a function of the same parameters."""
    folder = path.parent / "compiled"
    with zipfile.ZipFile(path) as package:  # PyTorch's own loader would unpack it into /tmp
        package.extractall(folder)
    (library,) = folder.rglob("*.so")
    run = torch._C._aoti.AOTIModelContainerRunnerCpu(str(library), 1).run  # noqa: SLF001 — as above

    def call(**given: Any) -> Any:
        return run([value for value in given.values() if isinstance(value, torch.Tensor)])

    return call
