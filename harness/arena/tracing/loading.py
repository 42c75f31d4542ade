"""An author's file imported, in a box and nowhere else; and what is meant in it found."""

import importlib.util
import inspect
import math
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from harness.arena.tracing.subject import Scalar, Subject, Tensor, Untraceable, refuse, tried

EXAMPLES = ("get_inputs", "example_inputs")
CONSTRUCTS = "get_init_inputs"
PREFERRED = ("Model", "reference", "forward", "solution")
MAX_VALUES = 1 << 24  # example inputs beyond so many elements are known by their shapes alone


def load(path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("given", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["given"] = module
    execute = spec.loader.exec_module
    error = tried(lambda: execute(module))
    if isinstance(error, SyntaxError):
        raise Untraceable(f"not valid Python: {error.msg}", line=error.lineno or 0)
    if error is not None:
        refuse(error, "importing the file")
    return module


# ---- which of them ------------------------------------------------------------------------------


def find(module: types.ModuleType, name: str | None) -> Any:
    """The function or class that is meant, or a list of those that could be."""
    own = {
        key: value
        for key, value in vars(module).items()
        if getattr(value, "__module__", "") == "given" and not key.startswith("_")
    }
    modules = {
        key: value
        for key, value in own.items()
        if inspect.isclass(value) and issubclass(value, torch.nn.Module)
    }
    functions = {
        key: value
        for key, value in own.items()
        if inspect.isfunction(value) and key not in {*EXAMPLES, CONSTRUCTS}
    }
    found = {**modules, **functions}
    listed = ", ".join(found)
    if name is not None:
        if name not in found:
            raise Untraceable(f"no function or module `{name}`", f"one of {listed}")
        return found[name]
    for likely in PREFERRED:
        if likely in found:
            return found[likely]
    for kind in (modules, functions):
        if len(kind) == 1:
            return next(iter(kind.values()))
    if not found:
        raise Untraceable(
            "no function and no class of torch.nn.Module", "define one at the top of the file"
        )
    raise Untraceable(f"several could be meant: {listed}", "choose one by its name")


def subject_of(
    module: types.ModuleType, name: str | None, shapes: Mapping[str, Sequence[int]]
) -> Subject:
    found = find(module, name)
    is_module = inspect.isclass(found)
    signature = inspect.signature(found.forward if is_module else found)
    taken = list(signature.parameters.values())[1 if is_module else 0 :]
    arguments = _arguments(module, taken, shapes, found.__name__)
    if not is_module:
        return Subject(found.__name__, arguments, (), found)
    build = _builder(module, found)
    with torch.device("meta"):
        weights = tried(lambda: _weights(build()))
    is_hollow = not isinstance(weights, Exception)
    if isinstance(weights, Exception):  # some constructors compute: then with numbers
        weights = tried(lambda: _weights(build()))
    if not isinstance(weights, Exception):
        tables = _tables(build, weights)
        weights = tuple(weight for weight in weights if weight.name not in tables)
    if isinstance(weights, Exception):
        mend = f"give its arguments: def {CONSTRUCTS}(): return [...]"
        given = hasattr(module, CONSTRUCTS)
        refuse(weights, f"constructing {found.__name__}", "" if given else mend)
    return Subject(found.__name__, arguments, weights, found, build, is_hollow)


def _builder(module: types.ModuleType, found: Any) -> Callable[[], torch.nn.Module]:
    def build() -> torch.nn.Module:
        given: Sequence[Any] = getattr(module, CONSTRUCTS, list)()
        built: torch.nn.Module = found(*given).eval()
        return built

    return build


def _weights(built: torch.nn.Module) -> tuple[Tensor, ...]:
    """Parameters and buffers in the order of the state; a tensor with two names goes in once."""
    own = {**dict(built.named_parameters()), **dict(built.named_buffers())}
    state = built.state_dict()
    return tuple(
        Tensor(name=name, dtype=value.dtype, shape=tuple(value.shape), is_weight=True)
        for name, value in state.items()
        # a counter of steps is no weight
        if name in own and (value.dim() or value.is_floating_point())
    )


def _tables(build: Callable[[], torch.nn.Module], weights: Sequence[Tensor]) -> set[str]:
    """
    Buffers that the constructor computed (masks, tables of angles): they stay in the module.
    What begins as one number everywhere is a state that something else will have changed.
    """
    size = sum(math.prod(weight.shape) for weight in weights)
    built = tried(build) if size <= 4 * MAX_VALUES else None
    if not isinstance(built, torch.nn.Module):
        return set()
    return {
        name
        for name, value in built.named_buffers()
        if value.numel() > 1 and not bool((value == value.flatten()[0]).all())
    }


# ---- the example --------------------------------------------------------------------------------


def _arguments(
    module: types.ModuleType,
    taken: Sequence[inspect.Parameter],
    shapes: Mapping[str, Sequence[int]],
    name: str,
) -> tuple[Tensor | Scalar, ...]:
    makes = next((getattr(module, word) for word in EXAMPLES if hasattr(module, word)), None)
    names = [parameter.name for parameter in taken]
    unknown = [word for word in shapes if word not in names]
    if unknown:
        raise Untraceable(
            f"`{name}` takes no parameter `{unknown[0]}`", f"it takes {', '.join(names)}"
        )
    values = _examples(makes) if makes is not None else []
    if taken and taken[-1].kind is inspect.Parameter.VAR_POSITIONAL:
        rest = range(len(values) - len(names) + 1)
        names = [*names[:-1], *(f"{names[-1]}_{i}" for i in rest)]
    if len(values) > len(names):
        raise Untraceable(f"{len(values)} example inputs for {len(names)} parameters of `{name}`")
    given = dict(zip(names, values, strict=False))
    found: list[Tensor | Scalar] = []
    missing = []
    for word in names:
        default = next((p.default for p in taken if p.name == word), inspect.Parameter.empty)
        if word in shapes:
            found.append(_shaped(word, given.get(word), tuple(shapes[word])))
        elif word in given:
            found.append(_argument(word, given[word]))
        elif default is not inspect.Parameter.empty:
            found.append(_argument(word, default))
        else:
            missing.append(word)
    if missing:
        spoken = " ".join(f"--shape {word}=3,8" for word in missing)
        raise Untraceable(
            f"no example of {', '.join(f'`{word}`' for word in missing)} of `{name}`",
            f"say its shape, like {spoken}, or add def {EXAMPLES[0]}(): return [...]",
        )
    return tuple(found)


def _examples(makes: Callable[[], Any]) -> Sequence[Any]:
    """First without memory, as examples may be huge; then, if they are small, with their values."""
    with FakeTensorMode():
        values = tried(makes)
    if isinstance(values, Exception) or _elements(_several(values)) <= MAX_VALUES:
        torch.manual_seed(0)
        values = tried(makes)
    if isinstance(values, Exception):
        refuse(values, f"{makes.__name__}()")
    return _several(values)


def _several(values: Any) -> Sequence[Any]:
    return values if isinstance(values, (tuple, list)) else (values,)


def _elements(values: Iterable[Any]) -> int:
    return sum(value.numel() for value in values if isinstance(value, torch.Tensor))


def _argument(name: str, value: Any) -> Tensor | Scalar:
    if value is None or isinstance(value, (bool, int, float)):
        return Scalar(name, value)
    if not isinstance(value, torch.Tensor):
        kind = type(value).__name__
        raise Untraceable(
            f"the example of `{name}` is a {kind}", "example inputs are tensors and numbers"
        )
    has_values = type(value) is torch.Tensor and value.numel() > 0 and not value.is_complex()
    return Tensor(
        name=name,
        dtype=value.dtype,
        shape=tuple(value.shape),
        low=value.min().item() if has_values else None,
        high=value.max().item() if has_values else None,
    )


def _shaped(name: str, value: Any, shape: tuple[int, ...]) -> Tensor:
    dtype = value.dtype if isinstance(value, torch.Tensor) else torch.float32
    return Tensor(name=name, dtype=dtype, shape=shape)
