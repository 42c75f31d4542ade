"""What the tests of several floors share: a cache of their own, an arena, small problems."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from harness.arena.host import Arena
from harness.pipeline import grade
from harness.problem.catalogue import load_problem
from harness.records import Grade, Limits, Policy, Problem

# the same tests for the same tree; HYPOTHESIS_PROFILE=search looks elsewhere every time
settings.register_profile("same", derandomize=True)
settings.register_profile("search", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

MakeProblem = Callable[[str, str], Problem]
GradeSource = Callable[..., Grade]

DOUBLING = """
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
dtypes: [float32, float16, bfloat16]
cases:
  test: [{name: odd, n: 1003}]
"""
DOUBLED = "def reference(x, n):\n    return x * 2\n"


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def arena(cache_folder: Path) -> Iterator[Arena]:
    assert cache_folder.is_dir()
    with Arena() as arena:
        yield arena


@pytest.fixture(scope="session")
def make_problem(tmp_path_factory: pytest.TempPathFactory) -> MakeProblem:
    """A problem from its front matter (without the slug) and the source of its reference."""

    def make(front: str, reference: str = "") -> Problem:
        return written_problem(tmp_path_factory.mktemp("problem"), front, reference)

    return make


def written_problem(folder: Path, front: str, reference: str = "") -> Problem:
    path = folder / "small.md"
    fenced = f"## Reference\n\n```python\n{reference}\n```\n" if reference else ""
    path.write_text(f"---\nslug: small\n{front.strip()}\n---\nA small problem.\n\n{fenced}")
    return load_problem(path)


@pytest.fixture(scope="session")
def doubling(make_problem: MakeProblem) -> Problem:
    """The smallest problem that there is: y = 2 x."""
    return make_problem(DOUBLING, DOUBLED)


@pytest.fixture
def grade_source(arena: Arena, doubling: Problem, tmp_path: Path) -> GradeSource:
    """Grade a source, by default as an answer to `doubling`, without timing it."""

    def run(
        source: str, name: str = "attempt.cpp", *, problem: Problem = doubling, **asked: Any
    ) -> Grade:
        path = tmp_path / name
        path.write_text(source)
        usual: dict[str, Any] = {"time": False, "budget_s": 0.3, "limits": Limits(call_s=1.0)}
        return grade(path, problem, policy=Policy(**(usual | asked)), arena=arena)

    return run
