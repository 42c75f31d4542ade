"""
Gradings of a machine that never was, of a known truth: what `statistics` is tried on.

Turns stand on a time line, three a round in random order. Each takes its time, times what a launch
gave its arm (where its buffers lie), times a slow drift, times what spikes and bursts of another
program's load cost while it ran. tests/studies/coverage.md says how near this is to real gradings.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.clock.stage import PARENTS
from harness.records import Launch, Round

Rng = np.random.Generator
Times = NDArray[np.float64]  # (gradings, launches, rounds, arms): candidate, baseline, again

TURN_S = 0.006
ROUND_S = 10 * TURN_S  # fresh inputs, three turns, freezing, comparing
LAUNCH_S = 0.3
DRIFT_STEP_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Shares of a turn's time, as logarithms where they multiply."""

    turn: float = 0.01  # every turn
    spikes: float = 0.03  # so many turns have a spike
    spike: float = 0.15  # of this mean size
    drift: float = 0.01  # of the machine's speed, after a second of random walk
    bias: float = 0.006  # of an arm in a launch
    candidate_bias: float = 1.0  # times as much for the candidate
    layout: float = 0.0  # of the candidate against both baselines, with a parent
    busy: float = 0.0  # so much of the time another program runs,
    burst_s: float = 0.05  # so long at a time,
    burst: float = 0.6  # and slows turns by this mean


NOISES = {
    "quiet": Noise(turn=0.006, spikes=0.02, spike=0.1, drift=0.005, bias=0.003),
    "biased": Noise(turn=0.006, spikes=0.02, spike=0.1, drift=0.005, bias=0.015),
    "tails": Noise(turn=0.02, spikes=0.15, spike=0.3, bias=0.004),
    "drifting": Noise(drift=0.15, bias=0.004),
    "bursts": Noise(busy=0.3, burst_s=0.15),
    "short bursts": Noise(busy=0.3, burst_s=0.01),
    "mixed": Noise(
        turn=0.015, spikes=0.06, spike=0.2, drift=0.05, bias=0.008, busy=0.15, burst_s=0.3
    ),
    "contended": Noise(turn=0.008, drift=0.03, busy=0.5, burst_s=0.02, burst=0.8),
    "swamped": Noise(drift=0.05, busy=0.75, burst_s=0.05, burst=0.8),
}

# a candidate of another kind than its baseline: what five launches cannot show, eight parents can
LAYOUTS = Noise(turn=0.006, spikes=0.02, spike=0.1, bias=0.004, layout=0.02)


def simulate(
    noise: Noise,
    rng: Rng,
    *,
    gradings: int,
    launches: int = 5,
    rounds: int = 12,
    slower: float = 1.0,
) -> Times:
    """Nanoseconds of every turn, where the candidate truly takes `slower` times as long."""
    shape = (gradings, launches, rounds, 3)
    began = np.arange(launches)[:, None] * (rounds * ROUND_S + LAUNCH_S)
    began = (began + np.arange(rounds) * ROUND_S)[..., None]
    order = rng.permuted(np.broadcast_to(np.arange(3.0), shape), axis=-1)
    at_s = began + order * TURN_S
    logs = rng.normal(0, noise.turn, shape)
    logs += np.log1p((rng.random(shape) < noise.spikes) * rng.exponential(noise.spike, shape))
    if noise.layout:
        parents = rng.normal(0, noise.layout, (gradings, PARENTS, 1))
        logs[..., 0] += parents[:, np.arange(launches) % PARENTS]
    uneven = np.array([noise.candidate_bias, 1.0, 1.0])
    logs += rng.normal(0, noise.bias, (gradings, launches, 1, 3)) * uneven
    for number, at in enumerate(at_s):
        share = _disturbed(noise, rng, at)
        slowed = np.log1p(share * rng.exponential(noise.burst, share.shape))
        logs[number] += _drift(noise, rng, at) + slowed
    logs[..., 0] += np.log(slower)
    return 1e6 * np.exp(logs)


def _drift(noise: Noise, rng: Rng, at_s: Times) -> Times:
    grid = np.arange(0, at_s.max() + 2 * DRIFT_STEP_S, DRIFT_STEP_S)
    steps = rng.normal(0, noise.drift * np.sqrt(DRIFT_STEP_S), grid.size)
    return np.interp(at_s.ravel(), grid, np.cumsum(steps)).reshape(at_s.shape)


def _disturbed(noise: Noise, rng: Rng, at_s: Times) -> Times:
    """Which share of each turn fell into bursts."""
    if not noise.busy:
        return np.zeros(at_s.shape)
    gap_s = noise.burst_s * (1 - noise.busy) / noise.busy
    pairs = int(at_s.max() / (gap_s + noise.burst_s) * 1.5) + 12
    lengths = rng.exponential([gap_s, noise.burst_s], (pairs, 2))
    if rng.random() < noise.busy:
        lengths[0, 0] = 0.0
    ends = np.concatenate([[0], np.cumsum(lengths)])
    busy_s = np.concatenate([[0], np.cumsum(lengths * [0, 1])])
    both = np.interp(np.stack([at_s, at_s + TURN_S]).ravel(), ends, busy_s)
    before, after = both.reshape(2, *at_s.shape)
    return np.asarray((after - before) / TURN_S)


def gradings_of(times: Times) -> Iterator[list[Launch]]:
    """The same as the records that a clock would hand over."""
    for grading in times:
        yield [
            Launch(
                rounds=tuple(
                    Round(candidate_ns=candidate, baseline_ns=baseline, again_ns=again)
                    for candidate, baseline, again in launch
                ),
                parent=number % PARENTS,
            )
            for number, launch in enumerate(grading.tolist())
        ]
