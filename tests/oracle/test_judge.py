"""Outputs judged where they lie: every output, every element, and what was never written."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from harness.arena.memory import Memory, lay_out
from harness.dtypes import DTYPES
from harness.oracle.judge import Expected, judge_outputs
from harness.records import Argument, Bound, Role

SHAPES = {"y": (2, 3, 4, 5), "count": (7,)}
ARGUMENTS = (
    Argument(name="y", role=Role.OUTPUT, dtype=DTYPES["float32"], shape=SHAPES["y"]),
    Argument(name="count", role=Role.OUTPUT, dtype=DTYPES["int64"], shape=SHAPES["count"]),
)
EXPECTED = Expected(
    truth={
        "y": np.linspace(-1, 1, 120).reshape(SHAPES["y"]),
        "count": np.arange(7, dtype=np.int64),
    },
    bounds={"y": Bound(max_error=1e-5, rms_error=1e-6), "count": Bound(exact=True)},
    own_errors={},
)


@contextmanager
def _answered(*, right: bool = False) -> Iterator[Memory]:
    """Outputs as a right answer leaves them."""
    places, size = lay_out(ARGUMENTS, Role.OUTPUT, right=right)
    with Memory(places, size, sealed=False) as outputs:
        outputs.poison()
        for name, truth in EXPECTED.truth.items():
            outputs.window(name)[...] = truth
        yield outputs


@pytest.mark.parametrize("right", [False, True])
def test_a_right_answer_is_accepted(right: bool) -> None:
    """Each output gets a comparison; every element was counted."""
    with _answered(right=right) as outputs:
        found = judge_outputs(EXPECTED, outputs)
    assert [(c.output, c.count, c.wrong, c.ok) for c in found] == [
        ("y", 120, 0, True),
        ("count", 7, 0, True),
    ]


def test_each_output_is_judged_by_itself() -> None:
    """A wrong second output does not hide behind a right first one."""
    with _answered() as outputs:
        outputs.window("count")[3] += 1
        first, second = judge_outputs(EXPECTED, outputs)
    assert first.ok
    assert (second.ok, second.wrong, second.reason) == (False, 1, "value")
    assert "got 4, expected 3, must be equal" in second.story


def test_an_output_that_was_never_written_is_called_so() -> None:
    """The poison is recognised."""
    with _answered() as outputs:
        outputs.poison()
        outputs.window("count")[...] = EXPECTED.truth["count"]
        first, second = judge_outputs(EXPECTED, outputs)
    assert (first.reason, first.story) == ("unwritten", "`y` was never written")
    assert second.ok


def test_a_part_that_was_never_written_is_told_with_its_place() -> None:
    """How many elements, and where."""
    with _answered() as outputs:
        written = outputs.window("y").copy()
        outputs.poison()
        outputs.window("y")[:, :, :-1] = written[:, :, :-1]
        outputs.window("count")[...] = EXPECTED.truth["count"]
        first, _ = judge_outputs(EXPECTED, outputs)
    assert (first.wrong, first.reason) == (30, "unwritten")
    assert first.story == (
        "30 of 120 elements of `y` were never written;"
        " all of them lie at row 3 (the last) of axis 2"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_but_was_written_is_not_called_unwritten(value: float) -> None:
    """A kernel's own NaN is not our poison."""
    with _answered() as outputs:
        outputs.window("y")[0, 1, 2, 3] = value
        first, _ = judge_outputs(EXPECTED, outputs)
    assert (first.wrong, first.reason) == (1, "non_finite")
    assert "worst at [0, 1, 2, 3]" in first.story
