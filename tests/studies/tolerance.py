"""
Who is let through: honest and wrong kernels before this judge's bound and five others' rules.

    nice -n 10 python -m tests.studies.tolerance [GRADINGS]

Run by hand from the root; it prints the tables that stand in tolerance.md. The kernels are in
`corpus`, with their labels; this judge sees each in several gradings of the same cases with other
seeds, and counts the worst of them: one refusal of an honest kernel, one acceptance of a wrong one.
"""

import math
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.arena.host import Arena
from tests.studies.corpus import arithmetic
from tests.studies.corpus.catalogue import OPERATORS
from tests.studies.corpus.judged import Seen, desk, dtypes_of, judge, kernels_of
from tests.studies.corpus.peers import RULES, judge_by_peers, judge_by_peers_here
from tests.studies.corpus.records import Label

GRADINGS = 4
OURS = "this judge"
Member = tuple[str, str, str]  # operator, dtype, kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One kernel: how often this judge accepted it, its worst draw, and who else accepts it."""

    member: Member
    label: Label
    is_common: bool
    accepted: tuple[bool, ...]  # in each grading
    worst: Seen
    peers: frozenset[str]  # the rules that accept it, on their own inputs
    peers_here: frozenset[str]  # and on this judge's

    @property
    def is_exception(self) -> bool:
        """Not what its label promises, in one grading at least."""
        if self.label is Label.HONEST:
            return not all(self.accepted)
        return self.label is Label.WRONG and any(self.accepted)


def study(gradings: int) -> list[Result]:
    results: list[Result] = []
    with Arena() as arena, tempfile.TemporaryDirectory() as folder:
        for operator in OPERATORS:
            for dtype in dtypes_of(operator):
                kernels = kernels_of(operator, dtype)
                seen: dict[Member, list[Seen]] = defaultdict(list)
                with desk(arena, operator, dtype, Path(folder)) as at:
                    for number in range(gradings):
                        for each in judge(at, kernels, grading=number):
                            seen[each.member].append(each)
                    theirs, here = judge_by_peers(at, kernels), judge_by_peers_here(at, kernels)
                results += [_result(found, gradings, theirs, here) for found in seen.values()]
                print(operator.slug, dtype, len(kernels), file=sys.stderr, flush=True)
    return results


def _result(
    found: Sequence[Seen],
    gradings: int,
    theirs: dict[tuple[str, str], bool],
    here: dict[tuple[str, str], bool],
) -> Result:
    first = found[0]
    accepted = tuple(
        all(each.ok for each in found if each.grading == number) for number in range(gradings)
    )
    # of a wrong kernel that got through, the draws that let it
    shown = [each for each in found if accepted[each.grading]] or found
    if first.label is Label.HONEST:
        shown = list(found)
    return Result(
        member=first.member,
        label=first.label,
        is_common=first.is_common,
        accepted=accepted,
        worst=max(shown, key=lambda each: each.used),
        peers=frozenset(rule.name for rule in RULES if theirs[rule.name, first.kernel]),
        peers_here=frozenset(rule.name for rule in RULES if here[rule.name, first.kernel]),
    )


# ---- shares --------------------------------------------------------------------------------------


def interval(count: int, of: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval of a share, by halving."""

    def tail(share: float, numbers: Iterable[int]) -> float:
        return sum(math.comb(of, i) * share**i * (1 - share) ** (of - i) for i in numbers)

    def root(rises: Callable[[float], float]) -> float:
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if rises(middle) > 0.025 else (middle, high)
        return low

    low = 0.0 if count == 0 else root(lambda share: tail(share, range(count, of + 1)))
    high = 1.0 if count == of else 1 - root(lambda rest: tail(1 - rest, range(count + 1)))
    return low, high


def share(count: int, of: int) -> str:
    low, high = interval(count, of)
    return f"{count} of {of}: {100 * count / of:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


# ---- tables --------------------------------------------------------------------------------------


def rules(results: Sequence[Result]) -> None:
    print("| rule | inputs | honest accepted | wrong accepted |\n|---|---|---|---|")
    honest = [r for r in results if r.label is Label.HONEST]
    wrong = [r for r in results if r.label is Label.WRONG]
    groups = (honest, wrong)
    line = "| {} | {} | {} | {} |".format
    kept = share(sum(all(r.accepted) for r in honest), len(honest))
    let = share(sum(any(r.accepted) for r in wrong), len(wrong))
    print(line(f"**{OURS}**, the worst of its gradings", "its own", kept, let))
    first = [share(sum(r.accepted[0] for r in group), len(group)) for group in (honest, wrong)]
    print(line(f"**{OURS}**, the first of them", "its own", *first))
    mean = [
        f"{100 * sum(sum(r.accepted) / len(r.accepted) for r in group) / len(group):.1f} %"
        for group in groups
    ]
    print(line(f"**{OURS}**, a grading on average", "its own", *mean))
    for rule in RULES:
        shares = [share(sum(rule.name in r.peers for r in group), len(group)) for group in groups]
        print(line(rule.name, rule.inputs, *shares))
        here = [
            share(sum(rule.name in r.peers_here for r in group), len(group)) for group in groups
        ]
        print(line(rule.name, "this judge's", *here))


def kinds(results: Sequence[Result]) -> None:
    """The same shares, by dtype and by how a mistake came into the corpus."""
    print("\n| dtype | honest | of them refused | own mistakes | accepted | common | accepted |")
    print("|---|---|---|---|---|---|---|")
    for dtype in ("float32", "float16", "bfloat16"):
        mine = [r for r in results if r.member[1] == dtype]
        honest = [r for r in mine if r.label is Label.HONEST]
        own = [r for r in mine if r.label is Label.WRONG and not r.is_common]
        common = [r for r in mine if r.label is Label.WRONG and r.is_common]
        counts = [
            (len(group), sum(r.is_exception for r in group)) for group in (honest, own, common)
        ]
        print(f"| {dtype} | " + " | ".join(f"{n} | {bad}" for n, bad in counts) + " |")


def listed(title: str, chosen: Iterable[Result]) -> None:
    print(f"\n{title}\n")
    print("| operator | dtype | kernel | accepted | worst draw | max, eps | rms, eps | others |")
    print("|---|---|---|---|---|---|---|---|")
    for r in chosen:
        w = r.worst
        peers = ", ".join(str(i + 1) for i, rule in enumerate(RULES) if rule.name in r.peers)
        times = f"{sum(r.accepted)} of {len(r.accepted)}"
        errors = (
            f"{w.max_error / w.eps:.3g} of {w.bound.max_error / w.eps:.3g} | "
            f"{w.rms_error / w.eps:.3g} of {w.bound.rms_error / w.eps:.3g}"
        )
        if w.bound.exact:
            errors = "exact | "
        where = f"{w.case}, {w.draw}"
        print(f"| {' | '.join(r.member)} | {times} | {where} | {errors} | {peers} |")


def functions() -> None:
    """How far the approximations are off, in ulp of the right answer, over all of their range."""
    print("\n| function | range | largest error, ulp |\n|---|---|---|")
    wide = torch.linspace(-87, 88, 1_000_001)
    near = torch.linspace(-1, 1, 1_000_001)[:500_000]
    positive = torch.logspace(-6, 6, 1_000_001)
    table = (
        ("exponential, fast", arithmetic.exp_fast, torch.exp, wide),
        ("exponential, powers of 2", arithmetic.exp_by_two, torch.exp, wide),
        ("exponential, three terms", arithmetic.exp_three_terms, torch.exp, wide),
        ("tanh by expm1", arithmetic.tanh_expm1, torch.tanh, near),
        ("tanh, (1 - e) / (1 + e)", arithmetic.tanh_exp, torch.tanh, near),
        ("erf, Abramowitz and Stegun", arithmetic.erf_short, torch.erf, near),
        ("reciprocal, Newton", arithmetic.reciprocal_newton, torch.reciprocal, positive),
        *(
            (
                f"root by bits, {n} steps",
                lambda x, n=n: arithmetic.rsqrt_by_bits(x, n),
                torch.rsqrt,
                positive,
            )
            for n in (1, 2, 3)
        ),
    )
    for name, approximate, exact, x in table:
        right = exact(x.double())
        _, exponent = torch.frexp(right)
        off = (
            (approximate(x).double() - right).abs()
            / torch.ldexp(torch.ones_like(right), exponent - 24)
        ).max()
        print(f"| {name} | {x.min():.3g} to {x.max():.3g} | {off:.3g} |")


def main() -> None:
    torch.set_num_threads(1)
    functions()
    gradings = int(sys.argv[1]) if len(sys.argv) > 1 else GRADINGS
    results = study(gradings)
    print(f"\n{len(OPERATORS)} operators, {len(results)} kernels, {gradings} gradings\n")
    rules(results)
    kinds(results)
    listed("Exceptions:", (r for r in results if r.is_exception))
    listed("Open:", (r for r in results if r.label is Label.OPEN))
    honest = sorted(
        (r for r in results if r.label is Label.HONEST), key=lambda r: r.worst.used, reverse=True
    )
    listed("The honest ones that come nearest to their bound:", honest[:12])


if __name__ == "__main__":
    main()
