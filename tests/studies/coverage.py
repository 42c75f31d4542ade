"""
Which interval holds the truth, and what it costs: methods on simulated gradings of known truth.

    nice -n 10 python -m tests.studies.coverage [GRADINGS]

Run by hand from the root; it prints the tables that stand in coverage.md. `this one` is the
harness's own `estimate`, on records; the others work on logarithms of all gradings at once, and
take both baselines unless they say otherwise.
"""

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.clock.statistics import (
    MAX_AA,
    MAX_HALF_WIDTH,
    estimate,
    launch_values,
    student,
)
from harness.records import State
from tests.clock.simulated import NOISES, gradings_of, simulate

Array = NDArray[np.float64]
Found = tuple[Array, Array, Array]  # estimate, low end, high end; logarithms
Method = Callable[[Array], Found]

RESAMPLES = 400
SEED = 2026


# ---- methods: from logarithms (gradings, launches, rounds, arms) ---------------------------------


def one_baseline(logs: Array) -> Array:
    return logs[..., 1] - logs[..., 0]


def both_baselines(logs: Array) -> Array:
    return np.concatenate([logs[..., 1] - logs[..., 0], logs[..., 2] - logs[..., 0]], axis=-1)


def mean_of_baselines(logs: Array) -> Array:
    return np.asarray(logs[..., 1:].mean(axis=-1) - logs[..., 0])


def students(values: Array, middle: Array | None = None) -> Found:
    """Student's interval of what launches say."""
    count = values.shape[-1]
    centre = values.mean(axis=-1) if middle is None else middle
    half = student(count - 1) * values.std(axis=-1, ddof=1) / math.sqrt(count)
    return centre, centre - half, centre + half


def bootstrap(pairs: Callable[[Array], Array], *, rounds_too: bool) -> Method:
    """Percentiles of the pooled median, of launches (and rounds in them) drawn again."""

    def method(logs: Array) -> Found:
        rng = np.random.default_rng(SEED)
        _, launches, rounds, _ = logs.shape
        ends = []
        for grading in logs:
            chosen = rng.integers(launches, size=(RESAMPLES, launches))
            drawn = grading[chosen]
            if rounds_too:
                which = rng.integers(rounds, size=(RESAMPLES, launches, rounds))
                drawn = np.take_along_axis(drawn, which[..., None], axis=2)
            medians = np.median(pairs(drawn).reshape(RESAMPLES, -1), axis=-1)
            ends.append(np.percentile(medians, [2.5, 97.5]))
        low, high = np.array(ends).T
        return np.median(pairs(logs).reshape(len(logs), -1), axis=-1), low, high

    return method


def bootstrap_t(logs: Array) -> Found:
    """Launch medians drawn again, each time in units of their own spread."""
    rng = np.random.default_rng(SEED)
    values = np.median(both_baselines(logs), axis=-1)
    count = values.shape[-1]
    drawn = values[:, rng.integers(count, size=(RESAMPLES, count))]
    spread = np.maximum(drawn.std(axis=-1, ddof=1), 1e-12)
    ratios = (drawn.mean(axis=-1) - values.mean(axis=-1)[:, None]) / spread
    low, high = np.percentile(ratios, [2.5, 97.5], axis=-1)
    centre, own = values.mean(axis=-1), values.std(axis=-1, ddof=1)
    return centre, centre - high * own, centre - low * own


def hodges_lehmann(logs: Array) -> Found:
    pairs = mean_of_baselines(logs)
    one, other = np.triu_indices(pairs.shape[-1])
    return students(np.median((pairs[..., one] + pairs[..., other]) / 2, axis=-1))


def trimmed(logs: Array) -> Found:
    """Launch means of the middle half."""
    ordered = np.sort(mean_of_baselines(logs), axis=-1)
    cut = ordered.shape[-1] // 4
    return students(ordered[..., cut : ordered.shape[-1] - cut].mean(axis=-1))


def median_of_launches(logs: Array) -> Found:
    """From the least launch to the greatest: for five, 94 % by the signs alone."""
    values = np.median(both_baselines(logs), axis=-1)
    return np.median(values, axis=-1), values.min(axis=-1), values.max(axis=-1)


def launch_medians(logs: Array) -> Found:
    return students(np.median(both_baselines(logs), axis=-1))


def unpaired(logs: Array) -> Found:
    """Each arm's lower quartile in a launch: the quiet turns, whenever they were."""
    quartiles = np.quantile(logs, 0.25, axis=-2)
    return students(quartiles[..., 1:].mean(axis=-1) - quartiles[..., 0])


def weighted(logs: Array) -> Found:
    """Random effects: launches weigh by their rounds' spread (Hartung, Knapp, Sidik, Jonkman)."""
    pairs = both_baselines(logs)
    values, count = np.median(pairs, axis=-1), logs.shape[1]
    spread = np.median(np.abs(pairs - values[..., None]), axis=-1)
    within = (1.2533 * 1.4826 * spread) ** 2 / logs.shape[2]
    low, high = np.zeros(len(logs)), np.full(len(logs), 4 * values.var(axis=-1).max())
    for _ in range(40):  # Paule and Mandel's variance between launches, by halving
        middle = (low + high) / 2
        weights = 1 / (middle[:, None] + within)
        centre = (weights * values).sum(axis=-1) / weights.sum(axis=-1)
        is_low = (weights * (values - centre[:, None]) ** 2).sum(axis=-1) > count - 1
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    weights = 1 / (low[:, None] + within)
    centre = (weights * values).sum(axis=-1) / weights.sum(axis=-1)
    excess = (weights * (values - centre[:, None]) ** 2).sum(axis=-1) / (count - 1)
    half = student(count - 1) * np.sqrt(excess / weights.sum(axis=-1))
    return centre, centre - half, centre + half


def jackknife(logs: Array) -> Found:
    """The pooled median, and what leaving out a launch makes of it."""
    pairs, count = both_baselines(logs), logs.shape[1]
    middle = np.median(pairs.reshape(len(pairs), -1), axis=-1)
    without = [
        np.median(np.delete(pairs, left, axis=1).reshape(len(pairs), -1), axis=-1)
        for left in range(count)
    ]
    return students(count * middle[:, None] - (count - 1) * np.stack(without, axis=-1), middle)


def without_aa(logs: Array) -> Found:
    """This one's launches, and Student's interval of them alone."""
    return students(np.array([launch_values(list(pairs)) for pairs in both_baselines(logs)]))


def this_one(logs: Array) -> Found:
    found = [estimate(grading) for grading in gradings_of(np.exp(logs))]
    ends = np.log([(one.speedup, one.ci_low, one.ci_high) for one in found])
    return ends[:, 0], ends[:, 1], ends[:, 2]


METHODS: dict[str, Method] = {
    "bootstrap of launches and rounds, one baseline": bootstrap(one_baseline, rounds_too=True),
    "the same, both baselines": bootstrap(both_baselines, rounds_too=True),
    "bootstrap of launches": bootstrap(both_baselines, rounds_too=False),
    "bootstrap-t of launch medians": bootstrap_t,
    "median of launches, least to greatest": median_of_launches,
    "launch medians, Student": launch_medians,
    "Hodges-Lehmann in launches, Student": hodges_lehmann,
    "means of the middle half, Student": trimmed,
    "unpaired lower quartiles, Student": unpaired,
    "launches weighted by their rounds": weighted,
    "pooled median, jackknife by launch": jackknife,
    "this one, without A/A": without_aa,
    "this one": this_one,
}
FEW = ("bootstrap of launches and rounds, one baseline", "launch medians, Student", "this one")


# ---- tables -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    launches: int
    rounds: int
    methods: tuple[str, ...]


SETTINGS = (
    Setting(launches=5, rounds=12, methods=tuple(METHODS)),
    Setting(launches=5, rounds=4, methods=FEW),
    Setting(launches=5, rounds=50, methods=FEW),
    Setting(launches=20, rounds=12, methods=FEW),
)


def percent(hits: int, of: int) -> str:
    """With the 95 % interval of a binomial share (Wilson's)."""
    if not of:
        return "-"
    share, z = hits / of, 1.96
    middle = (share + z * z / 2 / of) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / 4 / of**2) / (1 + z * z / of)
    return f"{100 * share:.1f} ({100 * max(0.0, middle - half):.0f}-{100 * (middle + half):.0f})"


HEADS = ("holds 1.0", "called, of stable", "stable", "within 2 %, of stable",
         "5 % caught", "2 % caught", "half-width, %")  # fmt: skip


def row(method: Method, logs: Array) -> Iterator[str]:
    gradings = len(logs)
    middle, low, high = method(logs)
    stable = (high - low) / 2 <= math.log1p(MAX_HALF_WIDTH)
    called = (low > 0) | (high < 0)
    close = np.abs(middle) <= math.log(1.02)
    yield percent(int((~called).sum()), gradings)
    yield percent(int((called & stable).sum()), int(stable.sum()))
    yield percent(int(stable.sum()), gradings)
    yield percent(int((close & stable).sum()), int(stable.sum()))
    for slower in (1.05, 1.02):  # every method moves with the truth: the same draws will do
        caught = stable & (high < math.log(slower))
        yield percent(int(caught.sum()), gradings)
    yield f"{100 * math.expm1(float(np.median(high - low)) / 2):.2f}"


def logs_of(noise: str, gradings: int, launches: int, rounds: int) -> Array:
    rng = np.random.default_rng(SEED)
    times = simulate(NOISES[noise], rng, gradings=gradings, launches=launches, rounds=rounds)
    return np.asarray(np.log(times))


def table(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> None:
    print("\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for cells in rows:
        print("| " + " | ".join(cells) + " |", flush=True)


def stopping(gradings: int) -> Iterator[list[str]]:
    """Stopped as soon as it is narrow, after five to twenty launches: does it still hold 1.0?"""
    for target in (0.005, 0.01):
        for noise in NOISES:
            logs = logs_of(noise, gradings, 20, 12)
            cells = [f"{100 * target:g} %", noise]
            for method in (without_aa, this_one):
                held, used = stopped(method, logs, math.log1p(target))
                cells += [percent(held, gradings), f"{used:.1f}"]
            yield cells


def stopped(method: Method, logs: Array, target: float) -> tuple[int, float]:
    gradings, most = logs.shape[:2]
    held, used, going = 0, 0, np.arange(gradings)
    for count in range(5, most + 1):
        _, low, high = method(logs[going, :count])
        ends = (high - low) / 2 <= target if count < most else np.full(len(going), True)
        held += int(((low <= 0) & (high >= 0) & ends).sum())
        used += count * int(ends.sum())
        going = going[~ends]
        if not len(going):
            break
    return held, used / gradings


def against_itself(gradings: int) -> Iterator[list[str]]:
    """What the A/A rule costs in stable gradings, and what it sees of an A/A that is truly off."""
    for noise in NOISES:
        logs = logs_of(noise, gradings, 5, 12)
        cells = [noise]
        for off in (0.0, 0.03):
            logs[..., 2] += off
            found = [estimate(grading) for grading in gradings_of(np.exp(logs))]
            narrow = [one for one in found if one.half_width <= MAX_HALF_WIDTH]
            strict = sum(abs(one.aa - 1) <= MAX_AA for one in narrow)
            stable = sum(one.state is not State.UNSTABLE for one in narrow)
            cells += [percent(strict, gradings), percent(stable, gradings)]
        yield cells


def shapes(gradings: int) -> Iterator[list[str]]:
    """The same number of rounds in few launches or many: half-widths in percent."""
    for noise in NOISES:
        cells = [noise]
        for launches, rounds in ((5, 24), (10, 12), (20, 6), (10, 24), (20, 24)):
            _, low, high = this_one(logs_of(noise, gradings, launches, rounds))
            cells.append(f"{100 * math.expm1(float(np.median(high - low)) / 2):.2f}")
        yield cells


def scores(gradings: int) -> Iterator[list[str]]:
    """Geometric means over independent cases: does the interval hold 1.0?"""
    for noise in NOISES:
        cells = [noise]
        _, low, high = this_one(logs_of(noise, gradings, 5, 12))
        middle, half = (low + high) / 2, (high - low) / 2
        for cases in (1, 2, 6):
            many = gradings // cases
            means = middle[: many * cases].reshape(many, cases).mean(axis=1)
            halves = np.sqrt((half[: many * cases].reshape(many, cases) ** 2).sum(axis=1)) / cases
            cells.append(percent(int((np.abs(means) <= halves).sum()), many))
        yield cells


def main() -> None:
    gradings = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for setting in SETTINGS:
        print(f"\n## {setting.launches} launches of {setting.rounds} rounds")
        for noise in NOISES:
            logs = logs_of(noise, gradings, setting.launches, setting.rounds)
            rows = ([name, *row(METHODS[name], logs)] for name in setting.methods)
            table([f"**{noise}**", *HEADS], rows)
    print("\n## Stopped when it is narrow")
    heads: tuple[str, ...]
    heads = ("at", "noise", "without A/A: holds 1.0", "launches", "this one: holds 1.0", "launches")
    table(heads, stopping(gradings // 2))
    print("\n## The baseline against itself")
    heads = ("noise", "stable by 2 %", "stable", "off by 3 %: stable by 2 %", "stable")
    table(heads, against_itself(gradings))
    print("\n## Launches or rounds")
    heads = ("noise", "5 of 24", "10 of 12", "20 of 6", "10 of 24", "20 of 24")
    table(heads, shapes(gradings // 2))
    print("\n## Scores of several cases")
    table(("noise", "1 case", "2", "6"), scores(gradings))


if __name__ == "__main__":
    main()
