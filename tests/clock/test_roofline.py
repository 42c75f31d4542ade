"""Limits that no honest kernel is below, and verdicts that only the impossible meets."""

import dataclasses
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock.roofline import (
    HEADROOM,
    Demand,
    compute_roof,
    demand_of,
    memory_roof,
    placed,
    roofline_of,
)
from harness.records import (
    MEMORY,
    Bandwidth,
    Cache,
    Clock,
    Fell,
    Launch,
    Peak,
    Problem,
    Roofs,
    Round,
    State,
    Timing,
    Verdict,
)
from tests.timings import SOME

GIGA = 1e9
L1, L2, L3 = 32 << 10, 512 << 10, 32 << 20
RATES = {"L1": 300.0, "L2": 100.0, "L3": 80.0, MEMORY: 40.0}  # GB/s of one thread
ROOFS = Roofs(
    fingerprint="made up",
    facts=(),
    caches=(
        Cache(level=1, size_bytes=L1, instances=8),
        Cache(level=2, size_bytes=L2, instances=8),
        Cache(level=3, size_bytes=L3, instances=1),
    ),
    bandwidths=tuple(
        Bandwidth(
            where=where,
            pattern=pattern,
            threads=threads,
            bytes_s=rate * GIGA * part * threads ** (0.5 if where == MEMORY else 1.0),
            spread=0.1,
        )
        for where, rate in RATES.items()
        for pattern, part in (("read", 0.7), ("write", 0.4), ("copy", 1.0), ("add", 0.9))
        for threads in (1, 2, 4, 8)
    ),
    peaks=tuple(
        Peak(dtype=dtype, threads=threads, flops_s=rate * GIGA * threads, spread=0.0)
        for dtype, rate in (("float32", 100.0), ("float64", 50.0))
        for threads in (1, 2, 4, 8)
    ),
    half_factor=1,
    rounds=3,
    seconds=1.0,
)
SIZES = st.integers(1, 1 << 34)
THREADS = st.integers(1, 8)
WINDOWS = st.integers(1, 4096)


def _seconds(nbytes: int, *, threads: int = 1, windows: int = 1, roofs: Roofs = ROOFS) -> float:
    roof = memory_roof(roofs, threads, nbytes, windows)
    assert roof is not None
    return roof.seconds


# ---- bytes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nbytes", "windows", "where"),
    [
        (1 << 10, 1, "L1"),
        (L1, 1, "L1"),
        (4 * L1, 1, "L2"),
        (8 * L2, 1, "L3"),
        (8 * L3, 1, MEMORY),
        (4 * L1, 1024, MEMORY),  # each window is small, but they all lie there
        (1 << 10, 100, "L2"),
    ],
)
def test_the_roof_is_that_of_the_nearest_cache_that_could_hold_the_data(
    nbytes: int, windows: int, where: str
) -> None:
    """Cached shapes beat memory honestly; and a sample's windows share the caches."""
    roof = memory_roof(ROOFS, 1, nbytes, windows)
    assert roof is not None
    assert roof.name == where
    assert roof.rate == RATES[where] * GIGA


def test_what_nearer_caches_may_have_held_is_free_further_away() -> None:
    """Just above a cache's size the limit does not jump: only the overhang comes from memory."""
    held = L1 + L2 + L3
    assert _seconds(held + 64) == pytest.approx(_seconds(held), rel=1e-4)
    assert _seconds(3 * held) == pytest.approx(2 * held / (RATES[MEMORY] * GIGA))


@given(nbytes=SIZES, more=SIZES, threads=THREADS, windows=WINDOWS)
def test_more_bytes_never_take_less_time(
    nbytes: int, more: int, threads: int, windows: int
) -> None:
    """The limit grows with the bytes."""
    one = _seconds(nbytes, threads=threads, windows=windows)
    assert one <= _seconds(nbytes + more, threads=threads, windows=windows)


@given(nbytes=SIZES, threads=st.integers(1, 7), windows=WINDOWS)
def test_more_threads_never_raise_the_limit(nbytes: int, threads: int, windows: int) -> None:
    """Private caches and bandwidths add up; nothing gets slower by help."""
    one = _seconds(nbytes, threads=threads, windows=windows)
    assert _seconds(nbytes, threads=threads + 1, windows=windows) <= one


@given(nbytes=SIZES, threads=THREADS, windows=WINDOWS)
def test_no_limit_is_above_what_was_really_seen(nbytes: int, threads: int, windows: int) -> None:
    """All bytes from memory, at the rate that it had with fewer threads: that was possible."""
    fewer = max(n for n in (1, 2, 4, 8) if n <= threads)
    seen = RATES[MEMORY] * GIGA * fewer**0.5
    assert _seconds(nbytes, threads=threads, windows=windows) <= nbytes / seen * (1 + 1e-9)


@given(nbytes=SIZES, threads=THREADS, index=st.integers(0, len(ROOFS.bandwidths) - 1))
def test_a_higher_figure_never_raises_the_limit(nbytes: int, threads: int, index: int) -> None:
    """Wherever a machine turns out to be quicker, limits only fall."""
    figures = list(ROOFS.bandwidths)
    figures[index] = replace(figures[index], bytes_s=10 * figures[index].bytes_s)
    quicker = replace(ROOFS, bandwidths=tuple(figures))
    assert _seconds(nbytes, threads=threads, roofs=quicker) <= _seconds(nbytes, threads=threads)


def test_a_number_of_threads_that_was_not_measured_is_taken_for_the_next() -> None:
    """Three threads may do what four did; thirty what eight did."""
    big = 1 << 30
    assert memory_roof(ROOFS, 3, big, 1) == memory_roof(
        replace(ROOFS, bandwidths=tuple(b for b in ROOFS.bandwidths if b.threads != 2)), 3, big, 1
    )
    three = compute_roof(ROOFS, 3, frozenset({"float32"}), 10**9)
    assert three == compute_roof(ROOFS, 4, frozenset({"float32"}), 10**9)
    assert compute_roof(ROOFS, 30, frozenset({"float32"}), 10**9) == compute_roof(
        ROOFS, 8, frozenset({"float32"}), 10**9
    )


def test_nothing_to_move_is_no_roof() -> None:
    """No bytes, no figures: no limit, and not one of zero."""
    assert memory_roof(ROOFS, 1, 0, 1) is None
    assert memory_roof(replace(ROOFS, bandwidths=()), 1, 100, 1) is None


# ---- operations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtypes", "factor", "rate"),
    [
        ({"float32"}, 1, 100.0),
        ({"float64"}, 1, 50.0),
        ({"float32", "float64"}, 1, 100.0),  # the quicker of them
        ({"float16"}, 1, 100.0),  # computed in float32
        ({"bfloat16"}, 16, 1600.0),  # in tiles of its own
        ({"bfloat16", "float32"}, 2, 200.0),
    ],
)
def test_operations_have_the_peak_of_their_type(dtypes: set[str], factor: int, rate: float) -> None:
    """Where several types meet, or half precision has units of its own, the quickest counts."""
    roof = compute_roof(replace(ROOFS, half_factor=factor), 1, frozenset(dtypes), 10**9)
    assert roof is not None
    assert roof.rate == rate * GIGA
    assert roof.seconds == pytest.approx(1 / rate)


@pytest.mark.parametrize(("dtypes", "flops"), [(set(), 10), ({"float32"}, 0)])
def test_whole_numbers_and_no_operations_have_no_peak(dtypes: set[str], flops: int) -> None:
    """What was not measured is no limit."""
    assert compute_roof(ROOFS, 1, frozenset(dtypes), flops) is None


# ---- a timing in its place ----------------------------------------------------------------------

DEMAND = Demand(
    flops=200_000_000, bytes=40_000_000, needed=40_000_000, dtypes=frozenset({"float32"})
)


def _timing(ms: float, *, batch: int = 1, null_ns: float = 0.0, noise: float = 1.01) -> Timing:
    """A stable timing of calls that took so long."""
    rounds = tuple(
        Round(candidate_ns=ms * 1e6 * wobble, baseline_ns=5e6, again_ns=5e6)
        for wobble in (1 / noise, 1.0, noise) * 4
    )
    return replace(
        SOME,
        state=State.FASTER,
        speedup=2.0,
        ci_low=1.9,
        ci_high=2.1,
        candidate_ms=ms,
        baseline_ms=5.0,
        batch=batch,
        null_ns=null_ns,
        launches=tuple(Launch(rounds=rounds, parent=parent) for parent in range(5)),
    )


def _floor_ms(demand: Demand = DEMAND) -> float:
    return 1e3 * _seconds(demand.needed)


def test_a_roofline_says_what_was_done_and_how_near_that_is() -> None:
    """Rates, intensity, and the higher of the two roofs as the limit."""
    found = roofline_of(_timing(4.0), DEMAND, ROOFS, 1)
    assert found.flops_s == pytest.approx(50e9)
    assert found.bytes_s == pytest.approx(10e9)
    assert found.intensity == pytest.approx(5.0)
    assert found.limit is not None
    assert found.limit.name == "float32"
    assert found.fraction == pytest.approx(0.5)
    assert found.floor is not None
    assert found.floor.seconds < found.limit.seconds


def test_without_a_measured_machine_rates_are_told_alone() -> None:
    """No limit, no fraction, no verdict; however quick."""
    timing = placed(_timing(1e-6), DEMAND, None, 1)
    assert isinstance(timing, Timing)
    assert timing.state is State.FASTER
    assert timing.roofline is not None
    assert (timing.roofline.limit, timing.roofline.fraction, timing.roofline.floor) == (None,) * 3
    assert timing.roofline.bytes_s > 0


@pytest.mark.parametrize(
    ("part", "outcome"),
    [
        (2.0, State.FASTER),
        (1.01, State.FASTER),
        (0.99, State.UNSTABLE),
        (0.93 / HEADROOM, State.UNSTABLE),  # within the spread of 10 %
        (0.85 / HEADROOM, "below_limit"),
        (0.01, "below_limit"),
    ],
)
def test_only_what_is_impossible_by_far_is_a_violation(part: float, outcome: str) -> None:
    """Above the floor: as it is. Below it within the uncertainty: unstable. Beyond: refused."""
    found = placed(_timing(part * _floor_ms()), DEMAND, ROOFS, 1)
    if isinstance(found, Fell):
        assert (found.verdict, found.reason) == (Verdict.RULES_VIOLATION, outcome)
        assert "40 MB" in found.message
        assert f"{RATES['L3']:g} GB/s (L3)" in found.message
    else:
        assert found.state is outcome


def test_formulas_alone_never_condemn() -> None:
    """A kernel with fewer operations, or fewer reads, than are counted is quick, not a cheat."""
    clever = replace(DEMAND, flops=10**12, bytes=10**12)
    found = placed(_timing(1.05 * _floor_ms()), clever, ROOFS, 1)
    assert isinstance(found, Timing)
    assert found.state is State.FASTER
    assert found.roofline is not None
    assert found.roofline.fraction is not None
    assert found.roofline.fraction > 100
    assert placed(_timing(1e-6), replace(clever, needed=0), ROOFS, 1).__class__ is Timing


def test_what_the_clock_takes_itself_is_no_evidence() -> None:
    """A constant that was too large makes a time of nothing: unstable, and nobody's fault."""
    ms = 1e-6
    window_ms = _floor_ms()  # all of it the clock's own
    found = placed(_timing(ms, null_ns=window_ms * 1e6), DEMAND, ROOFS, 1)
    assert isinstance(found, Timing)
    assert found.state is State.UNSTABLE
    assert isinstance(placed(_timing(ms, null_ns=window_ms * 1e4), DEMAND, ROOFS, 1), Fell)


def test_only_the_wall_condemns() -> None:
    """Whoever had others work for it used little of its own processor: no proof of anything."""
    waited = replace(
        _timing(2 * _floor_ms()), clock=Clock.PROCESSOR, candidate_ms=0.01 * _floor_ms()
    )
    found = placed(waited, DEMAND, ROOFS, 1)
    assert isinstance(found, Timing)
    assert found.state is State.UNSTABLE
    assert not found.steady  # and no reward for it


def test_some_windows_below_the_floor_are_not_enough() -> None:
    """The slow end of the interval decides: half of the rounds may be anything."""
    quick, slow = _timing(0.01 * _floor_ms()), _timing(2 * _floor_ms())
    mixed = replace(quick, launches=quick.launches[:3] + slow.launches[:2])
    assert isinstance(placed(quick, DEMAND, ROOFS, 1), Fell)
    assert isinstance(placed(mixed, DEMAND, ROOFS, 1), Timing)


@settings(max_examples=15, deadline=None)  # each resamples launches
@given(
    ms=st.floats(1e-6, 1e4),
    batch=st.integers(1, 4096),
    needed=st.integers(0, 1 << 32),
    threads=THREADS,
)
def test_the_more_must_be_moved_the_harder_the_verdict(
    ms: float, batch: int, needed: int, threads: int
) -> None:
    """Who is refused for some bytes is refused for more; who keeps a state keeps it for fewer."""

    def hardness(nbytes: int) -> int:
        found = placed(_timing(ms, batch=batch), replace(DEMAND, needed=nbytes), ROOFS, threads)
        return 2 if isinstance(found, Fell) else int(found.state is State.UNSTABLE)

    assert hardness(needed // 2) <= hardness(needed)


def test_every_field_of_a_demand_is_of_one_call(doubling: Problem) -> None:
    """What the formulas say of a case, in the dtype that is graded."""
    (case,) = doubling.cases
    demand = demand_of(doubling, case, "float16")
    assert dataclasses.asdict(demand) == {
        "flops": None, "bytes": 2 * 2 * 1003, "needed": 2 * 1003, "dtypes": {"float16"},
    }  # fmt: skip
