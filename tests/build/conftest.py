"""Building in tests: a light nursery, and submissions from text."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from harness.build import cpp
from harness.records import BuildFailed, Built, Limits, Problem, Submission
from harness.sandbox.door import Nursery
from harness.submission import LANGUAGES

Build = Callable[..., Built | BuildFailed]


@pytest.fixture(scope="session")
def tools() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def submission_of(source: str, name: str, flags: tuple[str, ...] = ()) -> Submission:
    data = source.encode()
    return Submission(
        path=Path(name),
        source=data,
        sha256=sha256(data).hexdigest(),
        language=LANGUAGES[Path(name).suffix],
        flags=flags,
    )


@pytest.fixture
def build(tools: Nursery, doubling: Problem) -> Build:
    """Build a source as an answer to `doubling`."""

    def run(
        source: str,
        name: str = "kernel.cpp",
        *,
        dtype: str = "float32",
        problem: Problem = doubling,
        compiler: str = "g++",
        limits: Limits | None = None,
        flags: tuple[str, ...] = (),
    ) -> Built | BuildFailed:
        return cpp.build(
            submission_of(source, name, flags),
            problem,
            dtype,
            nursery=tools,
            compiler=compiler,
            limits=limits or Limits(),
        )

    return run


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that nothing was ever put into."""
    monkeypatch.setenv("GRADE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
