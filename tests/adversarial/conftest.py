"""The naive grader as a fixture: a boxed process that believes what it is told."""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.arena.host import Arena
from harness.arena.session import memfd_of
from harness.build import cpp
from harness.problem.shapes import arguments_of
from harness.records import Argument, Built, Language, Limits, Problem, Submission
from harness.sandbox.door import Nursery

PATIENCE_S = 60.0
_SAID = re.compile(r"^naive: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What the naive grader made of a submission."""

    correct: bool
    speedup: float
    log: str
    left: frozenset[str]  # files in its folder afterwards


Naively = Callable[..., Taken]


@pytest.fixture(scope="session")
def nurseries() -> Iterator[Callable[[bool], Nursery]]:
    """Parents that have imported the naive grader, with the walls up and with them down."""
    started: dict[bool, Nursery] = {}
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))

        def get(has_walls: bool) -> Nursery:
            if has_walls not in started:
                nursery = Nursery(preload=["torch", "naive"], walls=has_walls)
                started[has_walls] = stack.enter_context(nursery)
            return started[has_walls]

        yield get


@pytest.fixture(scope="session")
def naively(arena: Arena, nurseries: Callable[[bool], Nursery]) -> Naively:
    """Grade a submission as the field does, on the problem's last case."""

    def run(
        submission: Submission, problem: Problem, *, expects: str = "before", walls: bool = True
    ) -> Taken:
        assert problem.reference is not None
        arguments = arguments_of(problem, problem.cases[-1], problem.dtypes[0])
        order = {
            "lane": "py" if submission.language is Language.PYTHON else "cpp",
            "expects": expects,
            "reference": problem.reference.source,
            "arguments": [_told(argument) for argument in arguments],
        }
        descriptors = [
            memfd_of(json.dumps(order).encode()),
            memfd_of(_loadable(submission, problem, arena)),
        ]
        try:
            box = nurseries(walls).bear_module(
                "naive", descriptors=descriptors, env={}, limits=Limits(processes=64)
            )
            with box:
                box.wait(PATIENCE_S)
                left = frozenset(path.name for path in box.scratch.iterdir())
                log = box.log.text()
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        said = _SAID.findall(log)
        result = json.loads(said[-1]) if said else {"correct": False, "speedup": 0.0}
        return Taken(
            correct=bool(result["correct"]), speedup=float(result["speedup"]), log=log, left=left
        )

    return run


def _told(argument: Argument) -> dict[str, object]:
    return {
        "name": argument.name,
        "role": argument.role.value,
        "shape": argument.shape,
        "value": argument.value,
    }


def _loadable(submission: Submission, problem: Problem, arena: Arena) -> bytes:
    """The source of a Python submission, the shared object of any other."""
    if submission.language is Language.PYTHON:
        return submission.source
    built = cpp.build(
        submission, problem, problem.dtypes[0],
        nursery=arena.tools, compiler="g++", limits=Limits(),
    )  # fmt: skip
    assert isinstance(built, Built), built
    return built.artefact.read_bytes()
