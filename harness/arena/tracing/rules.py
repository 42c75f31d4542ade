"""
Which of the rules that held in the symbolic run are needed: runs at sizes of all kinds decide.
A size for which only its first value works is a constant.
"""

import ast
import random
import re
import time
from collections.abc import Iterator
from dataclasses import replace

from harness.arena.tracing.bench import Bench, Sizes, elements_of
from harness.arena.tracing.exploring import SMALL, makes_sense, obeys
from harness.arena.tracing.symbols import Axes, Plan
from harness.problem.shapes import evaluate, names_in

_QUICK = 1 << 20  # elements of a run that is one of many
_BUDGET_S = 4.0


def learn_rules(bench: Bench, plan: Plan, start: Sizes) -> Plan | None:
    """The plan with the rules that runs need; None if it says wrong shapes."""
    passed, failed = _tried_out(bench, plan, start)
    require, unexplained = _rules(plan, passed, failed)
    stuck = {symbol for sizes in unexplained for symbol in _alone(start, sizes)}
    stuck |= {symbol for symbol in start if len({sizes[symbol] for sizes in passed}) == 1}
    fixed = {symbol: start[symbol] for symbol in stuck}
    held = [f"{symbol} == {size}" for symbol, size in fixed.items()]
    for sizes in unexplained:
        if obeys(held, sizes) and not isinstance(bench.at(plan, sizes), Exception):
            return None  # it runs, and gives other shapes
    return with_numbers(replace(plan, require=require), fixed)


def _tried_out(bench: Bench, plan: Plan, start: Sizes) -> tuple[list[Sizes], list[Sizes]]:
    """Sizes at which it ran as the plan says, and sizes at which it did not."""
    passed: list[Sizes] = [start]
    failed: list[Sizes] = []
    until = time.monotonic() + _BUDGET_S
    for sizes in _neighbours(plan, start):
        if time.monotonic() > until:
            break
        if elements_of(plan, sizes) <= _QUICK and makes_sense(plan, sizes):
            (passed if bench.agrees(plan, sizes) else failed).append(sizes)
    return passed, failed


def _rules(
    plan: Plan, passed: list[Sizes], failed: list[Sizes]
) -> tuple[tuple[str, ...], list[Sizes]]:
    """The fewest rules that admit all that passed and none that failed; what they do not reach."""
    # what must merely differ tells of layouts, not of sizes
    known = [rule for rule in plan.guards if "!=" not in rule]
    known += [f"{symbol} >= 2" for symbol in plan.sizes]
    left = [rule for rule in known if all(obeys([rule], sizes) for sizes in passed)]
    require: list[str] = []
    while failed and left:
        excluded = {rule: [s for s in failed if not obeys([rule], s)] for rule in left}
        best = max(left, key=lambda rule: (len(excluded[rule]), -len(rule)))
        if not excluded[best]:
            break
        require.append(best)
        failed = [sizes for sizes in failed if sizes not in excluded[best]]
    return tuple(require), failed


def _alone(start: Sizes, sizes: Sizes) -> list[str]:
    """The symbol that differs, if it is one: no rule says why it must not."""
    changed = [symbol for symbol in start if sizes[symbol] != start[symbol]]
    return changed if len(changed) == 1 else []


def with_numbers(plan: Plan, fixed: Sizes) -> Plan:
    """The plan with numbers for some symbols."""

    def text(formula: str) -> str:
        found = re.sub(r"\bs\d+\b", lambda m: str(fixed.get(m[0], m[0])), formula)
        return ast.unparse(_Folded().visit(ast.parse(found, mode="eval"))) if found else ""

    def texts(axes: Axes) -> Axes:
        return tuple(text(axis) for axis in axes)

    return Plan(
        axes={name: texts(axes) for name, axes in plan.axes.items()},
        outputs=tuple(texts(axes) for axes in plan.outputs),
        sizes={symbol: size for symbol, size in plan.sizes.items() if symbol not in fixed},
        guards=texts(plan.guards),
        flops=text(plan.flops),
        reduction=text(plan.reduction),
        require=tuple(rule for rule in texts(plan.require) if rule != "1"),
    )


class _Folded(ast.NodeTransformer):
    """Numbers alone make a number."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, (ast.BinOp, ast.Compare)) and not names_in(ast.unparse(node)):
            return ast.Constant(evaluate(ast.unparse(node), {}))
        return node


def _neighbours(plan: Plan, start: Sizes) -> Iterator[dict[str, int]]:
    """One size changed at a time, then all of them: within the rules and beyond."""
    dice = random.Random(0)  # noqa: S311 — sizes to try are no secret
    for symbol, size in start.items():
        far = 4 * plan.sizes[symbol] + 1
        for other in (size + 1, 2 * size, 3 * size + 1, 7 * size, 1, 2, size - 1, far):
            if other >= 1 and other != size:
                yield {**start, symbol: other}
    drawn = [_drawn(dice, plan, start) for _ in range(300)]
    yield from [sizes for sizes in drawn if obeys(plan.guards, sizes)][:8]
    yield from drawn[:8]


def _drawn(dice: random.Random, plan: Plan, start: Sizes) -> dict[str, int]:
    return {
        symbol: dice.choice((dice.choice(SMALL), start[symbol] * dice.choice((1, 2, 3))))
        for symbol in plan.sizes
    }
