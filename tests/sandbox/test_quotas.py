"""Sums over a whole box: its memory and its processes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.records import Limits
from harness.sandbox.box import Ended
from harness.sandbox.door import Nursery

DEADLINE_S = 20.0
MEGABYTE = 1 << 20
FORKS = """
import os, sys
reading, writing = os.pipe()
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
"""
# as many children as asked for, alive at once, each with so many megabytes
SHARES = """
import os, sys
told, tell = os.pipe()
waiting, going = os.pipe()
children = []
for _ in range(int(sys.argv[1])):
    if (child := os.fork()) == 0:
        os.close(going)
        kept = b"x" * (int(sys.argv[2]) << 20)
        os.close(tell)
        os.read(waiting, 1)
        os._exit(0)
    children.append(child)
os.close(tell)
os.read(told, 1)
os.close(going)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def ending(
    nursery: Nursery, program: str, *words: int, limits: Limits
) -> tuple[Ended | None, bool]:
    argv = [sys.executable, "-I", "-S", "-c", program, *map(str, words)]
    with nursery.bear_program(argv, limits=limits) as box:
        return box.wait(DEADLINE_S), box.has_run_out_of_memory


def test_a_box_has_no_more_processes_than_allowed(nursery: Nursery) -> None:
    """Forking works up to the limit, and not beyond it."""
    if nursery.unheld("pids") and not nursery.counts_alone:
        pytest.skip(nursery.unheld("pids"))
    limits = Limits(processes=24)
    assert ending(nursery, FORKS, 12, limits=limits)[0] == Ended(code=0, signal=None)
    assert ending(nursery, FORKS, 40, limits=limits)[0] == Ended(code=1, signal=None)


def test_the_processes_of_a_box_share_its_memory(nursery: Nursery) -> None:
    """Each child is within the limit; together they may not exceed it, and it is known why."""
    if nursery.unheld("memory"):
        pytest.skip(nursery.unheld("memory"))
    limits = Limits(memory_bytes=192 * MEGABYTE)
    assert ending(nursery, SHARES, 2, 60, limits=limits) == (Ended(code=0, signal=None), False)
    ended, has_run_out = ending(nursery, SHARES, 4, 60, limits=limits)
    assert ended != Ended(code=0, signal=None)
    assert has_run_out


def test_a_folder_in_memory_counts(nursery: Nursery) -> None:
    """What a box writes into its folder is memory, and limited with it."""
    if nursery.unheld("memory") or not nursery.walls.root:
        pytest.skip("no folder in memory, or no sum of it")
    words = "head -c 150000000 /dev/zero > /tmp/a; head -c 150000000 /dev/zero > b"
    limits = Limits(memory_bytes=192 * MEGABYTE)
    with nursery.bear_program(["/bin/sh", "-c", words], limits=limits) as box:
        assert box.wait(DEADLINE_S) != Ended(code=0, signal=None)
        assert box.has_run_out_of_memory


def test_nothing_of_a_quota_is_left() -> None:
    """When a nursery is closed its groups are gone, those of a box that was never closed too."""
    with Nursery() as nursery:
        assert nursery._quotas is not None
        folders = list(nursery._quotas.folders.values())
        assert all(folder.is_dir() for folder in folders)
        box = nursery.bear_program(["/bin/sleep", "60"], limits=Limits())
    box.close()
    assert not any(folder.exists() for folder in folders)


def test_quotas_are_where_mountinfo_says(nursery: Nursery) -> None:
    """Each controller is held, or there is a reason."""
    assert nursery._quotas is not None
    for controller in ("memory", "pids"):
        folder = nursery._quotas.folders.get(controller)
        own = Path(nursery._groups or "") / "cgroup.controllers"
        delegated = own.exists() and controller in own.read_text().split()
        assert bool(nursery.unheld(controller)) is not (folder is not None or delegated)
