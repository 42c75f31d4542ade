"""
Builds kept by content: the key is a hash of everything that went in.

    <root>/builds/ab/abcd….json    how it ended (failures too), the artefact's hash and its own
    <root>/builds/ab/abcd….so      the artefact
    <root>/builds/ab/abcd….lock    one builder at a time

The JSON is written last, each file whole or not at all, so an entry is there or it is not.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import disk
from harness.disk import cache_root, write_atomically
from harness.errors import HarnessError


def key_of(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    facts: dict[str, Any]
    artefact: Path | None


def _place(key: str, suffix: str) -> Path:
    return cache_root() / "builds" / key[:2] / f"{key}{suffix}"


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """A cache that cannot be written is the machine's fault, and told by its name."""
    try:
        yield
    except OSError as error:
        where = f"the cache {cache_root()} cannot be written"
        raise HarnessError(f"{where}: {error.strerror} (GRADE_CACHE names another)") from error


@contextlib.contextmanager
def locked(key: str) -> Iterator[None]:
    """Alone with this key, among all processes."""
    path = _place(key, ".lock")
    with contextlib.ExitStack() as stack:
        with writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(disk.locked(path))
        yield


def lookup(key: str) -> Entry | None:
    """The entry, if it is there and its artefact is the one that was stored."""
    try:
        facts = json.loads(_place(key, ".json").read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(facts, dict) or facts.pop("check", None) != _check(facts):
        return None
    if facts["sha256"] is None:
        return Entry(facts, None)
    artefact = _place(key, ".so")
    try:
        digest = hashlib.sha256(artefact.read_bytes()).hexdigest()
    except OSError:
        return None
    return Entry(facts, artefact) if digest == facts["sha256"] else None


def store(key: str, facts: dict[str, Any], artefact: bytes | None) -> Entry:
    kept = dict(facts, sha256=None)
    path = None
    with writing():
        if artefact is not None:
            path = _place(key, ".so")
            kept["sha256"] = hashlib.sha256(artefact).hexdigest()
            write_atomically(path, artefact, mode=0o755)
            path.chmod(0o755)  # whatever the umask: who runs it is another user
        written = json.dumps(kept | {"check": _check(kept)}).encode()
        write_atomically(_place(key, ".json"), written)
    return Entry(kept, path)


def _check(facts: dict[str, Any]) -> str:
    """So that an entry with a spoilt verdict is none."""
    return key_of(json.dumps(facts, sort_keys=True))
