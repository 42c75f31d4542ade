"""Intervals that hold the truth as often as they say."""

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.clock.statistics import (
    Estimate,
    are_heard,
    estimate,
    launch_values,
    student,
)
from harness.errors import HarnessError
from harness.records import Launch, Round, State

Rng = np.random.Generator


def _launches(
    rng: Rng,
    *,
    speedup: float = 1.5,
    aa: float = 1.0,
    launches: int = 5,
    rounds: int = 10,
    bias: float = 0.0,
    noise: float = 0.002,
    spikes: float = 0.0,
) -> list[Launch]:
    """Rounds as a machine would give them: each launch off by a bias, each round by noise."""

    def took(ns: float) -> float:
        late = 10.0 if rng.random() < spikes else 1.0
        return float(ns * late * np.exp(rng.normal(0, noise)))

    found = []
    for parent in range(launches):
        own = math.exp(rng.normal(0, bias)) if bias else 1.0
        found.append(
            Launch(
                rounds=tuple(
                    Round(
                        candidate_ns=took(1e6),
                        baseline_ns=took(1e6 * speedup * own),
                        again_ns=took(1e6 * speedup * own * aa),
                    )
                    for _ in range(rounds)
                ),
                parent=parent,
            )
        )
    return found


def _logs(launch: Launch) -> list[float]:
    return [math.log(r.baseline_ns / r.candidate_ns) for r in launch.rounds]


def test_the_interval_holds_the_truth_although_launches_are_biased() -> None:
    """Near 95 % of intervals cover the true speedup; pooling all rounds would cover far fewer."""
    rng = np.random.default_rng(1)
    simulations, truth = 20, 1.5
    covered = pooled = 0
    for _ in range(simulations):
        launches = _launches(rng, speedup=truth, rounds=15, bias=0.01, noise=0.01)
        found = estimate(launches)
        covered += found.ci_low <= truth <= found.ci_high
        low, high = _pooled_interval(rng, launches)
        pooled += low <= math.log(truth) <= high
    assert covered >= 0.85 * simulations
    assert pooled <= 0.75 * simulations


def _pooled_interval(rng: Rng, launches: list[Launch]) -> tuple[float, float]:
    """What an interval would be that takes every round for independent."""
    logs = np.array([log for launch in launches for log in _logs(launch)])
    medians = np.median(rng.choice(logs, (1000, len(logs))), axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    return float(low), float(high)


@pytest.mark.parametrize("truth", [0.2, 0.9, 1.0, 1.1, 30.0])
def test_the_speedup_is_found(truth: float) -> None:
    """The estimate is near the truth, inside its own interval, and the interval is narrow."""
    found = estimate(_launches(np.random.default_rng(2), speedup=truth))
    assert found.speedup == pytest.approx(truth, rel=0.003)
    assert found.ci_low < found.speedup < found.ci_high
    assert found.half_width < 0.005
    assert found.aa == pytest.approx(1.0, abs=0.003)


def test_spikes_do_not_move_the_estimate() -> None:
    """One call in ten taking ten times as long changes next to nothing."""
    found = estimate(_launches(np.random.default_rng(3), rounds=20, spikes=0.1))
    assert found.speedup == pytest.approx(1.5, rel=0.01)


def test_rounds_are_paired() -> None:
    """A machine that slows down in the middle cancels out."""
    rng = np.random.default_rng(4)
    drifting = [
        Launch(
            rounds=tuple(
                Round(
                    candidate_ns=r.candidate_ns * slow,
                    baseline_ns=r.baseline_ns * slow,
                    again_ns=r.again_ns * slow,
                )
                for r, slow in zip(launch.rounds, np.geomspace(1, 9, 10), strict=True)
            ),
            parent=launch.parent,
        )
        for launch in _launches(rng)
    ]
    assert estimate(drifting).speedup == pytest.approx(1.5, rel=0.003)
    assert estimate(drifting).half_width < 0.005


def test_the_same_rounds_give_the_same_interval() -> None:
    """A ledger can be re-read: nothing random is left in the estimate."""
    launches = _launches(np.random.default_rng(5))
    assert estimate(launches) == estimate(launches)


@pytest.mark.parametrize(
    ("speedup", "state"),
    [(1.05, State.FASTER), (0.95, State.SLOWER), (1.0, State.TIE)],
)
def test_the_state_says_what_the_interval_shows(speedup: float, state: State) -> None:
    """Faster and slower only where the whole interval is on one side."""
    found = estimate(_launches(np.random.default_rng(6), speedup=speedup, noise=0.005))
    assert found.state is state


@pytest.mark.parametrize("aa", [0.97, 1.03])
def test_a_baseline_that_differs_from_itself_is_unstable(aa: float) -> None:
    """However clear the speedup: A/A off by more than 2 % is not a measurement."""
    rng = np.random.default_rng(7)
    assert estimate(_launches(rng, aa=aa)).state is State.UNSTABLE
    assert estimate(_launches(rng, aa=1 + (aa - 1) / 2)).state is State.FASTER


def test_a_wide_interval_is_unstable() -> None:
    """However large the speedup: a half-width beyond 5 % is no measurement."""
    rng = np.random.default_rng(8)
    found = estimate(_launches(rng, speedup=3.0, bias=0.1))
    assert found.ci_low > 1.0
    assert found.half_width > 0.05
    assert found.state is State.UNSTABLE


NAN = math.nan


@pytest.mark.parametrize(
    ("aa", "noise", "state"),
    [
        (1.03, 0.031, State.FASTER),  # nothing that chance does not explain
        (1.03125, 0.03125, State.FASTER),  # both exact: just as much is enough
        (1.03, 0.029, State.UNSTABLE),
        (1.019, 0.0, State.FASTER),  # explained or not: small enough
        (0.951, 0.2, State.FASTER),
        (0.949, 0.2, State.UNSTABLE),  # too far for any excuse
        (1.03, NAN, State.UNSTABLE),
    ],
)
def test_chance_excuses_the_baseline_up_to_a_point(aa: float, noise: float, state: State) -> None:
    """A/A beyond 2 % is admitted where its own noise is as large, and never beyond 5 %."""
    found = Estimate(speedup=1.1, ci_low=1.08, ci_high=1.12, aa=aa, aa_noise=noise, quiet=True)
    assert found.state is state


@pytest.mark.parametrize(
    ("low", "high", "aa", "quiet", "state"),
    [
        (1.0, 1.08, 1.0, True, State.TIE),  # an end that touches 1 is not beyond it
        (0.93, 1.0, 1.0, True, State.TIE),
        (1.01, 1.1, 1.0, True, State.FASTER),  # half-width 4.4 %
        (1.01, 1.12, 1.0, True, State.UNSTABLE),  # 5.3 %
        (1.1, 1.2, 0.981, True, State.FASTER),
        (1.1, 1.2, 0.979, True, State.UNSTABLE),
        (1.1, 1.2, 1.021, True, State.UNSTABLE),
        (1.1, 1.2, 1.0, False, State.UNSTABLE),
        (1.1, 1.2, NAN, True, State.UNSTABLE),
        (NAN, 1.2, 1.0, True, State.UNSTABLE),
        (1.1, NAN, 1.0, True, State.UNSTABLE),
        (1.1, math.inf, 1.0, True, State.UNSTABLE),
    ],
)
def test_each_threshold_is_where_it_is_said_to_be(
    low: float, high: float, aa: float, quiet: bool, state: State
) -> None:
    """2 % for the baseline against itself, 5 % to either side; no number is not a good one."""
    found = Estimate(speedup=1.0, ci_low=low, ci_high=high, aa=aa, quiet=quiet)
    assert found.state is state


def test_a_launch_that_was_not_quiet_spoils_the_estimate() -> None:
    """One baseline that never settled makes the whole of it unstable."""
    launches = _launches(np.random.default_rng(10))
    assert estimate(launches).state is State.FASTER
    assert estimate([*launches, replace(launches[0], quiet=False)]).state is State.UNSTABLE


def test_launches_of_different_lengths_are_admitted() -> None:
    """A budget may cut the last launch short."""
    rng = np.random.default_rng(9)
    launches = _launches(rng, rounds=12)
    short = [*launches[:-1], replace(launches[-1], rounds=launches[-1].rounds[:2])]
    assert estimate(short).speedup == pytest.approx(1.5, rel=0.003)


def test_one_launch_is_no_measurement() -> None:
    """What launches differ by cannot be seen in one: that is the harness's fault, never a tie."""
    launches = _launches(np.random.default_rng(11))
    assert math.isfinite(estimate(launches[:2]).half_width)
    with pytest.raises(HarnessError):
        estimate(launches[:1])


def test_the_interval_counts_launches_not_rounds() -> None:
    """Launches that say -1 %, … +1 %, each without noise: Student's interval of five samples."""
    said = np.array([-0.01, -0.005, 0.0, 0.005, 0.01])
    found = estimate([_launch(i, ours=x, own=0.0) for i, x in enumerate(said)])
    half = 2.776 * float(said.std(ddof=1)) / math.sqrt(5)
    assert math.log(found.speedup) == pytest.approx(0.0, abs=1e-9)
    assert math.log(found.ci_low) == pytest.approx(-half)
    assert math.log(found.ci_high) == pytest.approx(half)
    assert (found.aa, found.aa_noise) == pytest.approx((1.0, 0.0))


def test_the_interval_is_as_wide_as_the_baseline_differs_from_itself() -> None:
    """Launches that all agree on the candidate, and not on the baseline, agree by luck."""
    own = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])
    found = estimate([_launch(i, ours=0.0, own=x) for i, x in enumerate(own)])
    assert math.log(found.speedup) == pytest.approx(0.0, abs=1e-9)
    # nine degrees of freedom in all: four agreed on the candidate, five know that A/A is nought
    variance = 0.75 * float(np.mean(own**2)) * 5 / 9
    assert math.log(found.ci_high) == pytest.approx(2.262 * math.sqrt(variance / 5))
    assert found.aa == pytest.approx(1.0)
    noise = 2.776 * float(own.std(ddof=1)) / math.sqrt(5)
    assert math.log1p(found.aa_noise) == pytest.approx(noise)


def test_both_ways_to_see_the_noise_are_pooled() -> None:
    """Where the baseline differs more than the candidate, each counts by its freedoms."""
    said = np.array([-0.003, -0.003, 0.003, 0.003])
    own = np.array([-0.01, 0.01, -0.01, 0.01])
    found = estimate(
        [_launch(i, ours=x, own=y) for i, (x, y) in enumerate(zip(said, own, strict=True))]
    )
    squares = float(np.sum(said**2)) + 0.75 * float(np.sum(own**2))
    half = 2.365 * math.sqrt(squares / 7 / 4)  # three agreed on the candidate, four know A/A
    assert math.log(found.ci_low) == pytest.approx(-half)
    assert math.log(found.ci_high) == pytest.approx(half)


def test_launches_from_one_parent_are_one_sample() -> None:
    """However many launches say the same because they have one layout, the interval stays."""
    said = [0.01, -0.02, 0.03, 0.0]
    once = estimate([_launch(i, ours=x, own=0.0) for i, x in enumerate(said)])
    again = estimate([_launch(i % 4, ours=x, own=0.0) for i, x in enumerate(said * 5)])
    assert again == once
    with pytest.raises(HarnessError, match="one launch"):
        estimate([_launch(7, ours=x, own=0.0) for x in said])


def _two_paced(rng: Rng, *, often: float = 0.0, launches: int = 0) -> list[Launch]:
    """A candidate that takes four times as long in some turns, or in all of some launches."""
    return [
        replace(
            launch,
            rounds=tuple(
                replace(
                    r, candidate_ns=r.candidate_ns * (4 if slow or launch.parent < launches else 1)
                )
                for r, slow in zip(
                    launch.rounds, rng.random(len(launch.rounds)) < often, strict=True
                )
            ),
        )
        for launch in _launches(rng, launches=6, rounds=10)
    ]


def test_who_is_quick_in_most_turns_only_is_unstable() -> None:
    """A mean that is clipped would not see it: what the candidate alone pays is looked at."""
    for slow in ({"often": 0.35}, {"launches": 2}):
        found = estimate(_two_paced(np.random.default_rng(12), **slow))
        assert found.state is State.UNSTABLE
        assert found.trouble == "it is much slower in some of its turns, and the baseline is not"
    assert estimate(_two_paced(np.random.default_rng(12))).state is State.FASTER


def test_what_slows_every_arm_is_nobodys_pace() -> None:
    """On a machine that is disturbed in every second turn no candidate is said to have two."""
    rng = np.random.default_rng(13)
    found = [estimate(_launches(rng, speedup=1.0, spikes=0.4)) for _ in range(200)]
    assert all(one.one_pace for one in found)


def test_who_looks_often_asks_for_more_than_the_interval() -> None:
    """A speedup outside of the interval is not yet cleared; far enough outside it is."""
    found = Estimate(speedup=2.0, ci_low=2.0 / 1.1, ci_high=2.2, aa=1.0, quiet=True)
    assert not any(map(found.is_clear_of, (1.9, 2.0, 1.8, 2.25)))
    assert all(map(found.is_clear_of, (1.7, 2.4, 1.0, 100.0)))


def _launch(parent: int, *, ours: float, own: float) -> Launch:
    """Rounds without noise: how far the candidate is from both baselines, and they apart."""
    low, high = 1e6 * math.exp(ours - own / 2), 1e6 * math.exp(ours + own / 2)
    only = Round(candidate_ns=1e6, baseline_ns=low, again_ns=high)
    return Launch(rounds=(only,) * 9, parent=parent)


def test_both_baselines_count() -> None:
    """The speedup is over the mean of them."""
    skewed = _launches(np.random.default_rng(12), aa=1.02)
    assert estimate(skewed).speedup == pytest.approx(1.5 * math.sqrt(1.02), rel=0.003)


@pytest.mark.parametrize(
    ("count", "step", "reach"),
    [
        (9, 0.0045, 0.02),  # 2 %, where that is neither few nor nearly all
        (9, 0.001, 0.006),  # three quarters on a quiet machine: the furthest of seven
        (9, 0.1, 0.3),  # the nearest four, where rounds are few and far apart
        (101, 0.1, 1.0),  # the nearest tenth, where they are many
    ],
)
def test_what_is_far_counts_by_its_side_alone(count: int, step: float, reach: float) -> None:
    """And what is near in full; the share of those that are near makes good for the others."""
    values = np.array([place * step * (-1) ** place for place in range(count)])
    launches = [values[::3], values[1::3], values[2::3]]
    is_far = np.abs(values) > reach + step / 2
    share = 1 - is_far.mean()
    expected = [np.mean(np.clip(launch, -reach, reach)) / share for launch in launches]
    assert launch_values(launches) == pytest.approx(expected)
    beyond = np.where(is_far, 7 * values, values)
    assert launch_values([beyond[::3], beyond[1::3], beyond[2::3]]) == pytest.approx(expected)


@pytest.mark.parametrize("freedom", [*range(1, 30), 100, 1000])
def test_a_quantile_holds_95_percent(freedom: int) -> None:
    """Of Student's density, integrated here."""
    half = freedom / 2
    scale = math.exp(math.lgamma(half + 0.5) - math.lgamma(half)) / math.sqrt(freedom * math.pi)
    ends, width = np.linspace(0, student(freedom), 10_001, retstep=True)
    middles = ends[1:] - width / 2
    density = scale * (1 + middles**2 / freedom) ** -(half + 0.5)
    assert 2 * float(density.sum() * width) == pytest.approx(0.95, abs=3e-4)


def test_a_quantile_falls_with_every_freedom() -> None:
    """The series goes on where the table ends, and comes down to the normal's."""
    values = [student(n) for n in range(1, 200)]
    assert values == sorted(values, reverse=True)
    assert student(10**6) == pytest.approx(1.96, abs=1e-4)


@pytest.mark.parametrize("batch", [1, 4096])
@pytest.mark.parametrize("quick", [0, 1], ids=["candidate", "baseline"])
def test_what_could_be_hidden_in_the_freezing_is_not_believed(quick: int, batch: int) -> None:
    """Who says that it is done and then hurries gains a null: samples where that is more than 5 %
    are unstable, for either side, however steady they are.
    """
    took, nulls = [9e6, 9e6], [0.0, 0.0]
    took[quick], nulls[quick] = 2.1e6, batch * 1e5  # without it 2.0e6, and 5 % more than that
    steady = Round(candidate_ns=took[0], baseline_ns=took[1], again_ns=took[1])
    launches = [Launch(rounds=(steady,) * 9, parent=parent) for parent in range(5)]
    assert are_heard(launches, batch=batch, nulls_ns=(nulls[0], nulls[1]))
    nulls[quick] *= 1.001
    assert not are_heard(launches, batch=batch, nulls_ns=(nulls[0], nulls[1]))
