"""
What the walls cost: boxes with more and more of them, and whole grades with and without.

    python tests/benchmarks/armour.py            prints the tables of armour.md

All rows of a table are taken in turns, so that a busy machine is busy for all; medians.
"""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from harness.arena.host import Arena
from harness.machine import describe
from harness.pipeline import grade
from harness.records import Limits, Policy, Verdict
from harness.sandbox.door import Nursery

ROOT = Path(__file__).parents[2]
SLUG = "conv-depthwise-2d-square-input-sq-kernel"
ACCEPTED = ROOT / "submissions" / SLUG / "accepted"
ROUNDS = 20
POLICY = Policy(time=False)
BOXES: dict[str, Callable[[], Nursery]] = {
    "a process of its own": partial(Nursery, groups=False, namespaces=False, walls=False),
    "+ pid namespace": partial(Nursery, groups=False, walls=False),
    "+ cgroups: freezer, memory, pids": partial(Nursery, walls=False),
    "+ namespaces, private root, user, filter (level 3)": Nursery,
    "Landlock and filter instead (level 2)": partial(Nursery, namespaces=False),
}


def milliseconds(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        # in another order each time: joining a cgroup is cheap right after somebody else has
        for name, work in random.sample(list(works.items()), len(works)):
            began = time.perf_counter()
            work()
            taken[name].append((time.perf_counter() - began) * 1e3)
    return taken


def box(nursery: Nursery) -> None:
    with nursery.bear_program(["/bin/true"], limits=Limits()) as born:
        born.wait(10)


def boxes(stack: ExitStack) -> dict[str, list[float]]:
    works: dict[str, Callable[[], object]] = {}
    for name, found in BOXES.items():
        nursery = stack.enter_context(found())
        nursery.wait_until_ready()
        works[name] = partial(box, nursery)
    return milliseconds(works, 5 * ROUNDS)


def fresh(folder: Path, counter: list[int]) -> Path:
    """The naive kernel, different in its bytes and in what the compiler makes of them."""
    counter[0] += 1
    path = folder / "naive.cpp"
    text = (ACCEPTED / "naive.cpp").read_text()
    path.write_text(f'{text}\nextern "C" int grade_variant() {{ return {counter[0]}; }}\n')
    return path


def grades(stack: ExitStack) -> dict[str, list[float]]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    counter = [0]
    python = next(ACCEPTED.glob("*.py"))
    sources: dict[str, Callable[[], Path]] = {
        "C++, built before": lambda: ACCEPTED / "naive.cpp",
        "C++, built anew": lambda: fresh(folder, counter),
        "Python": lambda: python,
    }
    works: dict[str, Callable[[], object]] = {}
    for has_walls in (False, True):
        arena = stack.enter_context(Arena(has_walls=has_walls))
        for name, source in sources.items():

            def run(arena: Arena = arena, source: Callable[[], Path] = source) -> None:
                graded = grade(source(), SLUG, policy=POLICY, arena=arena)
                assert graded.verdict is Verdict.ACCEPTED, graded.message

            run()
            works[f"{name}|{has_walls}"] = run
    return milliseconds(works, ROUNDS)


def spread(values: list[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low:.1f} - {high:.1f}"


def main() -> None:
    with ExitStack() as stack:
        os.environ["GRADE_CACHE"] = stack.enter_context(tempfile.TemporaryDirectory())
        of_boxes, of_grades = boxes(stack), grades(stack)
    facts = dict(describe(1).facts)
    print(f"{facts['processor']}, {facts['cores']} cores, Linux {facts['kernel']}\n")
    print(
        "| one box, from asked for to gone | median ms | middle half | least |\n|---|---|---|---|"
    )
    for name, values in of_boxes.items():
        middle = statistics.median(values)
        print(f"| {name} | {middle:.1f} | {spread(values)} | {min(values):.1f} |")
    print("\n| one warm grade, untimed | without ms | with ms | added, by the least ms |")
    print("|---|---|---|---|")
    for name in dict.fromkeys(key.partition("|")[0] for key in of_grades):
        without, within = (of_grades[f"{name}|{has_walls}"] for has_walls in (False, True))
        cells = [f"{statistics.median(v):.0f} (least {min(v):.0f})" for v in (without, within)]
        print(f"| {name} | {' | '.join(cells)} | {min(within) - min(without):.0f} |")


if __name__ == "__main__":
    main()
