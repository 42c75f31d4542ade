"""
The boxed side of a draft: reads what is asked, traces, and answers in lines of text.

A line is a word and its fields, separated by tabs. Nothing in it is more than a claim.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from harness.arena.authored import forbid_side_effects
from harness.arena.tracing import ranges
from harness.arena.tracing.bench import Bench, Came, Range
from harness.arena.tracing.casing import Cases, cases_of
from harness.arena.tracing.exploring import freed, makes_sense, obeys, small_start
from harness.arena.tracing.loading import CONSTRUCTS, load, subject_of
from harness.arena.tracing.rules import learn_rules
from harness.arena.tracing.subject import Scalar, Tensor, Untraceable
from harness.arena.tracing.symbols import Plan, symbolic_plan
from harness.problem.shapes import evaluate


def main(descriptor: int) -> None:
    """Descriptor: the question, as JSON; the one after it: where the answer goes."""
    asked = json.loads(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
    torch.set_num_threads(1)
    sys.dont_write_bytecode = True
    try:
        lines = list(_traced(asked))
    except Untraceable as told:
        lines = [_line("error", told.line, told.what, told.mend)]
    lines.append("end")
    os.write(descriptor + 1, "\n".join(lines).encode(errors="replace"))
    os._exit(0)


def _line(*fields: Any) -> str:
    return "\t".join(" ".join(str(field).split()) for field in fields)


def _traced(asked: dict[str, Any]) -> Iterator[str]:
    path = Path.cwd() / "given.py"
    path.write_text(asked["source"])
    forbid_side_effects()
    module = load(path)
    subject = subject_of(module, asked["name"], asked["shapes"])
    bench = Bench(subject)
    plan, start, came = _planned(bench)
    yield from _signature(bench, plan, hasattr(module, CONSTRUCTS))
    yield from _results(bench, plan, start, came)
    for rule in plan.require:
        yield _line("require", rule)
    cases = cases_of(bench, plan, start)
    if plan.flops and _counts_agree(bench, plan, cases):
        yield _line("flops", plan.flops)
    if plan.reduction:
        yield _line("reduction", plan.reduction)
    yield from _cases(plan, cases)


def _planned(bench: Bench) -> tuple[Plan, dict[str, int], Came]:
    """A plan that real runs agree with, sizes at which it runs, and what came there."""
    plan = symbolic_plan(bench.subject) or _constant(bench)
    start = small_start(bench, plan)
    came = ranges.first_run(bench, plan, start)
    ranges.settle(bench, plan, start)
    for bolder in (freed(bench, plan, start), plan):
        sizes = {**bolder.sizes, **start}
        learnt = learn_rules(bench, bolder, sizes)
        if learnt is not None:
            return learnt, {symbol: sizes[symbol] for symbol in learnt.sizes}, came
    return _constant(bench), {}, came


def _shapes(came: Came | Exception) -> list[tuple[int, ...]] | None:
    if isinstance(came, Exception):
        return None
    return [tuple(output.shape) for output in came.outputs]


def _constant(bench: Bench) -> Plan:
    """The example's own sizes and no others."""
    axes = {t.name: tuple(str(size) for size in t.shape) for t in bench.subject.tensors}
    plan = Plan(axes=axes, outputs=(), sizes={})
    came = ranges.first_run(bench, plan, {})
    shapes = _shapes(came)
    # several: shapes that follow from values may well agree once or twice
    if any(_shapes(bench.at(plan, {}, seed=seed)) != shapes for seed in range(1, 7)):
        raise Untraceable(
            f"what `{bench.subject.name}` returns has a shape that depends on its inputs' values",
            "a problem's outputs have shapes that follow from its sizes",
        )
    return replace(
        plan, outputs=tuple(tuple(str(size) for size in shape) for shape in shapes or ())
    )


# ---- the answer ---------------------------------------------------------------------------------


def _signature(bench: Bench, plan: Plan, constructs: bool) -> Iterator[str]:
    subject = bench.subject
    kind = "function" if subject.build is None else "hollow" if subject.is_hollow else "module"
    yield _line("subject", kind, subject.name, "init" if constructs else "plain")
    for argument in subject.arguments:
        if isinstance(argument, Scalar):
            kind = type(argument.value).__name__
            yield _line("scalar", argument.name, kind, repr(argument.value))
        else:
            yield _tensor("input", argument, plan, bench)
    for weight in subject.weights:
        yield _tensor("weight", weight, plan, bench)


def _tensor(word: str, tensor: Tensor, plan: Plan, bench: Bench) -> str:
    drawn: Range = bench.ranges[tensor.name]
    return _line(
        word, tensor.name, _dtype(tensor.dtype), drawn.kind, drawn.low or "-", drawn.high or "-",
        "derived" if drawn.is_derived else "seen", _axes(plan.axes[tensor.name]),
    )  # fmt: skip


def _axes(axes: tuple[str, ...]) -> str:
    return "; ".join(axes) or "-"


def _dtype(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _results(bench: Bench, plan: Plan, start: dict[str, int], came: Came) -> Iterator[str]:
    for name in came.written:
        yield _line("written", name)
    if not came.returned:
        return
    yield _line("returns", came.returned)
    wide = ranges.widened(bench, plan, start)
    for number, output in enumerate(came.outputs):
        precision = "keeps"
        if output.is_floating_point() and wide.outputs[number].dtype != torch.float64:
            precision = "fixes"
        lent = "lent" if came.lent[number] else "own"
        yield _line("output", _dtype(output.dtype), lent, precision, _axes(plan.outputs[number]))


def _counts_agree(bench: Bench, plan: Plan, cases: Cases) -> bool:
    tried_out = [sizes for tier, sizes in cases if tier in {"sample", "test"}]
    return all(bench.counts(plan, s) == evaluate(plan.flops, s) for s in tried_out)


def _cases(plan: Plan, cases: Cases) -> Iterator[str]:
    for symbol in plan.sizes:
        yield _line("size", symbol)
    for tier, sizes in cases:
        assert obeys(plan.require, sizes)
        assert makes_sense(plan, sizes)
        yield _line("case", tier, *(sizes[symbol] for symbol in plan.sizes))
