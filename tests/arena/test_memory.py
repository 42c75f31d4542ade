"""The judge's buffers: sealed, poisoned, and watched at their edges."""

import mmap
import os
from collections.abc import Iterator

import numpy as np
import pytest

from harness.arena.memory import ALIGN, Memory, lay_out
from harness.arena.wire import PAGE
from harness.dtypes import DTYPES
from harness.records import Argument, Role


def argument(count: int, dtype: str = "float32", name: str = "a") -> Argument:
    return Argument(name=name, role=Role.OUTPUT, dtype=DTYPES[dtype], shape=(count,))


@pytest.fixture(params=[False, True], ids=["left", "right"])
def memory(request: pytest.FixtureRequest) -> Iterator[Memory]:
    places, size = lay_out(
        [argument(1003), argument(7, "float16", "b")], Role.OUTPUT, windows=3, right=request.param
    )
    with Memory(places, size, sealed=False) as memory:
        memory.poison()
        yield memory


def test_what_is_sealed_cannot_be_written_by_others() -> None:
    """A sealed buffer takes the judge's writes; a borrower can neither write nor resize it."""
    places, size = lay_out([argument(10)], Role.OUTPUT)
    with Memory(places, size, sealed=True) as memory:
        memory.window("a")[...] = 7
        lent = os.open(f"/proc/self/fd/{memory.descriptor}", os.O_RDWR)
        try:
            with pytest.raises(PermissionError):
                os.pwrite(lent, b"x", 0)
            with pytest.raises(PermissionError):
                mmap.mmap(lent, PAGE)
            with pytest.raises(PermissionError):
                os.ftruncate(lent, 0)
            with mmap.mmap(lent, PAGE, prot=mmap.PROT_READ) as seen:
                assert np.frombuffer(seen[:40], np.float32).tolist() == [7.0] * 10
        finally:
            os.close(lent)


def test_an_output_cannot_be_resized() -> None:
    """Nobody can pull pages away from under the judge."""
    places, size = lay_out([argument(10)], Role.OUTPUT)
    with Memory(places, size, sealed=False) as memory:
        for length in (0, 1 << 20):
            with pytest.raises(PermissionError):
                os.ftruncate(memory.descriptor, length)


def test_everything_is_unwritten_at_first(memory: Memory) -> None:
    """After poisoning every element counts as unwritten, and no edge as crossed."""
    for window in range(3):
        assert memory.unwritten("a", window).all()
        assert memory.unwritten("b", window).all()
    assert not memory.overrun(3)


def test_what_is_written_counts(memory: Memory) -> None:
    """Exactly the elements that were written are told as written."""
    memory.window("a", 1)[5:9] = 1.0
    assert np.flatnonzero(~memory.unwritten("a", 1)).tolist() == [5, 6, 7, 8]
    assert memory.unwritten("a", 0).all()
    assert memory.unwritten("a", 2).all()


def test_filling_all_windows_crosses_no_edge(memory: Memory) -> None:
    """An honest kernel touches no canary."""
    for window in range(3):
        memory.window("a", window)[...] = 1
        memory.window("b", window)[...] = 2
    assert not memory.overrun(3)


@pytest.mark.parametrize(("name", "offset", "words"), [
    ("a", -1, "before the start of `a`"), ("b", -1, "before the start of `b`"),
    ("a", 1, "past the end of `a`"), ("b", 1, "past the end of `b`"),
])  # fmt: skip
def test_a_spoilt_canary_is_told(memory: Memory, name: str, offset: int, words: str) -> None:
    """One byte beside a buffer, inside its own pages, is told with its name and side."""
    place = memory.places[name]
    end = place.offset + place.lead + 2 * place.stride + place.argument.nbytes
    at = end if offset > 0 else place.offset + place.lead - 1
    if not place.offset <= at < place.offset + place.span:
        pytest.skip("there is the guard at once")
    byte = os.pread(memory.descriptor, 1, at)
    os.pwrite(memory.descriptor, bytes([byte[0] ^ 0xFF]), at)
    assert words in memory.overrun(3)


@pytest.mark.parametrize("dtype", [name for name, kind in DTYPES.items() if kind.is_float])
def test_poison_is_a_nan_and_differs_each_time(dtype: str) -> None:
    """Poisoned floats are NaNs with a payload that nobody can know."""
    places, size = lay_out([argument(64, dtype)], Role.OUTPUT)
    seen = set()
    with Memory(places, size, sealed=False) as memory:
        for _ in range(8):
            memory.poison()
            assert np.isnan(memory.window("a").astype(np.float64)).all()
            seen.add(memory.window("a").tobytes())
    assert len(seen) > 1


@pytest.mark.parametrize("count", [1, 16, 1003, 1024, 4096])
@pytest.mark.parametrize("windows", [1, 3])
@pytest.mark.parametrize("right", [False, True])
def test_every_window_is_aligned_and_inside(count: int, windows: int, right: bool) -> None:
    """Windows begin at multiples of 64 bytes, do not overlap, and end within whole pages."""
    (place,), size = lay_out([argument(count)], Role.OUTPUT, windows=windows, right=right)
    assert place.lead % ALIGN == 0
    assert windows == 1 or place.stride % ALIGN == 0
    assert place.stride >= place.argument.nbytes
    end = place.lead + (windows - 1) * place.stride + place.argument.nbytes
    assert end <= place.span == size
    assert place.span % PAGE == 0
    assert not right or place.span - end < ALIGN
