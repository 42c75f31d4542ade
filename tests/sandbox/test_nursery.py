"""What is left when a nursery or its judge goes away, however it goes: nothing."""

import contextlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.errors import SandboxError
from harness.records import Limits
from harness.sandbox.door import Nursery

Outer = Callable[[int, int], int]
JUDGE = """
import json, os, sys, time
from pathlib import Path
from harness.records import Limits
from harness.sandbox.door import Nursery

groups, namespaces = json.loads(sys.argv[1])
program = '''
import os, sys, time
reading, writing = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writing, os.readlink("/proc/self").encode())
        time.sleep(60)
    os._exit(0)
# one writer only: a log may lose lines that two processes print at the same moment
print(os.readlink("/proc/self"), os.read(reading, 16).decode(), flush=True)
time.sleep(60)
'''
nursery = Nursery(groups=groups, namespaces=namespaces)
boxes = [
    nursery.bear_program([sys.executable, "-I", "-S", "-c", program], limits=Limits())
    for _ in range(3)
]
give_up = time.monotonic() + 30
while any(len(box.log.text().split()) < 2 for box in boxes):
    assert time.monotonic() < give_up
    time.sleep(0.001)
boxes[0].freeze()
print(json.dumps({
    "nursery": nursery._process.pid,
    "pids": [[box.pid, int(own)] for box in boxes for own in box.log.text().split()],
    "folders": [nursery._hello["scratch"], nursery._hello["root"]],
    "group": str(nursery._groups) if nursery.has_groups else None,
    "strength": [nursery.has_groups, nursery.has_namespaces],
}), flush=True)
sys.stdin.read()
"""


class Judge:
    """A real judge with three boxes, one of them frozen, each with a daemon."""

    def __init__(
        self, strength: tuple[bool, bool], outer: Outer, stack: contextlib.ExitStack
    ) -> None:
        self.process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", JUDGE, json.dumps(strength)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(self.process.kill)
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        if told["strength"] != list(strength):
            pytest.skip("not to be had on this machine")
        self.folders = [Path(folder) for folder in told["folders"]]
        self.group = Path(told["group"]) if told["group"] else None
        self.pidfds = []
        pids = [outer(box, own) for box, own in told["pids"]]
        for pid in (told["nursery"], *pids):
            self.pidfds.append(os.pidfd_open(pid))
            stack.callback(os.close, self.pidfds[-1])


STRENGTHS = {
    "groups and namespaces": (True, True),
    "groups": (True, False),
    "namespaces": (False, True),
    "neither": (False, False),
}


@pytest.fixture(params=STRENGTHS.values(), ids=list(STRENGTHS))
def judge(request: pytest.FixtureRequest, outer: Outer) -> Iterator[Judge]:
    with contextlib.ExitStack() as stack:
        yield Judge(request.param, outer, stack)


def test_nothing_is_left_of_a_killed_judge(judge: Judge, ends: Callable[[int], bool]) -> None:
    """SIGKILL of a judge ends its nursery, every box and daemon, also the frozen ones, and leaves
    neither a folder nor a group behind.
    """
    assert all(folder.is_dir() for folder in judge.folders)
    judge.process.kill()
    assert all(ends(pidfd) for pidfd in judge.pidfds)
    assert not any(folder.exists() for folder in judge.folders)
    assert judge.group is None or not judge.group.exists()


def test_nothing_is_left_of_a_judge_that_just_left(
    judge: Judge, ends: Callable[[int], bool]
) -> None:
    """A judge that ends without closing anything leaves nothing either."""
    judge.process.communicate("")
    assert all(ends(pidfd) for pidfd in judge.pidfds)
    assert not any(folder.exists() for folder in judge.folders)
    assert judge.group is None or not judge.group.exists()


def test_closing_removes_folder_and_group(nursery_paths: list[Path]) -> None:
    """A closed nursery has left no folder, no group and no process."""
    assert nursery_paths
    assert not any(path.exists() for path in nursery_paths)


@pytest.fixture
def nursery_paths() -> list[Path]:
    with Nursery() as nursery:
        root = Path(str(nursery._ready()["root"]))
        paths = [root, nursery.scratch().parent, Path(f"/proc/{nursery._process.pid}")]
        if nursery._groups is not None:
            paths.append(nursery._groups)
        assert all(path.exists() for path in paths)
        # even if a box was never closed
        box = nursery.bear_program(["/bin/sleep", "60"], limits=Limits())
    box.close()
    return paths


def test_closing_clears_up_after_a_nursery_that_was_killed() -> None:
    """A nursery that could not clean up itself leaves no folder and no group once it is closed."""
    with Nursery() as nursery:
        folder, groups = nursery.scratch().parent, nursery._groups
        nursery._process.kill()
    assert not folder.exists()
    assert groups is None or not groups.exists()


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_box_that_cannot_be_made_leaves_nothing() -> None:
    """Wherever descriptors run out on the way to a box, none is kept and no group stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    failures = 0
    with Nursery() as nursery:
        nursery.wait_until_ready()
        groups = nursery._groups
        before = open_descriptors()
        box = None
        while box is None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (before + failures, hard))
            try:
                box = nursery.bear_program(
                    ["/bin/true"], files={"one": b"1", "two": b"2"}, limits=Limits()
                )
            except (OSError, SandboxError):
                failures += 1
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            if box is None:
                assert open_descriptors() == before
                assert groups is None or not any(path.is_dir() for path in groups.iterdir())
        with box:
            assert box.wait(10.0) is not None
    assert failures > 3


def test_a_nursery_that_cannot_be_started_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a program to start there is no group, no descriptor, and an error."""
    with Nursery() as nursery:
        home = nursery._groups.parent if nursery._groups is not None else tmp_path
    groups, before = set(home.iterdir()), open_descriptors()
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(OSError, match="/no/such/python"):
        Nursery()
    assert open_descriptors() == before
    own = f"grade-{os.getpid()}-"  # others may come and go beside us
    assert not {path for path in home.iterdir() if path.name.startswith(own)} - groups


def test_each_scratch_folder_is_new_and_empty() -> None:
    """No two boxes share a folder."""
    with Nursery() as nursery:
        one, other = nursery.scratch(), nursery.scratch()
        assert one != other
        assert not any(one.iterdir())
        assert not any(other.iterdir())


def test_a_nursery_says_what_it_holds() -> None:
    """Asked for less isolation, a nursery does not claim more."""
    with Nursery(groups=False, namespaces=False) as nursery:
        assert not nursery.has_groups
        assert not nursery.has_namespaces
        with nursery.bear_program(["/bin/true"], limits=Limits()) as box:
            assert box.group is None
