"""The caches of a machine, wherever they are told."""

import os
from pathlib import Path

import pytest

from harness import machine
from harness.records import Cache

CORES = sorted(os.sched_getaffinity(0))
Listed = tuple[int, str, str, str]  # level, type, size, shared by


def _tree(root: Path, listed: dict[int, list[Listed]]) -> Path:
    """Files as the kernel has them, for some cores."""
    for core, caches in listed.items():
        for number, (level, kind, size, shared) in enumerate(caches):
            folder = root / f"cpu{core}" / "cache" / f"index{number}"
            folder.mkdir(parents=True)
            words = {"level": f"{level}", "type": kind, "size": size, "shared_cpu_list": shared}
            for name, word in words.items():
                (folder / name).write_text(f"{word}\n")
    return root


def _core(core: int, *, shared: str, l1: str = "32K") -> list[Listed]:
    return [
        (1, "Data", l1, f"{core}"),
        (1, "Instruction", "64K", f"{core}"),
        (2, "Unified", "1M", f"{core}"),
        (3, "Unified", "32768K", shared),
    ]


def test_private_caches_are_counted_and_a_shared_one_is_one(tmp_path: Path) -> None:
    """Every usable core has its own L1 and L2; what all of them share is one; code is no data."""
    everybody = f"{CORES[0]}-{CORES[-1]},9999"
    root = _tree(tmp_path, {core: _core(core, shared=everybody) for core in CORES})
    assert machine.caches(root) == (
        Cache(level=1, size_bytes=32 << 10, instances=len(CORES)),
        Cache(level=2, size_bytes=1 << 20, instances=len(CORES)),
        Cache(level=3, size_bytes=32 << 20, instances=1),
    )


def test_where_cores_differ_the_largest_cache_counts(tmp_path: Path) -> None:
    """A limit must hold on the best core too."""
    sizes = ["32K"] * (len(CORES) - 1) + ["48K"]
    root = _tree(
        tmp_path,
        {
            core: _core(core, shared=f"{core}", l1=size)
            for core, size in zip(CORES, sizes, strict=True)
        },
    )
    assert machine.caches(root)[0].size_bytes == 48 << 10
    assert machine.caches(root)[2].instances == len(CORES)


@pytest.mark.parametrize("size", ["", "many", "12Q", "0K"])
def test_a_list_that_cannot_be_read_is_replaced(tmp_path: Path, size: str) -> None:
    """No list, or nonsense in it: the processor is asked, or large caches are assumed."""
    root = _tree(tmp_path, {core: [(1, "Data", size, f"{core}")] for core in CORES})
    found = machine.caches(root)
    assert found == machine.caches(tmp_path / "nowhere")
    assert [cache.level for cache in found] == list(range(1, len(found) + 1))
    assert all(cache.size_bytes >= 8 << 10 for cache in found)
    assert found[0].instances == len(CORES)


def test_threads_have_as_many_private_caches_as_they_are() -> None:
    """And never more than there are; one that is shared is had once."""
    private, shared = (
        Cache(level=1, size_bytes=10, instances=4),
        Cache(level=3, size_bytes=100, instances=1),
    )
    assert [private.held_bytes(n) for n in (1, 2, 4, 8)] == [10, 20, 40, 40]
    assert [shared.held_bytes(n) for n in (1, 4)] == [100, 100]
