"""The emulation on kernels with one fault each, and on kernels without: what is found, where."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.records import Problem
from harness.sandbox.door import Nursery
from tests.emulation.playing import CLEAN, PLANTED, build_player, play

# what the runtime sees by itself, without the checker
BY_RUNTIME = "divergence"


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_player(tmp_path_factory.mktemp("player"))


@pytest.fixture(scope="module")
def table() -> Iterator[list[tuple[str, ...]]]:
    """What was found of what, printed at the end."""
    rows: list[tuple[str, ...]] = []
    yield rows
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    print()
    for row in rows:
        print(
            "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        )


@pytest.mark.parametrize("path", PLANTED, ids=lambda path: path.stem)
def test_a_planted_fault_is_found(
    player: Path,
    nursery: Nursery,
    doubling: Problem,
    table: list[tuple[str, ...]],
    path: Path,
) -> None:
    """Under each schedule the fault is found for what it is, at a line that has part in it, in
    words that name the kernel, a block and a thread.
    """
    lines = path.read_text().splitlines()
    kind = lines[0].removeprefix("// ").partition(":")[0]
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("// <-")}
    plain = play(player, nursery, doubling, path, checked=False)
    checked = play(player, nursery, doubling, path, checked=True)
    table.append((path.stem, kind, *(end.word for end in plain), *(end.word for end in checked)))
    for end in (*checked, *(plain if kind == BY_RUNTIME else ())):
        assert end.word == kind, end
        assert end.line in marked, end
        assert re.match(r"kernel `\w+`, block \(\d+,\d+,\d+\): thread \(\d+,\d+,\d+\) ", end.words)


@pytest.mark.parametrize("path", CLEAN, ids=lambda path: path.stem)
def test_nothing_is_found_in_a_clean_kernel(
    player: Path,
    nursery: Nursery,
    doubling: Problem,
    table: list[tuple[str, ...]],
    path: Path,
) -> None:
    """An honest kernel is right under each schedule, and nothing is said of it, checked or not."""
    plain = play(player, nursery, doubling, path, checked=False)
    checked = play(player, nursery, doubling, path, checked=True)
    table.append((path.stem, "clean", *(end.word for end in plain), *(end.word for end in checked)))
    assert [end.word for end in (*plain, *checked)] == ["right"] * 6, (plain, checked)


def test_the_corpus_is_large_enough() -> None:
    """There are faults of every kind, and many styles."""
    kinds = {path.read_text().partition(":")[0].removeprefix("// ") for path in PLANTED}
    assert kinds == {"race", "bounds", "uninitialised", "divergence"}
    assert len(PLANTED) >= 25
    assert len(CLEAN) >= 20
