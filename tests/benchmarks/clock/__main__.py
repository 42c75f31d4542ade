"""
How far the clock can be trusted: gradings whose truth is known, on a machine with another load.

    python -m tests.benchmarks.clock add FILE [--rows N] [--only NAME] [--quiet]
    python -m tests.benchmarks.clock tables FILE          what clock.md shows

A row is one grading (of attackers: a pair), appended as JSON with its raw samples: a run can be
broken off and gone on with, and what has the fewest rows comes next. Unless --quiet, a program
computes on the first core all the time. `again` grades a kernel against itself; `slow` one that
does its work 21 times in a call against one that does it 20 times, or 51 and 50.
"""

import argparse
import contextlib
import ctypes
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from harness.arena.host import Arena
from harness.pipeline import grade
from harness.problem.catalogue import load_problem
from harness.records import Grade, Policy, Problem, Verdict
from harness.report.document import document_of
from tests.benchmarks.clock.kernels import ATTACKERS, FORMED, FORMS, KINDS, PRELUDE, WAVE, Kind
from tests.benchmarks.clock.tables import Row, print_tables, read

QUICK = Policy(budget_s=3.0, half_width=0.02)
KEPT = ("case", "state", "steady", "why", "speedup", "ci_low", "ci_high", "aa", "candidate_ms",
        "baseline_ms", "batch", "null_ns", "clock", "seconds", "conditions")  # fmt: skip
PRECISE = Policy(budget_s=30.0, half_width=0.005)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    name: str
    gradings: int  # that the table asks for
    kinds: tuple[str, ...]
    row: Callable[["Place", str], Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    arena: Arena
    folder: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def problem(self, name: str, text: str) -> Problem:
        return load_problem(self.write(f"{name}.md", text))


def of_truth(policy: Policy, ours: int, theirs: int, *, by_means: bool = False) -> Any:
    """Gradings of a kernel that does its work so often, against one that does it so often."""

    def row(place: Place, name: str) -> Row:
        kind = next(kind for kind in KINDS if kind.name == name)
        problem = place.problem(name, kind.problem())
        first = place.write(f"{name}-ours.{kind.language}", kind.source(ours))
        second = place.write(f"{name}-theirs.{kind.language}", kind.source(theirs))
        asked = replace(policy, against=second)
        found = timing_of(grade(first, problem, policy=asked, arena=place.arena))
        if by_means:
            found["means"] = means_of(kind, first, second)
        return found

    return row


def timing_of(found: Grade) -> Row:
    if found.verdict is not Verdict.ACCEPTED:
        return {"verdict": str(found.verdict), "reason": found.reason}
    document = document_of(found)
    (timing,) = document["timing"]
    kept = {key: timing[key] for key in KEPT}
    return {"verdict": "accepted", "freeze": document["policy"]["freeze"], **kept, **raw(timing)}


def raw(timing: Row) -> Row:
    """Of every launch its parent, and of every round what each arm took, by both clocks."""
    arms = "candidate_ns", "baseline_ns", "again_ns"
    return {
        "parents": [launch["parent"] for launch in timing["launches"]],
        "rounds": [
            [
                [round(ns) for ns in (*(one[arm] for arm in arms), *(one["processor_ns"] or ()))]
                for one in launch["rounds"]
            ]
            for launch in timing["launches"]
        ],
    }


# ---- the field's way -----------------------------------------------------------------------------


def means_of(kind: Kind, ours: Path, theirs: Path) -> float:
    """The mean of some calls of the candidate, then that of the baseline, in one process."""
    command = [sys.executable, "-m", "tests.benchmarks.clock", "means"]
    done = subprocess.run(
        [*command, kind.name, str(ours), str(theirs)], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def print_means(name: str, paths: list[str]) -> None:
    torch.set_num_threads(1)
    kind = next(kind for kind in KINDS if kind.name == name)
    given = [
        torch.randn([kind.sizes[size] for size in shape.split()]) for shape in kind.shapes.values()
    ]
    took = []
    for path in paths:
        call = loaded(Path(path), given, list(kind.sizes.values()))
        began = time.perf_counter()
        for _ in range(3):
            call()
        calls = 100 if time.perf_counter() - began < 0.06 else 10
        began = time.perf_counter()
        for _ in range(calls):
            call()
        took.append((time.perf_counter() - began) / calls)
    print(took[1] / took[0])


def loaded(path: Path, given: list[Any], sizes: list[int]) -> Callable[[], object]:
    if path.suffix == ".py":
        scope: dict[str, Any] = {}
        exec(path.read_text(), scope)
        return lambda: scope["solution"](*given, *sizes)
    library = path.with_suffix(".so")
    command = ["g++", "-std=c++20", "-O3", "-march=native", "-shared", "-fPIC"]
    subprocess.run([*command, path, "-o", library], check=True)
    solution = ctypes.CDLL(str(library)).solution
    words = [ctypes.c_void_p(each.data_ptr()) for each in given] + [*map(ctypes.c_size_t, sizes)]
    return lambda: solution(*words)


def attack(place: Place, name: str) -> Row:
    """An attacker and its honest twin, in random order."""
    honest = 'extern "C" void solution(const float* x, float* y, size_t n) { work(x, y, n); }'
    problem = place.problem("wave", WAVE.problem())
    sources = {
        "attack": place.write("attack.cpp", PRELUDE + ATTACKERS[name]),
        "twin": place.write("twin.cpp", PRELUDE + honest),
    }
    found = {}
    for who, path in random.sample(list(sources.items()), 2):
        found[who] = timing_of(grade(path, problem, policy=QUICK, arena=place.arena))
    return found


def own(place: Place, name: str) -> Row:
    """One kernel against itself for the same time, frozen between its turns and not."""
    kind = next(kind for kind in KINDS if kind.name == name)
    problem = place.problem(name, kind.problem())
    path, against = (
        place.write(f"{name}-{which}.{kind.language}", kind.source(20)) for which in ("a", "b")
    )
    policy = Policy(budget_s=5.0, half_width=1e-6, against=against)
    found = {}
    for asked in random.sample(("frozen", "own"), 2):
        policy = replace(policy, own=asked == "own")
        found[asked] = timing_of(grade(path, problem, policy=policy, arena=place.arena))
    return found


THRESHOLDS = (1.0, 1.5, 2.0)
REPEATS = (7, 9, 11, 12, 15, 17, 19, 21, 24, 30, 40)  # against 20: none of them at a threshold
BUDGETS_S = (0.5, 1.0, 2.0, 4.0)


def reward(place: Place, name: str) -> Row:
    """One kernel, new to the build, asked for its reward with several budgets, and precisely."""
    kind = next(kind for kind in KINDS if kind.name == name)
    problem = place.problem(name, kind.problem())
    repeats = random.choice(REPEATS)
    against = place.write(f"{name}-theirs.{kind.language}", kind.source(20))
    policies = {
        str(budget_s): Policy(budget_s=budget_s, reward=THRESHOLDS, against=against)
        for budget_s in BUDGETS_S
    }
    policies["precise"] = replace(PRECISE, against=against)
    found = {}
    for asked, policy in random.sample(list(policies.items()), len(policies)):
        text = (
            kind.source(repeats) + ("#" if kind.language == "py" else "//") + secrets.token_hex(8)
        )
        path = place.write(f"{name}-rewarded.{kind.language}", text)
        began = time.monotonic()
        graded = grade(path, problem, policy=policy, arena=place.arena)
        found[asked] = {
            "exceeds": [graded.exceeds(threshold) for threshold in THRESHOLDS],
            "took_s": time.monotonic() - began,
        }
    return {"repeats": repeats, "asked": found}


def form(place: Place, name: str) -> Row:
    """Against the form that writes its output."""
    suffix, text = FORMS[name]
    path = place.write(f"{name.strip('=')}-form.{suffix}", text)
    policy = Policy(against=place.write("out-against.py", FORMS["out="][1]))
    problem = place.problem("formed", FORMED.problem())
    return timing_of(grade(path, problem, policy=policy, arena=place.arena))


# ---- adding rows ---------------------------------------------------------------------------------

ALL = tuple(kind.name for kind in KINDS)
EXPERIMENTS = (
    Experiment(
        name="again", gradings=200, kinds=ALL, row=of_truth(Policy(), 20, 20, by_means=True)
    ),
    Experiment(name="again, --quick", gradings=100, kinds=ALL, row=of_truth(QUICK, 20, 20)),
    Experiment(
        name="slow 5 %", gradings=100, kinds=ALL, row=of_truth(Policy(), 21, 20, by_means=True)
    ),
    Experiment(name="slow 2 %, --precise", gradings=60, kinds=ALL, row=of_truth(PRECISE, 51, 50)),
    Experiment(name="attack", gradings=180, kinds=tuple(ATTACKERS), row=attack),
    Experiment(name="own", gradings=50, kinds=ALL, row=own),
    Experiment(name="reward", gradings=60, kinds=ALL, row=reward),
    Experiment(name="form", gradings=40, kinds=tuple(FORMS), row=form),
)


def add(file: Path, rows: int, only: str | None, *, quiet: bool) -> None:
    with Arena() as arena, tempfile.TemporaryDirectory() as folder, load(quiet=quiet):
        place = Place(arena=arena, folder=Path(folder))
        for _ in range(rows):
            experiment, kind = next_of(read(file), only, quiet=quiet)
            began, load_1 = time.monotonic(), os.getloadavg()[0]
            row = {
                "experiment": experiment.name,
                "kind": kind,
                "user": "root" if os.geteuid() == 0 else "ordinary",
                "quiet": quiet,
                "load": load_1,
                **experiment.row(place, kind),
                "took_s": time.monotonic() - began,
            }
            with file.open("a") as lines:
                lines.write(json.dumps(row) + "\n")
            print(experiment.name, kind, told(row), flush=True)


def told(row: Row) -> str:
    if "asked" in row:
        return "; ".join(
            f"{asked}: {one['exceeds']}, {one['took_s']:.1f} s"
            for asked, one in row["asked"].items()
        )
    timings = [row[who] for who in ("attack", "twin", "frozen", "own") if who in row] or [row]
    return "; ".join(
        f"{t['speedup']:.3f} {t['state']}, {t['seconds']:.1f} s" if "speedup" in t else t["verdict"]
        for t in timings
    )


def next_of(rows: list[Row], only: str | None, *, quiet: bool) -> tuple[Experiment, str]:
    """What has the smallest part of the rows that its table asks for."""
    user = "root" if os.geteuid() == 0 else "ordinary"
    chosen = [one for one in EXPERIMENTS if only in (None, one.name)]

    def part(one: tuple[Experiment, str]) -> float:
        experiment, kind = one
        has = sum(
            (row["experiment"], row["kind"], row["user"], row["quiet"])
            == (experiment.name, kind, user, quiet)
            for row in rows
        )
        return has * len(experiment.kinds) / experiment.gradings

    return min(((one, kind) for one in chosen for kind in one.kinds), key=part)


@contextlib.contextmanager
def load(*, quiet: bool) -> Iterator[None]:
    """Another program, which computes on the first core and on no other."""
    if quiet:
        yield
        return
    core = min(os.sched_getaffinity(0))
    words = (
        f"import os\nos.sched_setaffinity(0, {{{core}}})\nos.setsid()\nwhile True: sum(range(9999))"
    )
    with subprocess.Popen([sys.executable, "-c", words]) as program:
        try:
            yield
        finally:
            program.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    commands = parser.add_subparsers(dest="command", required=True)
    adding = commands.add_parser("add")
    adding.add_argument("file", type=Path)
    adding.add_argument("--rows", type=int, default=1)
    adding.add_argument("--only", choices=[one.name for one in EXPERIMENTS])
    adding.add_argument("--quiet", action="store_true")
    commands.add_parser("tables").add_argument("file", type=Path)
    one = commands.add_parser("means")
    one.add_argument("kind")
    one.add_argument("paths", nargs=2)
    asked = parser.parse_args()
    if asked.command == "add":
        add(asked.file, asked.rows, asked.only, quiet=asked.quiet)
    elif asked.command == "tables":
        print_tables(asked.file)
    else:
        print_means(asked.kind, asked.paths)


if __name__ == "__main__":
    main()
