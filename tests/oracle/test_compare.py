"""Every element is looked at, and nothing that is wrong slips through."""

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from harness.oracle.compare import is_surely_close, relative_errors, summary, wrong_elements
from harness.oracle.judge import compare
from harness.records import Bound

MANY = settings(max_examples=80, deadline=None, database=None)
FEW = settings(MANY, max_examples=8)
TIGHT = Bound(max_error=64 * 2.0**-23, rms_error=16 * 2.0**-23)
EXACT = Bound(exact=True)
EXPLICIT = Bound(absolute=1e-3, relative=1e-2)
BOUNDS = (TIGHT, EXACT, EXPLICIT)
FLOATS = [
    np.dtype(np.float64),
    np.dtype(np.float32),
    np.dtype(np.float16),
    np.dtype(ml_dtypes.bfloat16),
]

Array = NDArray[Any]
Truth = NDArray[np.float64]

SHAPES = array_shapes(min_dims=0, max_dims=4, max_side=6)
ORDINARY = st.floats(-1e4, 1e4, width=16)
TRUTHS = arrays(np.float64, SHAPES, elements=ORDINARY)
ANYTHING = arrays(np.float64, SHAPES, elements=st.floats(width=64))


@st.composite
def _with_place(draw: st.DrawFn) -> tuple[Truth, int]:
    truth = draw(TRUTHS)
    return truth, draw(st.integers(0, truth.size - 1))


# ---- what is right ------------------------------------------------------------------------------


@MANY
@given(ANYTHING, st.sampled_from(FLOATS), st.sampled_from(BOUNDS))
def test_the_truth_itself_is_accepted(truth: Truth, dtype: np.dtype[Any], bound: Bound) -> None:
    """Whatever it holds, zeros, NaN and infinities too, an equal answer is right."""
    with np.errstate(over="ignore"):
        got = truth.astype(dtype)
    found = compare("y", got, got.astype(np.float64), bound)
    assert found.ok
    assert (found.wrong, found.max_error, found.rms_error) == (0, 0.0, 0.0)
    assert found.count == truth.size


@MANY
@given(TRUTHS, st.sampled_from(FLOATS))
def test_rounding_to_the_dtype_is_within_the_bound(truth: Truth, dtype: np.dtype[Any]) -> None:
    """The nearest number of the dtype is always right, for that dtype's floors."""
    eps = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
    bound = Bound(max_error=64 * eps[dtype.name], rms_error=16 * eps[dtype.name])
    assert compare("y", truth.astype(dtype), truth, bound).ok


@pytest.mark.parametrize(
    ("dtype", "largest"),
    [(np.float16, 65504.0), (ml_dtypes.bfloat16, 3.38953139e38), (np.float32, 3.40282347e38)],
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_value_beyond_the_dtype_may_overflow(
    dtype: type[Any], largest: float, sign: float
) -> None:
    """Infinity of the right sign is right where the truth does not fit, and only there."""
    truth = np.array([sign * largest * 1.5, sign * largest / 4])
    right = np.array([sign * np.inf, sign * largest / 4]).astype(dtype)
    assert compare("y", right, truth, TIGHT).ok
    other_sign = np.array([-sign * np.inf, sign * largest / 4]).astype(dtype)
    assert compare("y", other_sign, truth, TIGHT).reason == "non_finite"
    too_soon = np.array([sign * np.inf, sign * np.inf]).astype(dtype)
    assert compare("y", too_soon, truth, TIGHT).wrong == 1


@pytest.mark.parametrize(
    ("dtype", "largest"),
    [
        (np.float16, 65504.0),
        (ml_dtypes.bfloat16, (2 - 2.0**-7) * 2.0**127),
        (np.float32, (2 - 2.0**-23) * 2.0**127),
        (np.float64, (2 - 2.0**-52) * 2.0**1023),
    ],
)
def test_the_largest_number_of_a_dtype_still_fits(dtype: type[Any], largest: float) -> None:
    """A kernel that should have stopped there and went on to infinity is wrong."""
    truth = np.array([largest, -largest, 1.0])
    assert compare("y", truth.astype(dtype), truth, TIGHT).ok
    overflowed = np.array([np.inf, -np.inf, 1.0]).astype(dtype)
    assert compare("y", overflowed, truth, TIGHT).wrong == 2


# ---- what is wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(("off", "is_right"), [(60.0, True), (130.0, False)])
def test_what_stands_for_a_zero_is_judged_beside_what_is_not_zero(
    off: float, is_right: bool
) -> None:
    """Among any number of zeros: a transform leaves there what is small beside its terms."""
    truth = np.zeros((64, 64))
    truth[3, 4:7] = 1.0, -1.0, 1.0
    got = truth.copy()
    got[9, 9] = off * 2.0**-23
    assert compare("y", got, truth, TIGHT).ok is is_right


@MANY
@given(_with_place(), st.sampled_from([1.0, -1.0]))
def test_one_element_beyond_the_bound_is_found(place: tuple[Truth, int], sign: float) -> None:
    """Twice the bound at one element, wherever it is, is one wrong element."""
    truth, index = place
    there = truth[truth != 0]
    scale = math.sqrt(float(np.mean(np.square(there)))) if there.size else 1.0
    got = truth.copy()
    got.flat[index] += sign * 2 * TIGHT.max_error * (abs(truth.flat[index]) + scale)
    found = compare("y", got, truth, TIGHT)
    assert (found.ok, found.wrong, found.reason) == (False, 1, "value")
    assert found.max_error == pytest.approx(2 * TIGHT.max_error, rel=1e-3)
    where = ", ".join(str(int(axis)) for axis in np.unravel_index(index, truth.shape))
    assert f"worst at [{where}]" in found.story


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("intruder", [np.nan, np.inf, -np.inf])
@FEW
@given(_with_place(), st.sampled_from(FLOATS))
def test_what_is_not_finite_is_found(
    bound: Bound, intruder: float, place: tuple[Truth, int], dtype: np.dtype[Any]
) -> None:
    """NaN or an infinity where the truth is finite is wrong, under every kind of bound."""
    truth, index = place
    got = truth.astype(dtype)
    truth = got.astype(np.float64)
    got.flat[index] = intruder
    found = compare("y", got, truth, bound)
    assert not found.ok
    assert (found.wrong, found.max_error, found.rms_error) == (1, np.inf, np.inf)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("there", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("instead", [0.0, 1.0, np.nan, np.inf, -np.inf, 1.7e308])
@FEW
@given(_with_place())
def test_what_should_not_be_finite_must_not_be(
    bound: Bound, there: float, instead: float, place: tuple[Truth, int]
) -> None:
    """Where the truth is NaN or infinite, just that value is right."""
    truth, index = place
    truth.flat[index] = there
    got = truth.copy()
    got.flat[index] = instead
    is_same = instead == there or (math.isnan(instead) and math.isnan(there))
    assert compare("y", got, truth, bound).ok is is_same


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("value", [1.7e308, 1e300, 1e-300, 1e30])
def test_zeros_are_no_answer_to_large_or_small_values(bound: Bound, value: float) -> None:
    """Errors stay what they are at the ends of the range of float64."""
    found = compare("y", np.zeros(3), np.full(3, value), bound)
    assert found.ok is (value == 1e-300 and bound is EXPLICIT)


def test_zeros_must_be_nearly_zeros() -> None:
    """Where all of the truth is zero, the bound is absolute."""
    truth = np.zeros((2, 3))
    assert compare("y", np.full((2, 3), 1e-7, np.float32), truth, TIGHT).ok
    assert not compare("y", np.full((2, 3), 1e-4, np.float32), truth, TIGHT).ok


def test_errors_that_are_small_everywhere_still_add_up() -> None:
    """Each element within its bound, but the root mean square is not: wrong, with that said."""
    truth = np.ones(100)
    found = compare("y", truth * (1 + 80 * 2.0**-23), truth, TIGHT)
    assert (found.ok, found.wrong, found.reason) == (False, 0, "value")
    assert "each element is within its bound, but the error as a whole is not" in found.story


@MANY
@given(arrays(np.int64, SHAPES, elements=st.integers(-(2**63), 2**63 - 1)), st.data())
def test_integers_are_compared_exactly(truth: NDArray[np.int64], data: st.DataObject) -> None:
    """One off is wrong, even where float64 could not tell the two apart."""
    assert compare("y", truth.copy(), truth, EXACT).ok
    index = data.draw(st.integers(0, truth.size - 1))
    got = truth.copy()
    got.flat[index] ^= 1
    found = compare("y", got, truth, EXACT)
    assert (found.ok, found.wrong, found.reason) == (False, 1, "value")


@pytest.mark.parametrize(
    ("got", "is_right"), [(1.0105, True), (1.0115, False), (0.9895, True), (0.9885, False)]
)
def test_an_explicit_bound_is_what_it_says(got: float, is_right: bool) -> None:
    """|got - y| <= absolute + relative |y|, and nothing is measured."""
    found = compare("y", np.array([got, 100.5]), np.array([1.0, 100.0]), EXPLICIT)
    assert found.ok is is_right


def test_an_error_that_is_no_number_is_wrong() -> None:
    """Should an error ever be NaN, it is beyond every bound."""
    values = np.ones(2)
    assert wrong_elements(values, values, np.array([np.nan, 0.0]), TIGHT).tolist() == [True, False]


def test_errors_are_relative_to_the_value_and_to_the_whole() -> None:
    """|got - y| / (|y| + rms(y)), computed by hand."""
    errors = relative_errors(np.array([1.5, 7.0]), np.array([1.0, 7.0]))
    assert errors.tolist() == pytest.approx([0.5 / (1 + 5), 0.0])
    assert summary(errors) == pytest.approx((1 / 12, 1 / 12 / math.sqrt(2)))


# ---- the quick look -----------------------------------------------------------------------------

SINGLE = [np.dtype(np.float32), np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)]
SCALES = st.sampled_from([1e-30, 1e-20, 1e-15, 1e-6, 1.0, 300.0, 1e15, 1e30])


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(SINGLE),
    st.integers(1, 3000),
    SCALES,
    st.one_of(st.floats(0.9, 1.1), st.floats(1 - 1e-6, 1 + 1e-6)),
    st.sampled_from(["each", "one", "spread"]),
)
def test_the_quick_look_never_accepts_what_the_slow_one_refuses(
    seed: int, dtype: np.dtype[Any], count: int, scale: float, nearness: float, how: str
) -> None:
    """Perturbations around the bound, at any scale: surely close is close."""
    rng = np.random.default_rng(seed)
    bound = Bound(max_error=2.0**-6, rms_error=2.0**-8)
    with np.errstate(over="ignore", invalid="ignore"):
        base = (rng.standard_normal(count) * scale).astype(dtype)
        truth = base.astype(np.float64)
        size = np.abs(truth) + np.sqrt(np.mean(np.square(truth)))
        signs = rng.choice([-1.0, 1.0], count)
        if how == "each":
            step = size * bound.rms_error * nearness * signs
        elif how == "one":
            step = np.where(
                np.arange(count) == rng.integers(count), size * bound.max_error * nearness, 0
            )
        else:
            step = size * bound.rms_error * nearness * rng.standard_normal(count)
        got = (truth + step).astype(dtype)
    if is_surely_close(got, base, bound):
        assert compare("y", got, truth, bound).ok


SIGNALLING = {
    np.dtype(np.float16): 0x7C01,
    np.dtype(ml_dtypes.bfloat16): 0x7F81,
    np.dtype(np.float32): 0x7F800001,
    np.dtype(np.float64): 0x7FF0000000000001,
}


@pytest.mark.parametrize("bound", [Bound(max_error=0.1, rms_error=0.1), Bound(exact=True)])
@pytest.mark.parametrize("dtype", SIGNALLING, ids=str)
def test_a_signalling_nan_is_wrong_and_no_warning(dtype: np.dtype[Any], bound: Bound) -> None:
    """A NaN that raises a flag wherever it is touched is a wrong element, quickly and slowly."""
    truth = np.arange(1.0, 9.0)
    base = truth.astype(dtype)
    got = base.copy()
    got.view(f"u{dtype.itemsize}")[3] = SIGNALLING[dtype]
    comparison = compare("y", got, truth, bound)
    assert comparison.wrong == 1
    assert not is_surely_close(got, base, bound)


@pytest.mark.parametrize("scale", [1.0, *np.geomspace(1e-23, 1e-20, 40)])
def test_the_quick_look_knows_where_squares_lose_their_precision(scale: float) -> None:
    """At the lower end of float32 a sum of squares is coarse; what is too far is still refused."""
    bound = Bound(max_error=2.0**-6, rms_error=2.0**-8)
    base = np.full(1000, scale, np.float32)
    too_far = (base * (1 + 2.02 * bound.rms_error)).astype(np.float32)
    assert not compare("y", too_far, base.astype(np.float64), bound).ok
    assert is_surely_close(too_far, base, bound) is False


@pytest.mark.parametrize("large", [1, 8, 16, 32, 64, 128])
def test_the_quick_look_allows_for_what_single_precision_loses(large: int) -> None:
    """Squares too small to change a sum of float32 are not counted, and what is too far by them
    alone is still refused.
    """
    base = np.ones(1 << 15, np.float32)
    got = base + np.float32(2.0**-18 * 31 / 32)
    got[:large] = 1 + 2.0**-6
    truth = base.astype(np.float64)
    _, rms = summary(relative_errors(got, truth))
    bound = Bound(max_error=2.0**-6, rms_error=rms * (1 - 2.0**-30))
    assert not compare("y", got, truth, bound).ok
    assert is_surely_close(got, base, bound) is False


@pytest.mark.parametrize("dtype", SINGLE)
@pytest.mark.parametrize("intruder", [np.nan, np.inf, -np.inf, 3e38, -3e38])
@pytest.mark.parametrize("where", [0, 40_000, -1])
def test_the_quick_look_is_not_fooled_by_extremes(
    dtype: np.dtype[Any], intruder: float, where: int
) -> None:
    """One extreme value in any chunk, on either side, is looked at properly, without a warning."""
    base = np.linspace(-1, 1, 70_000).astype(dtype)
    odd = base.copy()
    with np.errstate(over="ignore"):
        odd[where] = dtype.type(intruder)
    assert is_surely_close(odd, base, TIGHT) is False
    assert is_surely_close(base, odd, TIGHT) is False


@pytest.mark.parametrize("dtype", SINGLE)
def test_the_quick_look_accepts_what_is_plainly_close(dtype: np.dtype[Any]) -> None:
    """It would be of no use otherwise."""
    base = np.linspace(-1, 1, 70_000).astype(dtype).reshape(7, -1)
    assert is_surely_close(base.copy(), base, TIGHT)


@pytest.mark.parametrize(
    ("got", "base", "bound", "close"),
    [
        ([1, 2], [1, 2], EXACT, True),
        ([1, 2], [1, 3], EXACT, False),
        ([1.0, 2.0], [1.0, 2.0], EXPLICIT, False),
        ([0.0, 0.0], [0.0, 0.0], TIGHT, False),
    ],
)
def test_the_quick_look_leaves_other_bounds_alone(
    got: list[float], base: list[float], bound: Bound, close: bool
) -> None:
    """Exact means equal; explicit bounds and zeros are looked at properly."""
    one, other = np.array(got, np.float32), np.array(base, np.float32)
    assert is_surely_close(one, other, bound) is close


def test_a_small_error_is_decided_quickly() -> None:
    """An answer that is off, and well within the bound, needs no second look: neither where all
    are off a little, nor where one large element sets the scale.
    """
    base = np.linspace(1, 2, 1000, dtype=np.float32)
    assert is_surely_close(base * np.float32(1 + 2.0**-22), base, TIGHT)
    uneven = np.array([1000, 0.001], dtype=np.float32)
    assert is_surely_close(uneven + np.array([0, 0.001], dtype=np.float32), uneven, TIGHT)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_what_uses_nine_tenths_of_its_bound_is_decided_quickly(scale: float) -> None:
    """At its worst element and in the mean square, whatever the values are measured in."""
    bound = Bound(max_error=2.0**-6, rms_error=2.0**-8)
    base = np.full(1000, scale, dtype=np.float32)
    everywhere = base * np.float32(1 + 2 * 0.9 * bound.rms_error)
    assert is_surely_close(everywhere, base, bound)
    at_one = base.copy()
    at_one[500] *= np.float32(1 + 2 * 0.9 * bound.max_error)
    assert is_surely_close(at_one, base, bound)


@pytest.mark.parametrize("part", [slice(0, 40_000), slice(60_000, None)])
def test_all_of_a_large_output_counts_in_the_quick_look(part: slice) -> None:
    """Scale and error are those of the whole, whichever part of it they come from."""
    bound = Bound(max_error=2.0**-6, rms_error=2.0**-8)
    base = np.ones(100_000, dtype=np.float32)
    got = base.copy()
    got[part] *= np.float32(1 + 2 * 2 * bound.rms_error)  # twice the bound, in 40 % of it
    assert not compare("y", got, base.astype(np.float64), bound).ok
    assert is_surely_close(got, base, bound) is False
    base[part] = 1e6
    base[50_000] = 0.0
    got = base.copy()
    got[50_000] = 1e3  # far from 0, and little beside the rest
    assert is_surely_close(got, base, bound)


def test_what_is_off_by_just_the_bound_is_right() -> None:
    """Bounds are allowed, not forbidden; what is not given is zero."""
    truth, got = np.zeros(1), np.array([0.5])
    explicit = Bound(absolute=0.5, relative=0.0)
    assert not wrong_elements(got, truth, np.array([1.0]), explicit).any()
    assert wrong_elements(got + 2.0**-40, truth, np.array([1.0]), explicit).all()
    absolute = Bound(absolute=0.5)
    assert not wrong_elements(truth + 8.5, truth + 8.0, np.array([1.0]), absolute).any()
    assert wrong_elements(truth + 8.6, truth + 8.0, np.array([1.0]), absolute).all()
    measured = Bound(max_error=0.25, rms_error=1.0)
    assert not wrong_elements(got, truth, np.array([0.25]), measured).any()
