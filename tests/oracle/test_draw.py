"""Inputs from a seed: the same again, never the same otherwise, and each kind as it promises."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.arena.memory import Memory, lay_out
from harness.dtypes import DTYPES
from harness.errors import UserError
from harness.oracle.draw import KINDS, STRUCTURED, Seed, fill
from harness.problem.catalogue import load_problem
from harness.problem.shapes import arguments_of, declared_of
from harness.records import Argument, Distribution, Problem, Role

PROBLEM = load_problem("conv-depthwise-2d-square-input-sq-kernel")
CASE = next(case for case in PROBLEM.cases if case.name == "mnv1-32-112")
SEEDS = st.builds(Seed, st.sampled_from(sorted(KINDS)), st.integers(0, 2**128 - 1))

Array = NDArray[Any]


@contextmanager
def _memory(arguments: tuple[Argument, ...], *, windows: int = 1) -> Iterator[Memory]:
    places, size = lay_out(arguments, Role.INPUT, windows=windows)
    with Memory(places, size, sealed=True) as memory:
        yield memory


def _draw(seed: Seed, *, dtype: str = "float32", problem: Problem = PROBLEM) -> dict[str, Array]:
    with _memory(arguments_of(problem, CASE, dtype)) as memory:
        fill(memory, declared_of(problem, CASE), seed)
        return {name: memory.window(name).copy() for name in memory.places}


@settings(max_examples=100, deadline=None, database=None)
@given(SEEDS)
def test_a_seed_reads_back(seed: Seed) -> None:
    """What a grade shows can be given to `--seed`."""
    assert Seed.parse(str(seed)) == seed


@pytest.mark.parametrize(
    "text",
    [
        "", "normal", "normal-", "normal-1", f"normal-{'0' * 31}", f"normal-{'0' * 33}",
        f"strange-{'0' * 32}", f"normal-{'g' * 32}", f"NORMAL-{'0' * 32}", f"normal-{'A' * 32}",
        f"normal-{'0' * 32}\n", f" normal-{'0' * 32}", f"normal-{'٣' * 32}", f"{'0' * 32}",
    ],
)  # fmt: skip
def test_what_is_no_seed_is_a_user_error(text: str) -> None:
    """Anything else is told, with an example of a seed that works."""
    with pytest.raises(UserError, match="not a seed; copy one from a grade") as caught:
        Seed.parse(text)
    example = str(caught.value).rsplit(maxsplit=1)[-1]
    assert str(Seed.parse(example)) == example


def test_fresh_seeds_differ() -> None:
    """A hundred of them, all different, of the kind that was asked for."""
    seeds = {Seed.fresh("ramp") for _ in range(100)}
    assert len(seeds) == 100
    assert {seed.kind for seed in seeds} == {"ramp"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_the_same_seed_gives_the_same_bytes(kind: str, dtype: str) -> None:
    """Every input, bit for bit, in memory that is another one."""
    one, again = (_draw(Seed(kind, 7), dtype=dtype) for _ in range(2))
    assert {name: values.tobytes() for name, values in one.items()} == {
        name: values.tobytes() for name, values in again.items()
    }


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "ramp"])
def test_another_seed_gives_other_bytes(kind: str) -> None:
    """One bit of the seed changes some input; a ramp has too few phases to promise that."""
    one, other = _draw(Seed(kind, 6)), _draw(Seed(kind, 7))
    assert any((one[name] != other[name]).any() for name in one)


def test_windows_are_filled_one_by_one() -> None:
    """Filling one window leaves the others alone."""
    with _memory(arguments_of(PROBLEM, CASE, "float32"), windows=2) as memory:
        fill(memory, {}, Seed("normal", 1), 0)
        before = memory.window("input", 0).copy()
        fill(memory, {}, Seed("normal", 2), 1)
        assert (memory.window("input", 0) == before).all()
        assert (memory.window("input", 1) != before).any()


# ---- the kinds ----------------------------------------------------------------------------------


def _is_normal(values: Array) -> bool:
    return abs(float(values.mean())) < 0.3 and 0.8 < float(values.std()) < 1.2


def _is_ramp(values: Array) -> bool:
    flat = values.ravel() * 8
    steps = np.diff(flat)
    return bool(np.isin(steps, [1, -16]).all() and (flat[17:] == flat[:-17]).all())


def _is_one_hot(values: Array) -> bool:
    return np.count_nonzero(values) == 1 and float(values.max()) == 1.0


def _is_alternating(values: Array) -> bool:
    flat = values.ravel()
    first = flat[::2][: flat.size // 2]
    return bool((first * flat[1::2] <= 0).all()) and _is_normal(flat)


PROMISES: dict[str, Callable[[Array], bool]] = {
    "ramp": _is_ramp,
    "one_hot": _is_one_hot,
    "alternating": _is_alternating,
    "large": lambda values: _is_normal(values / 64),
    "tiny": lambda values: _is_normal(values * 256),
}


def test_every_structured_kind_has_a_promise() -> None:
    """A new kind needs a test of its own."""
    assert PROMISES.keys() == set(STRUCTURED)


@pytest.mark.parametrize("kind", STRUCTURED)
def test_a_structured_draw_shapes_one_input(kind: str) -> None:
    """Exactly one input is as the kind promises, the others are normal; the seed chooses which."""
    shaped = set()
    for number in range(12):
        found = {name: PROMISES[kind](values) for name, values in _draw(Seed(kind, number)).items()}
        assert sum(found.values()) == 1
        values = _draw(Seed(kind, number))
        assert all(_is_normal(values[name]) for name, is_shaped in found.items() if not is_shaped)
        shaped |= {name for name, is_shaped in found.items() if is_shaped}
    assert shaped == {"input", "kernel"}


@pytest.mark.parametrize("lanes", [2, 8, 32])
def test_no_lane_of_an_alternating_draw_holds_one_sign(lanes: int) -> None:
    """Eight honest running sums stay small too, so what they cancel at the end is little."""
    drawn = KINDS["alternating"](np.random.default_rng(3), np.ones(40_000, dtype=np.float32))
    assert set(np.unique(drawn)) == {-1.0, 1.0}
    assert (drawn[::2] == -drawn[1::2]).all()
    assert np.abs(drawn.reshape(-1, lanes).sum(axis=0)).max() < 4 * np.sqrt(40_000 / lanes)


def test_a_normal_draw_is_standard_normal() -> None:
    """Mean zero and variance one, by far enough samples, in every input."""
    for values in _draw(Seed("normal", 3)).values():
        assert _is_normal(values)
        assert not _is_alternating(values)


@pytest.mark.parametrize("kind", STRUCTURED)
def test_a_declared_distribution_is_not_bent(kind: str) -> None:
    """An input that a problem declares stays as declared; the structure goes to another."""
    problem = replace(PROBLEM, inputs=(("input", Distribution(kind="uniform")),))
    for number in range(6):
        values = _draw(Seed(kind, number), problem=problem)
        assert 0 <= values["input"].min() < 0.001
        assert 0.999 < values["input"].max() < 1
        assert float(values["input"].mean()) == pytest.approx(0.5, abs=0.01)
        assert PROMISES[kind](values["kernel"])


def test_where_all_is_declared_every_kind_is_the_same() -> None:
    """Nothing is left to be shaped."""
    declared = {"input": Distribution(kind="uniform"), "kernel": Distribution(kind="normal")}
    problem = replace(PROBLEM, inputs=tuple(declared.items()))
    drawn = {
        tuple(values.tobytes() for values in _draw(Seed(kind, 5), problem=problem).values())
        for kind in KINDS
    }
    assert len(drawn) == 1


# ---- integers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, d in DTYPES.items() if not d.is_float and n != "bool"])
def test_integers_cover_their_range_or_a_safe_part_of_it(name: str) -> None:
    """All of a byte; at most ±2**15 of wider types; both ends are reached."""
    dtype = DTYPES[name]
    argument = Argument(name="i", role=Role.INPUT, dtype=dtype, shape=(400_000,))
    with _memory((argument,)) as memory:
        fill(memory, {}, Seed("normal", 1))
        values = memory.window("i").astype(np.int64)
    is_signed = name.startswith("int")
    top = min(2**15, 2 ** (8 * dtype.size_bytes - is_signed) - 1)
    bottom = max(-(2**15), -(2 ** (8 * dtype.size_bytes - 1))) if is_signed else 0
    assert bottom <= values.min() <= bottom + top // 1000
    assert top - top // 1000 <= values.max() <= top


def test_booleans_are_both() -> None:
    """A draw of booleans holds true and false, about evenly."""
    argument = Argument(name="b", role=Role.INPUT, dtype=DTYPES["bool"], shape=(1000,))
    with _memory((argument,)) as memory:
        fill(memory, {}, Seed("normal", 1))
        assert 400 < int(memory.window("b").sum()) < 600
