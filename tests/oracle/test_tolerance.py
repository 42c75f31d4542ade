"""The measured bound: honest kernels fit into it, dishonest arithmetic does not."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d, pad

from harness.dtypes import DTYPES
from harness.oracle.compare import relative_errors, summary
from harness.oracle.judge import compare
from harness.oracle.tolerance import bound_of, in_words
from harness.problem.catalogue import load_problem
from harness.records import Bound, Case, Problem, Reference, Tolerance

FLOAT = DTYPES["float32"]
MANY = 10**12  # elements: none of them counts alone
DEPTHWISE = load_problem("conv-depthwise-2d-square-input-sq-kernel")
SEPARABLE = load_problem("conv-depthwise-separable-2d")


def _case(problem: Problem, name: str) -> Case:
    return next(case for case in problem.cases if case.name == name)


def _declaring(**declared: object) -> Problem:
    return replace(DEPTHWISE, tolerance=Tolerance(**declared))  # type: ignore[arg-type]


# ---- the rule -----------------------------------------------------------------------------------

CASE = _case(DEPTHWISE, "kernel-5x5")
CHECKING = Reference(path=Path("own.py"), source="", defines=frozenset({"reference", "check"}))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("problem", [DEPTHWISE, _declaring()])
def test_the_floors_hold_where_the_reference_makes_no_error(dtype: str, problem: Problem) -> None:
    """64 and 8 eps, at the worst element and in the mean square of many; for halves 8 and 1/2."""
    element = DTYPES[dtype]
    bound = bound_of(problem, CASE, element, [(0.0, 0.0)], MANY)
    largest, rms = (8, 0.5) if element.is_half else (64, 8)
    assert bound.max_error == largest * element.eps
    assert bound.rms_error == pytest.approx(rms * element.eps)
    assert bound_of(problem, CASE, element, [], MANY) == bound


@pytest.mark.parametrize(
    ("count", "higher"), [(1, math.sqrt(17)), (16, math.sqrt(2)), (48, 1.1547)]
)
@pytest.mark.parametrize(("dtype", "floor"), [("float32", 8.0), ("bfloat16", 0.5)])
def test_among_few_elements_one_may_meet_more_than_its_share(
    count: int, higher: float, dtype: str, floor: float
) -> None:
    """Only the floor of the mean square rises; what was measured holds for few and many."""
    element = DTYPES[dtype]
    bound = bound_of(_declaring(), CASE, element, [], count)
    assert bound.rms_error == pytest.approx(higher * floor * element.eps, rel=1e-4)
    assert bound.max_error == bound_of(_declaring(), CASE, element, [], MANY).max_error
    measured = [(1.0, 1.0)]
    assert bound_of(_declaring(), CASE, element, measured, count) == bound_of(
        _declaring(), CASE, element, measured, MANY
    )


def test_sixteen_times_the_references_own_error_is_allowed() -> None:
    """The largest of its variants counts, for each of the two errors by itself."""
    bound = bound_of(DEPTHWISE, CASE, FLOAT, [(1e-3, 1e-6), (1e-5, 1e-4)], MANY)
    assert bound.max_error == pytest.approx(16e-3)
    assert bound.rms_error == pytest.approx(16e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_in_halves_the_mean_square_may_be_four_times_the_references(dtype: str) -> None:
    """Its error is the rounding of its result, which no honest kernel has sixteen times."""
    bound = bound_of(DEPTHWISE, CASE, DTYPES[dtype], [(1.0, 0.25), (0.5, 0.5)], MANY)
    assert bound == Bound(max_error=16.0, rms_error=2.0)


@pytest.mark.parametrize(
    ("terms", "largest", "rms"),
    [
        ("1", 64.0, 8.0),
        ("64", 64.0, 8.0),
        ("256", 64.0, 16.0),
        ("1024", 128.0, 32.0),
        ("kernel_h * 4000", 4 * math.sqrt(20_000), math.sqrt(20_000)),
    ],
)
def test_long_sums_may_err_more(terms: str, largest: float, rms: float) -> None:
    """The floor grows with the root of K, which may be a formula of the case."""
    bound = bound_of(_declaring(reduction=terms), CASE, FLOAT, [], MANY)
    assert bound.max_error == pytest.approx(largest * FLOAT.eps)
    assert bound.rms_error == pytest.approx(rms * FLOAT.eps)


@pytest.mark.parametrize(
    ("problem", "dtype"),
    [
        (_declaring(exact=True), "float32"),
        (DEPTHWISE, "int32"),
        (DEPTHWISE, "float8"),
        (DEPTHWISE, "bool"),
    ],
)
def test_some_outputs_must_be_equal(problem: Problem, dtype: str) -> None:
    """Where the problem says exact, and whatever is no float, whatever the reference measured."""
    assert bound_of(problem, CASE, DTYPES[dtype], [(1.0, 1.0)], MANY) == Bound(exact=True)


def test_an_explicit_bound_is_taken_as_it_is() -> None:
    """The author's numbers, with nothing measured on top; what is not given is zero."""
    problem = _declaring(absolute=0.5, because="quantised")
    assert bound_of(problem, CASE, FLOAT, [(9.0, 9.0)], MANY) == Bound(absolute=0.5, relative=0.0)
    problem = _declaring(relative=0.25, because="quantised")
    assert bound_of(problem, CASE, FLOAT, [(9.0, 9.0)], MANY) == Bound(absolute=0.0, relative=0.25)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (_declaring(exact=True), "exact"),
        (replace(_declaring(exact=True), reference=None), "exact"),  # a file yet to be completed
        (replace(DEPTHWISE, reference=CHECKING), "the problem's own check decides"),
        (
            _declaring(absolute=0.5, because="quantised"),
            "|got - y| <= 0.5 + 0 |y|, because quantised",
        ),
        (
            _declaring(relative=0.25, because="quantised"),
            "|got - y| <= 0 + 0.25 |y|, because quantised",
        ),
        (
            DEPTHWISE,
            (
                "16 x the reference's own error in the problem's dtype, relative to |y| + rms(y),"
                " zeros left out of it; at least max(64, 4 sqrt(K)) eps at the worst element,"
                " max(8, sqrt(K)) eps in the mean square (half precision: 4 x in the mean square;"
                " 8 and 1/2 eps), K = kernel_h*kernel_w"
            ),
        ),
    ],
)
def test_a_bound_can_be_said_in_words(problem: Problem, words: str) -> None:
    """What the problem's page shows."""
    assert in_words(problem) == words


# ---- honest and dishonest kernels, 3x3 depthwise with padding 1 ---------------------------------

Kernel = Callable[[Tensor, Tensor], Tensor]


def _patches(image: Tensor, kernel: Tensor) -> list[Tensor]:
    """The nine products of a shifted image and a tap."""
    height, width = image.shape[-2:]
    wide = pad(image, (1, 1, 1, 1))
    return [
        wide[..., i : i + height, j : j + width] * kernel[:, 0, i, j, None, None]
        for i in range(3)
        for j in range(3)
    ]


def _winograd(image: Tensor, kernel: Tensor) -> Tensor:
    """F(2x2, 3x3): each 4x4 tile transformed, multiplied and transformed back."""
    height, width = image.shape[-2:]
    into = torch.tensor([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
    taps = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
    back = torch.tensor([[1.0, 1, 1, 0], [0, 1, -1, -1]])
    tiles = pad(image, (1, 2, 1, 2)).unfold(-2, 4, 2).unfold(-2, 4, 2)
    product = (into @ tiles @ into.T) * (taps @ kernel[:, 0] @ taps.T)[:, None, None]
    pieces = back @ product @ back.T
    flat = pieces.transpose(-3, -2).flatten(-4, -3).flatten(-2, -1)
    return flat[..., :height, :width]


def _fft(image: Tensor, kernel: Tensor) -> Tensor:
    """By the convolution theorem, all in single precision."""
    height, width = image.shape[-2:]
    size = (height + 2, width + 2)
    spectrum = torch.fft.rfft2(image, size) * torch.fft.rfft2(kernel[:, 0].flip(-2, -1), size)
    result: Tensor = torch.fft.irfft2(spectrum, size)
    return result[..., 1 : height + 1, 1 : width + 1]


def _split(image: Tensor, kernel: Tensor) -> Tensor:
    """Two partial sums, the last taps first."""
    terms = _patches(image, kernel)[::-1]
    return reduce(add, terms[:5]) + reduce(add, terms[5:])


def _accumulated_in_half(image: Tensor, kernel: Tensor) -> Tensor:
    terms = [term.half() for term in _patches(image, kernel)]
    return reduce(add, terms).float()


def _rounded_inputs(image: Tensor, kernel: Tensor) -> Tensor:
    return conv2d(
        image.bfloat16().float(), kernel.bfloat16().float(), padding=1, groups=len(kernel)
    )


def _one_tap_less(image: Tensor, kernel: Tensor) -> Tensor:
    terms = _patches(image, kernel)
    return reduce(add, terms[:-1])


def _inputs(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.standard_normal(shape, dtype=np.float32)) for shape in shapes]


def _bound(problem: Problem, case: Case, own: Tensor, truth: NDArray[np.float64]) -> Bound:
    measured = [summary(relative_errors(own.numpy(), truth))]
    return bound_of(problem, case, FLOAT, measured, truth.size)


def _accepts(kernel: Kernel, seed: int) -> bool:
    case = _case(DEPTHWISE, "many-pixels")
    image, taps = _inputs(seed, (1, 6, 67, 67), (6, 1, 3, 3))
    truth = conv2d(image.double(), taps.double(), padding=1, groups=6).numpy()
    bound = _bound(DEPTHWISE, case, conv2d(image, taps, padding=1, groups=6), truth)
    return compare("output", kernel(image, taps).numpy(), truth, bound).ok


@pytest.mark.parametrize("kernel", [_winograd, _fft, _split])
@pytest.mark.parametrize("seed", range(4))
def test_an_honest_depthwise_kernel_fits(kernel: Kernel, seed: int) -> None:
    """Other algorithms in the same precision are right: Winograd, Fourier, split sums."""
    assert _accepts(kernel, seed)


@pytest.mark.parametrize("kernel", [_accumulated_in_half, _rounded_inputs, _one_tap_less])
@pytest.mark.parametrize("seed", range(4))
def test_a_depthwise_kernel_that_saves_precision_does_not_fit(kernel: Kernel, seed: int) -> None:
    """Sums in half, inputs rounded to bfloat16 or a forgotten tap are wrong in float32."""
    assert not _accepts(kernel, seed)


# ---- the same for a long sum, the pointwise stage -----------------------------------------------


def _in_parts(filtered: Tensor, mix: Tensor) -> Tensor:
    """The channels in five parts, each a product of its own."""
    parts = [
        torch.einsum("oc,bchw->bohw", mix[:, some], filtered[:, some])
        for some in torch.arange(mix.shape[1]).chunk(5)
    ]
    return reduce(add, parts)


def _one_by_one(filtered: Tensor, mix: Tensor) -> Tensor:
    """Channel after channel, as a naive loop sums."""
    total = torch.zeros(())
    for channel in range(mix.shape[1]):
        total = total + mix[:, channel, None, None] * filtered[:, channel, None]
    return total


def _in_half(filtered: Tensor, mix: Tensor) -> Tensor:
    return _one_by_one(filtered.half(), mix.half()).float()


def _in_bfloat16(filtered: Tensor, mix: Tensor) -> Tensor:
    return _one_by_one(filtered.bfloat16().float(), mix.bfloat16().float())


@pytest.mark.parametrize(
    ("mixing", "is_honest"),
    [(_in_parts, True), (_one_by_one, True), (_in_half, False), (_in_bfloat16, False)],
)
@pytest.mark.parametrize("seed", range(4))
def test_sums_over_channels_are_judged_by_their_precision(
    mixing: Kernel, is_honest: bool, seed: int
) -> None:
    """Any order of a sum in single precision fits; half precision on the way does not."""
    case = _case(SEPARABLE, "deep")
    image, taps, mix = _inputs(seed, (1, 65, 7, 7), (65, 1, 3, 3), (33, 65))
    filtered = conv2d(image, taps, padding=1, groups=65)
    exact = conv2d(image.double(), taps.double(), padding=1, groups=65)
    truth = conv2d(exact, mix.double()[..., None, None]).numpy()
    bound = _bound(SEPARABLE, case, conv2d(filtered, mix[..., None, None]), truth)
    assert compare("output", mixing(filtered, mix).numpy(), truth, bound).ok is is_honest
