"""
What each way to ask PyTorch gains over eager on this tree's bench cases, and what compiling costs.

    python tests/benchmarks/baselines.py            prints the tables of baselines.md

The gains are those of the heat that `--baseline best` makes: all ways in turns, on one core, by
the processor's clock; several heats a case, each with processes of its own.
"""

import os
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from harness.arena.host import Arena
from harness.machine import describe
from harness.pipeline import grade
from harness.problem.catalogue import slugs
from harness.records import CaseResult, Policy, Stage, Tier, Timing, Verdict

SUBMISSIONS = Path(__file__).parents[2] / "submissions"
HEATS = 3
POLICY = Policy(tier=Tier.BENCH, baseline="best", budget_s=0.1)
Gains = dict[str, dict[str, list[float]]]  # by case and way


class Watch:
    """How long each stage of compiling took: until the next one began."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._began: float | None = None

    def tell(self, event: Stage | CaseResult | Timing) -> None:
        if self._began is not None:
            self.seconds.append(time.monotonic() - self._began)
        is_compiling = isinstance(event, Stage) and event.name == "compile"
        self._began = time.monotonic() if is_compiling else None


def measured(slug: str, arena: Arena) -> tuple[Gains, Watch, Watch]:
    source = next((SUBMISSIONS / slug / "accepted").glob("*.cpp"))
    gains: Gains = defaultdict(lambda: defaultdict(list))
    watches = [Watch() for _ in range(HEATS)]
    for watch in watches:
        graded = grade(source, slug, policy=POLICY, arena=arena, tell=watch.tell)
        assert graded.verdict is Verdict.ACCEPTED, graded.message
        for timing in graded.timing:
            for way in timing.ways:
                assert way.speedup is not None, way.why
                gains[timing.case][way.name].append(way.speedup)
    return gains, watches[0], watches[-1]


def main() -> None:
    facts = dict(describe(1).facts)
    print(f"{facts['processor']}, {facts['cores']} cores, Linux {facts['kernel']}\n")
    with tempfile.TemporaryDirectory() as cache, Arena() as arena:
        os.environ["GRADE_CACHE"] = cache
        for slug in slugs():
            gains, first, last = measured(slug, arena)
            names = list(next(iter(gains.values())))
            print(f"| {slug} | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
            for case, ways in gains.items():
                middles = [f"{statistics.median(ways[name]):.2f}" for name in names]
                spreads = [f"{min(ways[name]):.2f} - {max(ways[name]):.2f}" for name in names]
                cells = [f"{one} ({two})" for one, two in zip(middles, spreads, strict=True)]
                print(f"| {case} | {' | '.join(cells)} |")
            took = ", ".join(f"{seconds:.0f}" for seconds in first.seconds)
            again = max(last.seconds)
            print(
                f"\ncompiling each: {took} s; from the cache: at most {again:.2f} s\n", flush=True
            )


if __name__ == "__main__":
    main()
