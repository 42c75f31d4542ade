"""What the corpus is made of: operators, and kernels whose label was given before any verdict."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from torch import Tensor

Answer = Tensor | tuple[Tensor, ...]
HALVES = ("float16", "bfloat16")


class Label(StrEnum):
    HONEST = "honest"  # the dtype's full precision in some order, or a function within 2 ulp
    WRONG = "wrong"  # less precision than the problem's, or another function
    OPEN = "open"  # the principle does not say; shown, and counted nowhere


class Given:
    """
    One draw as a kernel sees it: tensors and sizes by name. Floats come widened to float32, and
    `round` takes them back to the problem's own precision, for a kernel that rounds on its way.
    """

    def __init__(self, values: Mapping[str, Any], round_: Callable[[Tensor], Tensor]) -> None:
        self.values = dict(values)
        self.round = round_

    def __getattr__(self, name: str) -> Any:
        return self.values[name]

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "Given":
        """The same draw with every float tensor changed."""
        changed = {
            name: change(value)
            if isinstance(value, Tensor) and value.is_floating_point()
            else value
            for name, value in self.values.items()
        }
        return Given(changed, self.round)


Run = Callable[[Given], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    name: str
    label: Label
    run: Run
    dtypes: tuple[str, ...]
    is_common: bool = False  # a mistake that was planted in every operator alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A problem as its author would write it, and kernels for it."""

    slug: str
    front: str
    reference: str
    kernels: tuple[Kernel, ...]
