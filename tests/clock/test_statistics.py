"""Intervals that hold the truth as often as they say, and scores that never flatter."""

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.clock.statistics import Estimate, cluster_interval, estimate, score_of
from harness.records import Clock, Launch, Round, State, Timing

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
    for _ in range(launches):
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
                )
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
            )
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
    short = [*launches[:-1], Launch(rounds=launches[-1].rounds[:2])]
    assert estimate(short).speedup == pytest.approx(1.5, rel=0.003)


def test_one_launch_has_an_interval_of_its_rounds() -> None:
    """With nothing else to resample, rounds alone."""
    low, high = cluster_interval([np.array([0.1, 0.2, 0.3, 0.4, 0.5])])
    assert 0.1 <= low < 0.3 < high <= 0.5


def test_the_interval_is_as_wide_as_95_percent_are() -> None:
    """The median of many rounds, resampled, is nearly normal, and so its ends are known."""
    rng = np.random.default_rng(11)
    rounds = np.linspace(-1, 1, 401)
    deviation = 1 / math.sqrt(len(rounds))
    # a thousand resamples leave each end vague: the mean over other orders of the same rounds
    ends = np.mean([cluster_interval([rng.permutation(rounds)]) for _ in range(12)], axis=0)
    assert ends == pytest.approx([-1.96 * deviation, 1.96 * deviation], abs=0.08 * deviation)


# ---- scores -------------------------------------------------------------------------------------


def _timing(speedup: float, width: float = 1.01, state: State = State.FASTER) -> Timing:
    return Timing(
        case="some", baseline="eager", state=state, speedup=speedup, ci_low=speedup / width,
        ci_high=speedup * width, aa=1.0, candidate_ms=1.0, baseline_ms=speedup,
        batch=1, null_ns=0.0, clock=Clock.WALL, launches=(),
    )  # fmt: skip


def test_the_score_is_the_geometric_mean() -> None:
    """Twice as fast and half as fast is no gain; four times and once is two."""
    assert score_of(3, 3, [_timing(2.0), _timing(0.5)]).speedup == pytest.approx(1.0)
    assert score_of(3, 3, [_timing(4.0), _timing(1.0)]).speedup == pytest.approx(2.0)
    assert score_of(3, 3, [_timing(7.0)]).speedup == pytest.approx(7.0)
    assert score_of(3, 3, [_timing(7.0)]).correct


@pytest.mark.parametrize(("planned", "passed"), [(3, 2), (3, 0), (0, 0)])
def test_what_failed_has_no_speedup(planned: int, passed: int) -> None:
    """Not 1.0, not 0.0: none, although timings are at hand; and no cases is not a pass."""
    score = score_of(planned, passed, [_timing(5.0)])
    assert not score.correct
    assert (score.speedup, score.ci_low, score.ci_high, score.state) == (None,) * 4
    assert (score.planned, score.passed) == (planned, passed)


def test_what_was_not_timed_has_no_speedup() -> None:
    """Right, and nothing said about speed."""
    score = score_of(2, 2, [])
    assert score.correct
    assert (score.speedup, score.state) == (None, None)


def test_one_case_keeps_its_interval() -> None:
    """The score of a single case is that case."""
    score = score_of(1, 1, [_timing(2.0, 1.1)])
    assert score.ci_low == pytest.approx(2.0 / 1.1)
    assert score.ci_high == pytest.approx(2.0 * 1.1)


def test_independent_cases_narrow_the_interval() -> None:
    """Four equal cases: half the width, in logarithms."""
    score = score_of(1, 1, [_timing(2.0, 1.1)] * 4)
    assert score.ci_low == pytest.approx(2.0 / math.sqrt(1.1))
    assert score.ci_high == pytest.approx(2.0 * math.sqrt(1.1))


def test_the_interval_always_holds_the_score() -> None:
    """A lopsided interval stays lopsided."""
    lopsided = replace(_timing(2.0), ci_low=1.6, ci_high=2.0)
    score = score_of(1, 1, [lopsided])
    assert score.ci_low == pytest.approx(1.6)
    assert score.ci_high == pytest.approx(score.speedup)


@pytest.mark.parametrize(
    ("timings", "state"),
    [
        ([_timing(2.0), _timing(2.0)], State.FASTER),
        ([_timing(0.5), _timing(0.5)], State.SLOWER),
        ([_timing(2.0), _timing(0.5)], State.TIE),
        ([_timing(2.0), _timing(2.0, state=State.UNSTABLE)], State.UNSTABLE),
        ([_timing(2.0, state=State.TIE)], State.FASTER),
        ([replace(_timing(2.0), ci_low=1.0)], State.TIE),
        ([replace(_timing(0.5), ci_high=1.0)], State.TIE),
    ],
)
def test_one_unstable_case_makes_the_score_unstable(timings: list[Timing], state: State) -> None:
    """Otherwise the combined interval decides, not a vote of the cases."""
    assert score_of(1, 1, timings).state is state
