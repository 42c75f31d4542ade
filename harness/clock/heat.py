"""
Which way to ask PyTorch is the quickest for a case: a short heat, before the timing itself.

All ways run as the arms of one launch, on the same inputs, in random order, by the same clocks as
in a round. The heat only chooses: the one that is chosen is timed anew, so that its luck in the
heat is nobody's gain.
"""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from harness.clock.arms import Kind, Turn, null_turn
from harness.clock.baselines import BEST, Baseline
from harness.clock.calibration import batch_of, clock_of
from harness.clock.stage import Stage, Work
from harness.clock.statistics import MAX_AA
from harness.errors import NoBaseline
from harness.records import Fell, Way

HEAT_S = 1.5
MIN_TURNS, MAX_TURNS = 4, 40
NEARLY_ALL = 0.75  # of the turns

Times = NDArray[np.float64]


class _OutOfHeat(NoBaseline):
    """A way that works alone, and not with a batch held, or beside the others."""

    def __init__(self, name: str, case: str, fell: Fell) -> None:
        super().__init__(name, f"case `{case}`", fell.message)
        self.name = name


def best_of(
    work: Work, ways: Mapping[str, Callable[[], Baseline]]
) -> tuple[Baseline, tuple[Way, ...]]:
    """The best of those that can be had, the first of which is eager; and what was seen of all."""
    rivals, why = [], {}
    for name, asked in ways.items():
        try:
            rivals.append(asked())
        except NoBaseline as error:
            why[name] = error.why
    times = None
    while times is None:
        try:
            times = _heat(work, rivals)
        except _OutOfHeat as out:
            why[out.name] = out.why
            rivals = [rival for rival in rivals if rival.name != out.name]
    medians = np.median(times[:, :1] / times, axis=0)
    gains = {rival.name: float(gain) for rival, gain in zip(rivals, medians, strict=True)}
    best = rivals[chosen(times)]
    seen = (Way(name=name, speedup=gains.get(name), why=why.get(name, "")) for name in ways)
    return replace(best, name=f"{BEST}: {best.name}"), tuple(seen)


def chosen(times: Times) -> int:
    """
    The column with the best median gain on the first, which is eager. Eager stays where that is
    within the noise: 2 %, by which two launches of one thing may differ, or less than three of
    four turns were gained.
    """
    gains = times[:, :1] / times
    best = int(np.argmax(np.median(gains, axis=0)))
    is_clear = np.median(gains[:, best]) > 1.0 + MAX_AA
    return best if is_clear and np.mean(gains[:, best] > 1.0) >= NEARLY_ALL else 0


def _heat(work: Work, rivals: Sequence[Baseline]) -> Times:
    """A row a turn of all, a column each."""
    null = null_turn(rivals[0].open_null, work.call_s, own=work.own)
    kinds = tuple(
        Kind(
            name=one.name,
            open=one.open,
            null=null,
            is_baseline=True,
            returns=one.returns,
            # without PyTorch as it is written there is nothing to compare with
            failed=None if one.is_reference else partial(_OutOfHeat, one.name, work.case.name),
        )
        for one in rivals
    )
    batch = batch_of(work, kinds).length
    pool = work.pool(batch)
    rows: list[list[Turn]] = []
    with Stage(work, kinds, 0, batch) as stage:
        pool.refresh(stage.inputs, 0, batch)
        for arm in stage.arms:
            arm.warm(batch)
        ends = time.monotonic() + HEAT_S
        while len(rows) < MIN_TURNS or (len(rows) < MAX_TURNS and time.monotonic() < ends):
            pool.refresh(stage.inputs, 0, batch)
            turns = {}
            for arm in stage.arms:
                turns[arm.kind.name] = arm.timed(batch)
                arm.copy_out(batch)
            rows.append([turns[kind.name] for kind in kinds])
    clock = clock_of(work, itertools.chain(*rows))
    return np.array([[turn.by(clock) for turn in row] for row in rows])
