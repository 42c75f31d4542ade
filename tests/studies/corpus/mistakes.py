"""Mistakes that any kernel can make, planted in a right one; and the shapes that they take."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from tests.studies.corpus import arithmetic as a
from tests.studies.corpus.records import HALVES, Answer, Given, Kernel, Label, Run

Change = Callable[[Tensor], Tensor]
Named = Mapping[str, Run]
NONE: Named = {}


def read_as(run: Run, change: Change) -> Run:
    """Every float that is read goes through a change first."""
    return lambda g: run(g.mapped(change))


def written_as(run: Run, change: Change) -> Run:
    """Every float that is written goes through a change first."""

    def changed(g: Given) -> Answer:
        answer = run(g)
        outputs = answer if isinstance(answer, tuple) else (answer,)
        return tuple(change(y.clone()) if y.is_floating_point() else y for y in outputs)

    return changed


def ended_early(run: Run) -> Run:
    """The last of 32 parts of each output was never computed, and is zero."""

    def cut(y: Tensor) -> Tensor:
        flat = y.flatten()
        flat[flat.numel() - max(1, flat.numel() // 32) :] = 0
        return flat.view(y.shape)

    def changed(g: Given) -> Answer:
        answer = run(g)
        outputs = answer if isinstance(answer, tuple) else (answer,)
        return tuple(cut(y.clone()) for y in outputs)

    return changed


def _one_off(y: Tensor) -> Tensor:
    """One element in the middle is off by a thousandth of the typical one."""
    flat = y.flatten()
    flat[flat.numel() // 2] += 1e-3 * float(flat.square().mean().sqrt())
    return flat.view(y.shape)


def _flushed(y: Tensor) -> Tensor:
    return torch.where(y.abs() < 1e-3, torch.zeros_like(y), y)


def _zeros(run: Run) -> Run:
    def changed(g: Given) -> Answer:
        answer = run(g)
        outputs = answer if isinstance(answer, tuple) else (answer,)
        return tuple(torch.zeros_like(y) for y in outputs)

    return changed


def kernels(
    plain: Run,
    *,
    honest: Named,
    wrong: Named,
    open_: Named = NONE,
    half_honest: Named = NONE,
    half_wrong: Named = NONE,
    half_open: Named = NONE,
    is_whole: bool = False,
) -> tuple[Kernel, ...]:
    """
    All kernels of an operator; `plain` is the right one in which common mistakes are planted.
    `is_whole`: it answers with whole numbers, which are never rounded.
    """
    single = ("float32",)
    groups = [
        (Label.HONEST, honest, single),
        (Label.WRONG, wrong, single),
        (Label.OPEN, open_, single),
        (Label.HONEST, half_honest, HALVES),
        (Label.WRONG, half_wrong, HALVES),
        (Label.OPEN, half_open, HALVES),
    ]
    found = [
        Kernel(name=name, label=label, run=run, dtypes=dtypes)
        for label, named, dtypes in groups
        for name, run in named.items()
    ]
    found += _common(plain, is_whole=is_whole)
    if half_honest:
        found += _common_in_halves(plain)
    return tuple(found)


def _common(run: Run, *, is_whole: bool) -> list[Kernel]:
    found = {
        "reads TF32": read_as(run, a.tf32),
        "reads float16": read_as(run, a.fp16),
        "reads bfloat16": read_as(run, a.bf16),
        "reads int8, one scale": read_as(run, a.int8),
        "last block missing": ended_early(run),
        "zeros": _zeros(run),
    }
    if not is_whole:
        found |= {
            "writes through float16": written_as(run, a.fp16),
            "one element off by 1e-3": written_as(run, _one_off),
            "flushes below 1e-3": written_as(run, _flushed),
        }
    return _named(found, ("float32",))


def _common_in_halves(run: Run) -> list[Kernel]:
    found = {
        "reads FP8": read_as(run, a.fp8),
        "reads int8, one scale": read_as(run, a.int8),
        "writes through FP8": written_as(run, a.fp8),
        "last block missing": ended_early(run),
        "zeros": _zeros(run),
    }
    # one of the halves where the other was asked for: three bits less, or another range
    shorter = {
        "reads bfloat16": read_as(run, a.bf16),
        "writes through bfloat16": written_as(run, a.bf16),
    }
    return [*_named(found, HALVES), *_named(shorter, ("float16",))]


def _named(found: Named, dtypes: tuple[str, ...]) -> list[Kernel]:
    return [
        Kernel(name=name, label=Label.WRONG, run=run, dtypes=dtypes, is_common=True)
        for name, run in found.items()
    ]
