"""What is traced: a function or a module, its example inputs and its weights."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import torch

Found = TypeVar("Found")
Tensors = Mapping[str, torch.Tensor]


class Untraceable(Exception):  # noqa: N818 — a sentence for the author, with the line where known
    def __init__(self, what: str, mend: str = "", line: int = 0) -> None:
        super().__init__(what)
        self.what, self.mend, self.line = what, mend, line


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """A tensor that goes in: as the example has it."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    is_weight: bool = False
    low: float | None = None  # the least and the greatest value of the example, where it has any
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Scalar:
    name: str
    value: float | None  # None is passed on as it is


@dataclass(slots=True)
class Subject:
    name: str
    arguments: tuple[Tensor | Scalar, ...]
    weights: tuple[Tensor, ...]
    entry: Callable[..., Any]
    build: Callable[[], torch.nn.Module] | None = None  # for a module, as often as it is asked
    is_hollow: bool = False  # built without numbers: all that it computes with comes from outside

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return (*(a for a in self.arguments if isinstance(a, Tensor)), *self.weights)

    def made(self) -> torch.nn.Module | None:
        """The module, as the reference will have it."""
        if self.build is None:
            return None
        with torch.device("meta" if self.is_hollow else "cpu"):
            return self.build()

    def call(self, tensors: Tensors, module: torch.nn.Module | None) -> Any:
        values = [
            tensors[argument.name] if isinstance(argument, Tensor) else argument.value
            for argument in self.arguments
        ]
        if module is None:
            return self.entry(*values)
        lifted = {weight.name: tensors[weight.name] for weight in self.weights}
        return torch.func.functional_call(module, lifted, tuple(values))


def tried(do: Callable[[], Found]) -> Found | Exception:
    """What it gave or what it raised: authors' code may raise anything."""
    try:
        return do()
    except Exception as error:  # noqa: BLE001 — see above
        return error


def refuse(error: Exception, doing: str, mend: str = "") -> NoReturn:
    """An author's exception as a sentence, with the last line of theirs that led to it."""
    if isinstance(error, Untraceable):
        raise error
    frames = traceback.extract_tb(error.__traceback__)
    line = next((f.lineno for f in reversed(frames) if Path(f.filename).name == "given.py"), 0)
    words = " ".join(str(error).split())[:300]
    told = f"{doing} raised {type(error).__name__}: {words}"
    raise Untraceable(told, mend, line or 0) from error
