"""Timed inputs: never seen before, and drawn the same way as any others."""

from pathlib import Path

import numpy as np
import pytest

from harness.arena.host import Arena
from harness.arena.memory import Memory, lay_out
from harness.clock.pool import Pool, blend_of
from harness.dtypes import DTYPES
from harness.oracle.draw import integer_range
from harness.oracle.expect import Oracle
from harness.oracle.module import Module
from harness.problem.catalogue import load_problem
from harness.problem.shapes import arguments_of
from harness.records import Distribution, Limits, Problem, Role

KINDS = Path(__file__).parents[1] / "pipeline" / "kinds"
WHOLE = [name for name, dtype in DTYPES.items() if dtype.kind == "int" and name != "bool"]
# whose every input is drawn by the pool alone, of every kind of element and declaration
FRESH = ["leaky-clamp", "byte-histogram", "quotient-and-rest", "momentum-step", "unpack-nibbles"]


def _stretches(data: bytes, size: int = 32) -> set[bytes]:
    return {data[i : i + size] for i in range(0, len(data) - size, size)}


@pytest.mark.parametrize("kind", FRESH)
def test_no_stretch_of_timed_inputs_comes_again(kind: str, arena: Arena) -> None:
    """What a stranger saw of the shared pages in one round helps it in no later one."""
    problem = load_problem(KINDS / f"{kind}.md")
    case = next(case for case in problem.cases if case.tier == "bench")
    arguments = arguments_of(problem, case, problem.dtypes[0])
    module = Module(arena, problem, limits=Limits())
    pool = Pool(problem, case, arguments, 3, module)
    places, size = lay_out(arguments, Role.INPUT, windows=3)
    with Memory(places, size, sealed=True) as inputs:
        seen: dict[str, set[bytes]] = {name: set() for name in inputs.places}
        for _ in range(12):
            pool.refresh(inputs, 0, 3)
            now = {
                name: {
                    stretch
                    for shift in range(0, 32, place.argument.dtype.size_bytes)
                    for stretch in _stretches(inputs.window(name, 1).tobytes()[shift:])
                }
                for name, place in inputs.places.items()
            }
            for name, stretches in now.items():
                assert not stretches & seen[name], name
                seen[name] |= stretches
    module.close()


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_stay_in_their_range_and_even(name: str) -> None:
    """Two draws over a type's range make a third over the same range, each value as likely."""
    dtype = np.dtype(np.uint64 if name == "size_t" else name)
    low, high = integer_range(dtype)
    rng = np.random.default_rng(7)
    one, other = (rng.integers(low, high, 200_000, endpoint=True).astype(dtype) for _ in range(2))
    blended = blend_of(dtype, None)(one, other)
    assert blended.dtype == dtype
    exact = (one.astype(object) + other.astype(object) - 2 * low) % (high - low + 1) + low
    assert (blended.astype(object) == exact).all()
    middle = (float(low) + high) / 2
    assert abs(float(blended.astype(float).mean()) - middle) < (high - low) / 100


@pytest.mark.parametrize(("low", "high"), [(0, 0), (0, 9), (-5, 4), (-(2**62), 2**62), (7, 2**40)])
def test_declared_bounds_are_kept(low: int, high: int) -> None:
    """Whole numbers between declared bounds, the widest included, stay between them."""
    rng = np.random.default_rng(8)
    one, other = (rng.integers(low, high, 10_000, endpoint=True) for _ in range(2))
    declared = Distribution(kind="integers", low=str(low), high=str(high))
    blended = blend_of(one.dtype, declared)(one, other)
    assert low <= blended.min()
    assert blended.max() <= high
    exact = (one.astype(object) + other.astype(object) - 2 * low) % (high - low + 1) + low
    assert (blended.astype(object) == exact).all()


@pytest.mark.parametrize(
    ("low", "high"), [("", ""), ("-1.0", "1.0"), ("0.5", "2.0"), ("1e5", "1e6")]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_uniform_draws_stay_uniform(low: str, high: str, dtype: type[np.floating]) -> None:
    """Within the bounds, the upper one never reached, all quarters as likely."""
    begin, end = float(low or 0), float(high or 1)
    rng = np.random.default_rng(9)
    one, other = ((begin + (end - begin) * rng.random(100_000)).astype(dtype) for _ in range(2))
    blended = blend_of(one.dtype, Distribution(kind="uniform", low=low, high=high))(one, other)
    assert begin <= blended.min()
    assert blended.max() < end
    counts, _ = np.histogram(blended, bins=4, range=(begin, end))
    assert counts.min() > 24_000


def test_truths_are_mixed_too() -> None:
    """Booleans stay booleans, about evenly, and are not those that were there."""
    rng = np.random.default_rng(10)
    one, other = (rng.integers(0, 2, 10_000).astype(np.bool_) for _ in range(2))
    blended = blend_of(one.dtype, None)(one, other)
    assert set(np.unique(blended.view(np.uint8))) == {0, 1}
    assert 4_500 < int(blended.sum()) < 5_500
    assert (blended != one).any()


def test_a_repeated_window_differs_in_one_element(arena: Arena, doubling: Problem) -> None:
    """What is shown again is what was shown, but for a single element."""
    case = doubling.cases[0]
    arguments = arguments_of(doubling, case, "float32")
    places, size = lay_out(arguments, Role.INPUT, windows=3)
    oracle = Oracle(arena, doubling, limits=Limits())
    with Memory(places, size, sealed=True) as inputs:
        pool = Pool(doubling, case, arguments, 3, oracle.module)
        pool.refresh(inputs, 0, 3)
        shown = [inputs.window("x", index).copy() for index in range(3)]
        pool.repeat(inputs, pool.kept(inputs, 0), 2)
        assert np.array_equal(inputs.window("x", 0), shown[0])
        assert np.array_equal(inputs.window("x", 1), shown[1])
        assert np.count_nonzero(inputs.window("x", 2) != shown[0]) == 1
    oracle.close()
