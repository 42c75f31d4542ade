"""The arena as a place: whom it could not let in, and what it could not close, leave nothing."""

from pathlib import Path

import pytest

from harness.arena.host import Arena
from harness.arena.session import Session
from harness.errors import SandboxError
from harness.records import Limits

SOURCE = b"def solution(x, y, n):\n    y.copy_(x * 2)\n"


def test_who_cannot_be_let_in_leaves_no_box(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours after a box was born ends that box, and keeps no descriptor of it."""

    def broken(*_: object, **__: object) -> None:
        raise SandboxError("the machine failed")

    def held() -> tuple[int, set[str]]:
        groups = arena.warm()._groups
        boxes = {str(path) for path in groups.iterdir() if path.is_dir()} if groups else set()
        return sum(1 for _ in Path("/proc/self/fd").iterdir()), boxes

    arena.warm().wait_until_ready()
    before = held()
    monkeypatch.setattr(Session, "load", broken)
    with pytest.raises(SandboxError, match="the machine failed"):
        arena.open_python(SOURCE, name="attempt.py", threads=1, limits=Limits())
    assert held() == before


class Stuck:
    def close(self) -> None:
        raise SandboxError("processes survive a kill")


def test_a_guest_that_cannot_be_closed_keeps_no_nursery() -> None:
    """Closing the arena goes on to the end, and then tells what went wrong."""
    arena = Arena()
    folder = arena.tools.scratch().parent
    arena.keep("stuck", Stuck)
    with pytest.raises(SandboxError, match="survive"):
        arena.close()
    assert not folder.exists()
