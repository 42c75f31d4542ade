"""Grades as the pipeline would make them, and as `--json` would write them."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from harness import machine
from harness.arena.host import NOTHING_RAN
from harness.clock.scores import score_of
from harness.clock.statistics import estimate
from harness.records import (
    Grade,
    Language,
    Policy,
    Problem,
    Seconds,
    Submission,
    Timing,
    Verdict,
)
from harness.report.document import render_json
from tests.clock.simulated import NOISES, gradings_of, simulate
from tests.timings import SOME


def timing_of(
    noise: str = "bursts", *, slower: float = 0.8, rounds: int = 12, seed: int = 1
) -> Timing:
    """What a clock would have made of a simulated machine."""
    rng = np.random.default_rng(seed)
    times = simulate(NOISES[noise], rng, gradings=1, rounds=rounds, slower=slower)
    (launches,) = gradings_of(times)
    found = estimate(launches)
    return replace(
        SOME, state=found.state, speedup=found.speedup, ci_low=found.ci_low,
        ci_high=found.ci_high, aa=found.aa, batch=3, launches=tuple(launches),
    )  # fmt: skip


def grade_of(
    problem: Problem,
    *timings: Timing,
    slug: str = "some",
    name: str = "some.cpp",
    verdict: Verdict = Verdict.ACCEPTED,
    policy: Policy | None = None,
) -> Grade:
    is_right = verdict is Verdict.ACCEPTED
    submission = Submission(
        path=Path(name), source=b"", sha256=sha256(name.encode()).hexdigest(),
        language=Language.CPP,
    )  # fmt: skip
    return Grade(
        problem=replace(problem, slug=slug), submission=submission, dtype="float32",
        policy=policy or Policy(), verdict=verdict, reason="", message="", cases=(),
        timing=timings if is_right else (), score=score_of(3, 3 if is_right else 2, timings),
        isolation=NOTHING_RAN, machine=machine.describe(1),
        seconds=Seconds(build=None, check=None, time=None, total=1.0),
    )  # fmt: skip


def write_grades(folder: Path, grades: Sequence[Grade]) -> list[Path]:
    """A file each, named by number."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number}.json" for number in range(len(grades))]
    for path, grade in zip(paths, grades, strict=True):
        path.write_text(render_json(grade))
    return paths
