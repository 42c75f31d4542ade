"""Builds are kept by content, failures too; what is kept is what was built."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.build import cache, cpp
from harness.disk import cache_root
from harness.records import BuildFailed, Built, Language, Problem

if TYPE_CHECKING:
    from tests.build.conftest import Build

SOURCE = 'extern "C" void solution(const VAR* x, VAR* y, size_t n) { y[0] = x[0]; }\n'
pytestmark = pytest.mark.usefixtures("empty_cache")


def test_the_same_source_is_built_once(build: "Build") -> None:
    """A second build of the same thing comes from the cache, and is the same artefact."""
    first, second = build(SOURCE), build(SOURCE)
    assert isinstance(first, Built)
    assert isinstance(second, Built)
    assert (first.cached, second.cached) == (False, True)
    assert first.artefact == second.artefact
    assert first.seconds > 0 == second.seconds


@pytest.mark.parametrize(
    "source", ["int x = nonsense;", "int other;"], ids=["compile error", "invalid"]
)
def test_failures_are_kept_too(build: "Build", source: str) -> None:
    """A build that failed by itself fails again from the cache, word for word."""
    first, second = build(source), build(source)
    assert isinstance(first, BuildFailed)
    assert isinstance(second, BuildFailed)
    assert (first.cached, second.cached) == (False, True)
    assert (first.verdict, first.reason, first.message) == (
        second.verdict,
        second.reason,
        second.message,
    )


CHANGES: dict[str, Callable[["Build"], Built | BuildFailed]] = {
    "source": lambda build: build(SOURCE + "\n"),
    "name": lambda build: build(SOURCE, "other.cpp"),
    "dtype": lambda build: build(SOURCE, dtype="bfloat16"),
    "language": lambda build: build(SOURCE.removeprefix('extern "C" '), "kernel.c"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_another_build_is_another_entry(
    build: "Build", change: Callable[["Build"], Built | BuildFailed]
) -> None:
    """Whatever goes into a build is part of its key."""
    first, second = build(SOURCE), change(build)
    assert isinstance(first, Built)
    assert isinstance(second, Built)
    assert not second.cached
    assert first.artefact != second.artefact


def test_other_flags_are_another_entry(build: "Build", monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of the harness's flags makes every kept build a stranger."""
    first = build(SOURCE)
    monkeypatch.setitem(cpp._FLAGS, Language.CPP, (*cpp._FLAGS[Language.CPP], "-DMORE"))
    second = build(SOURCE)
    assert isinstance(first, Built)
    assert isinstance(second, Built)
    assert not second.cached


@pytest.mark.parametrize("damage", [b"", b"\x7fELF nonsense"], ids=["emptied", "garbled"])
def test_a_spoilt_artefact_is_rebuilt(build: "Build", damage: bytes) -> None:
    """An artefact that is not what was stored is never used."""
    first = build(SOURCE)
    assert isinstance(first, Built)
    whole = first.artefact.read_bytes()
    first.artefact.write_bytes(damage)
    second = build(SOURCE)
    assert isinstance(second, Built)
    assert not second.cached
    assert second.artefact.read_bytes()[:4] == whole[:4] == b"\x7fELF"
    assert len(second.artefact.read_bytes()) == len(whole)


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", "{}", '{"sha256": 7}'])
def test_a_spoilt_entry_is_rebuilt(build: "Build", damage: str) -> None:
    """An entry that cannot be read is no entry."""
    first = build(SOURCE)
    assert isinstance(first, Built)
    first.artefact.with_suffix(".json").write_text(damage)
    second = build(SOURCE)
    assert isinstance(second, Built)
    assert not second.cached


def test_a_spoilt_verdict_is_not_believed(build: "Build") -> None:
    """A kept failure whose words have changed is built anew, whatever it says now."""
    first = build("int x = nonsense;")
    assert isinstance(first, BuildFailed)
    (entry,) = [path for path in cache_root().rglob("*.json") if "nonsense" in path.read_text()]
    entry.write_text(entry.read_text().replace('"compile_error"', '"accepted"'))
    second = build("int x = nonsense;")
    assert isinstance(second, BuildFailed)
    assert not second.cached
    assert second.verdict is first.verdict


def test_a_missing_artefact_is_rebuilt(build: "Build") -> None:
    """An entry whose artefact is gone is no entry."""
    first = build(SOURCE)
    assert isinstance(first, Built)
    first.artefact.unlink()
    second = build(SOURCE)
    assert isinstance(second, Built)
    assert not second.cached
    assert second.artefact.exists()


TWIN = """
import sys
from pathlib import Path
from harness.build import cpp
from harness.problem.catalogue import load_problem
from harness.records import Limits
from harness.sandbox.door import Nursery
from harness.submission import read_submission

problem, submission = load_problem(sys.argv[1]), read_submission(Path(sys.argv[2]))
with Nursery() as nursery:
    nursery.wait_until_ready()
    print("ready", flush=True)
    sys.stdin.readline()
    built = cpp.build(
        submission, problem, "float32", nursery=nursery, compiler="g++", limits=Limits()
    )
    print(built.cached, built.artefact, built.artefact.stat().st_ino)
"""


def test_two_builders_make_one_artefact(doubling: Problem, tmp_path: Path) -> None:
    """Of two processes that build the same thing at once, one builds and both use it."""
    source = tmp_path / "kernel.cpp"
    source.write_text(SOURCE)
    twins = [
        subprocess.Popen(
            [sys.executable, "-c", TWIN, str(doubling.path), str(source)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        for _ in range(2)
    ]
    for twin in twins:
        assert twin.stdout is not None
        assert twin.stdout.readline() == "ready\n"
    for twin in twins:
        assert twin.stdin is not None
        twin.stdin.write("go\n")
        twin.stdin.flush()
    told = [twin.communicate(timeout=60)[0].split() for twin in twins]
    assert sorted(cached for cached, *_ in told) == ["False", "True"]
    assert told[0][1:] == told[1][1:]


def test_different_keys_do_not_wait_for_each_other() -> None:
    """One build may need another while it holds its own lock, however alike their keys are."""
    done = threading.Event()

    def inner() -> None:
        with cache.locked("ab" + "1" * 62):
            done.set()

    thread = threading.Thread(target=inner, daemon=True)
    with cache.locked("ab" + "0" * 62):
        thread.start()
        was_free = done.wait(5)
    thread.join()
    assert was_free


def test_one_key_is_held_by_one() -> None:
    """Whoever holds a key is alone with it, also within one process."""
    key, order = "cd" + "0" * 62, []

    def other() -> None:
        with cache.locked(key):
            order.append("other")

    thread = threading.Thread(target=other)
    with cache.locked(key):
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_a_key_depends_on_where_its_parts_end() -> None:
    """The same bytes cut otherwise are another key."""
    assert cache.key_of("ab", "c") != cache.key_of("a", "bc")
    assert cache.key_of("ab", b"c") == cache.key_of(b"ab", "c")


def test_what_is_stored_is_found(empty_cache: Path) -> None:
    """A stored entry gives back its facts and its artefact; an unknown key gives nothing."""
    key, unknown = cache.key_of("one"), cache.key_of("other")
    cache.store(key, {"log": "fine"}, b"bytes")
    found = cache.lookup(key)
    assert found is not None
    assert found.facts["log"] == "fine"
    assert found.artefact is not None
    assert found.artefact.read_bytes() == b"bytes"
    assert found.artefact.is_relative_to(empty_cache)
    assert cache.lookup(unknown) is None
    entry = found.artefact.with_suffix(".json")
    assert json.loads(entry.read_text())["sha256"]
