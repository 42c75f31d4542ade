"""Sizes for the cases of a draft: small and odd for samples and tests, moderate for the clock."""

import random
from collections.abc import Iterator

from harness.arena.tracing.bench import Bench, Sizes, elements_of
from harness.arena.tracing.exploring import makes_sense, obeys
from harness.arena.tracing.symbols import Plan

ODD = (
    1,
    2,
    3,
    5,
    7,
    11,
    13,
    17,
    19,
    23,
    29,
    31,
    33,
    37,
    41,
    53,
    61,
    67,
    79,
    97,
    101,
    127,
    131,
    257,
    509,
    1009,
)
EVEN = (4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64, 72, 96, 128)
SAMPLE, TESTS = 40, (300, 2000, 9000)  # elements that such a case should have in all
_BENCH = (1 << 16, 1 << 20)
_MAX_S = 0.05

Cases = list[tuple[str, dict[str, int]]]


def cases_of(bench: Bench, plan: Plan, start: Sizes) -> Cases:
    """Every one of them was run, except that for a card."""
    if not plan.sizes:
        return [("sample", {}), ("test", {}), ("cpu", {})]
    drawn = [sizes for sizes in _drawn(plan, start) if _is_allowed(plan, sizes)]
    found: Cases = [("sample", _nearest(bench, plan, drawn, SAMPLE) or dict(start))]
    for target in TESTS:
        sizes = _nearest(bench, plan, drawn, target)
        if sizes is not None and sizes not in [known for _, known in found]:
            found.append(("test", sizes))
    ones = _with_a_one(bench, plan, found[-1][1])
    if ones is not None and ones not in [known for _, known in found]:
        found.append(("test", ones))
    if len(found) == 1:
        found.append(("test", dict(plan.sizes)))
    timed = _moderate(bench, plan)
    found.append(("cpu", timed))
    if elements_of(plan, plan.sizes) > 2 * elements_of(plan, timed):
        found.append(("cuda", dict(plan.sizes)))
    return found


def _is_allowed(plan: Plan, sizes: Sizes) -> bool:
    return obeys(plan.require, sizes) and makes_sense(plan, sizes)


def _drawn(plan: Plan, start: Sizes) -> Iterator[dict[str, int]]:
    dice = random.Random(1)  # noqa: S311 — sizes to try are no secret
    for round_ in range(400):
        few = ODD[1 : 4 + round_ * len(ODD) // 400]
        pool = (*few, *few, *(size for size in EVEN if size <= few[-1]))
        yield {
            symbol: dice.choice((start[symbol], *(dice.choice(pool) for _ in range(4))))
            for symbol in plan.sizes
        }


def _nearest(
    bench: Bench, plan: Plan, drawn: list[dict[str, int]], target: int
) -> dict[str, int] | None:
    """What has about so many elements, and sizes of its own for every symbol if it can."""

    def distance(sizes: dict[str, int]) -> tuple[float, int]:
        elements = elements_of(plan, sizes)
        off = max(elements, target) / min(elements, target)
        return off * (1 + 0.3 * (len(sizes) - len(set(sizes.values())))), elements

    for sizes in sorted(drawn, key=distance)[:4]:
        if bench.agrees(plan, sizes) is not None:
            return sizes
    return None


def _with_a_one(bench: Bench, plan: Plan, sizes: dict[str, int]) -> dict[str, int] | None:
    for symbol in plan.sizes:
        thin = {**sizes, symbol: 1}
        if _is_allowed(plan, thin) and bench.agrees(plan, thin) is not None:
            return thin
    return None


def _moderate(bench: Bench, plan: Plan) -> dict[str, int]:
    """The example's own sizes, halved or doubled until a call takes a while and no longer."""
    least, most = _BENCH
    sizes = dict(plan.sizes)
    while elements_of(plan, sizes) > most and (smaller := _scaled(plan, sizes, halve=True)):
        sizes = smaller
    while elements_of(plan, sizes) < least and (larger := _scaled(plan, sizes, halve=False)):
        if bench.agrees(plan, larger) is None:
            break
        sizes = larger
    while (came := bench.agrees(plan, sizes)) is None or came.seconds > _MAX_S:
        smaller = _scaled(plan, sizes, halve=True)
        if smaller is None:
            break
        sizes = smaller
    return sizes


def _scaled(plan: Plan, sizes: dict[str, int], *, halve: bool) -> dict[str, int] | None:
    """The largest halved, or the smallest doubled, as far as the rules admit."""
    order = sorted(sizes, key=lambda symbol: -sizes[symbol] if halve else sizes[symbol])
    for symbol in order:
        size = sizes[symbol] // 2 if halve else sizes[symbol] * 2
        other = {**sizes, symbol: size}
        if 2 <= size <= 1 << 24 and _is_allowed(plan, other):
            return other
    return None
