"""How long a batch is, and when it turns out to have been too short."""

from hypothesis import given
from hypothesis import strategies as st

from harness.clock.calibration import Batch
from harness.clock.stage import MAX_ROUND_NS
from harness.records import Launch, Round

AIM_NS = 4e6
CALLS = st.floats(10.0, 1e10)


def launch(candidate_ns: float, baseline_ns: float) -> Launch:
    one = Round(candidate_ns=candidate_ns, baseline_ns=baseline_ns, again_ns=baseline_ns)
    return Launch(rounds=(one,) * 3, parent=0)


def chosen(most: int, quickest_ns: float, slowest_ns: float) -> Batch:
    return Batch.of(most, AIM_NS, quickest_ns=quickest_ns, slowest_ns=slowest_ns)


@given(st.integers(1, 4096), CALLS, CALLS)
def test_a_sample_is_long_enough_where_it_can_be(most: int, one: float, other: float) -> None:
    """The quickest fills its sample, unless no more fit or the slowest would take too long."""
    batch = chosen(most, min(one, other), max(one, other))
    assert 1 <= batch.length <= most
    assert (
        batch.length * min(one, other) >= AIM_NS
        or batch.length == most
        or (batch.length + 1) * max(one, other) > MAX_ROUND_NS
    )


@given(st.integers(1, 4096), CALLS, CALLS)
def test_a_batch_that_suits_stays(most: int, one: float, other: float) -> None:
    """A launch in which calls took what they took before, or longer, changes nothing."""
    batch = chosen(most, min(one, other), max(one, other))
    assert batch.after(launch(one, other)) is batch
    assert batch.after(launch(3 * one, 3 * other)) is batch


def test_a_batch_chosen_while_all_was_slow_grows() -> None:
    """Samples under half of what was aimed at ask for more calls, and with those they are right."""
    batch = chosen(4096, 50_000.0, 60_000.0)
    for quick in (20_000.0, 5_000.0):
        longer = batch.after(launch(quick, 1.2 * quick))
        assert longer.length * quick >= AIM_NS > 2 * batch.length * quick
        assert longer.after(launch(quick, 1.2 * quick)) is longer
        batch = longer


def test_a_batch_grows_no_further_than_it_may() -> None:
    """What does not fit, or would take too long for one side, is not asked for."""
    full = chosen(100, 40_000.0, 40_000.0)
    assert full.after(launch(1_000.0, 1_000.0)) is full
    lame = chosen(4096, 40_000.0, MAX_ROUND_NS / 100)
    assert lame.after(launch(1_000.0, MAX_ROUND_NS / 100)) is lame
