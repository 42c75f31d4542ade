"""Where the errors lie, in one sentence that is true."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from harness.oracle.compare import relative_errors, wrong_elements
from harness.oracle.explain import story, where_the_errors_lie
from harness.records import Bound

Mask = NDArray[np.bool_]
Paint = Callable[[Mask], None]

MEASURED = Bound(max_error=1e-5, rms_error=1e-6)


def _set(*index: Any) -> Paint:
    def paint(mask: Mask) -> None:
        mask[index] = True

    return paint


def _border(mask: Mask) -> None:
    mask[:] = True
    mask[..., 1:-1, 1:-1] = False


def _scattered(mask: Mask) -> None:
    mask.flat[[1, 12, 37, 100, 101, 222, 413]] = True


PATTERNS: dict[str, tuple[Paint, str]] = {
    "everything": (_set(...), "all elements are wrong"),
    "a single one": (_set(1, 2, 3, 4), ""),
    "last row": (
        _set(..., -1, slice(None)), "all of them lie at row 6 (the last) of axis 2",
    ),
    "first column": (_set(..., 0), "all of them lie at column 0 (the first) of axis 3"),
    "one channel": (_set(slice(None), 2), "all of them lie at channel 2 of axis 1"),
    "one image": (_set(0), "all of them lie at batch 0 (the first) of axis 0"),
    "some rows": (
        _set(..., slice(2, 5), slice(None)), "all of them lie at row 2 to 4 (of 7) of axis 2",
    ),
    "two columns": (_set(..., [1, 5]), "all of them lie at column 1 and 5 of axis 3"),
    "even columns": (
        _set(..., slice(None, None, 2)), "all of them lie at column 0, 2, … every 2nd of axis 3",
    ),
    "every third row": (
        _set(..., slice(0, 7, 3), slice(None)),
        "all of them lie at row 0, 3, … every 3rd of axis 2",
    ),
    "border": (_border, "all of them lie on the border of the last two axes"),
    "scattered": (_scattered, "they are scattered"),
}  # fmt: skip


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_named(name: str) -> None:
    """In a batch of images, the narrowest pattern that holds all errors."""
    paint, sentence = PATTERNS[name]
    mask = np.zeros((2, 4, 7, 8), np.bool_)
    paint(mask)
    assert where_the_errors_lie(mask) == sentence


def test_a_plane_without_an_inside_has_no_border() -> None:
    """Where every element lies on the border, saying so would tell nothing."""
    mask = np.zeros((6, 2, 2), np.bool_)
    mask.flat[[0, 3, 5, 10, 14, 21]] = True
    assert where_the_errors_lie(mask) == "they are scattered"


def _pieces(first: int, stop: int, step: int = 1) -> Mask:
    mask = np.zeros(24 * 10, np.bool_)
    mask[first:stop:step] = True
    return mask.reshape(24, 10)


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (_pieces(3, 238), "they are consecutive: flat elements 3 to 237"),
        (_pieces(5, 240, 7), "they are every 7th flat element from 5 on"),
        (_pieces(5, 240, 3), "they are every 3rd flat element from 5 on"),
        (_pieces(0, 240, 11), "they are every 11th flat element from 0 on"),
        (_pieces(1, 240, 21), "they are every 21st flat element from 1 on"),
    ],
)
def test_a_pattern_of_the_flat_array_is_named(mask: Mask, sentence: str) -> None:
    """Runs and steps that no axis shows; with the ordinal as it is spoken."""
    assert where_the_errors_lie(mask) == sentence


@pytest.mark.parametrize(
    ("shape", "word"),
    [((5,), "element"), ((5, 2), "row"), ((5, 2, 2), "batch"), ((5, 2, 2, 2), "batch"),
     ((5, 2, 2, 2, 2), "index")],
)  # fmt: skip
def test_axes_are_called_by_their_usual_names(shape: tuple[int, ...], word: str) -> None:
    """The same error in arrays of one to five axes."""
    mask = np.zeros(shape, np.bool_)
    mask[1:3] = True
    assert where_the_errors_lie(mask) == f"all of them lie at {word} 1 to 2 (of 5) of axis 0"


@settings(max_examples=150, deadline=None, database=None)
@given(arrays(np.bool_, array_shapes(min_dims=0, max_dims=5, max_side=5)))
def test_any_errors_can_be_told(mask: Mask) -> None:
    """Whatever is wrong, in whatever shape, there is a story; the count in it is right."""
    truth = np.ones(mask.shape)
    got = np.where(mask, 2.0, 1.0)
    errors = relative_errors(got, truth)
    wrong = wrong_elements(got, truth, errors, MEASURED)
    assert (wrong == mask).all()
    if mask.any():
        told = story("y", got, truth, errors, wrong, MEASURED)
        assert told.startswith(f"`y`: {mask.sum()} of {mask.size} elements (")
        assert "got 2, expected 1, relative error 0.5, allowed 1e-05" in told


@pytest.mark.parametrize(
    ("got", "truth", "bound", "says"),
    [
        (
            [1.0, np.nan],
            [1.0, 2.0],
            MEASURED,
            "worst at [1]: got nan, expected 2, relative error inf",
        ),
        ([9, 3], [9, 4], Bound(exact=True), "worst at [1]: got 3, expected 4, must be equal"),
        ([1.0, 3.0], [1.0, 2.0], Bound(absolute=0.1, relative=0.01), "allowed 0.1 + 0.01 |y|"),
        ([1.5, 3.0], [1.0, 2.0], MEASURED, "worst at [1]"),
    ],
)
def test_the_worst_element_is_shown_with_its_bound(
    got: list[float], truth: list[float], bound: Bound, says: str
) -> None:
    """What came, what was expected, and what would have been allowed."""
    came, expected = np.array(got), np.array(truth)
    errors = relative_errors(came.astype(np.float64), expected.astype(np.float64))
    wrong = wrong_elements(came, expected, errors, bound)
    assert says in story("y", came, expected, errors, wrong, bound)
