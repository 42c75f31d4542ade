"""A small problem that is right, and the reading of text as if it were a file."""

from collections.abc import Callable

import pytest

from harness.errors import ProblemError
from harness.problem.catalogue import BUNDLED
from harness.problem.spec import read_problem
from harness.records import Problem

RIGHT = """\
---
slug: scale
title: Scale
difficulty: EASY
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: n, type: uint8_t, pointer: false}
  - {name: factor, type: float, pointer: false}
let: {half: n // 2}
shapes: {x: [n], y: [2*half]}
require: [n % 2 == 0]
flops: n
tolerance: {reduction: n}
cases:
  defaults: {n: 4, factor: 2}
  test:
    - {name: small}
    - {name: large, n: 8}
---
Scale it.
"""


@pytest.fixture(scope="session")
def right() -> str:
    return RIGHT


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | bytes], Problem]:
    """Read text, or bytes, as a problem file."""
    path = tmp_path_factory.mktemp("spec") / "problem.md"

    def read_text(text: str | bytes) -> Problem:
        # lone surrogates and the like become bytes that are not UTF-8
        path.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
        return read_problem(path)

    return read_text


@pytest.fixture(scope="session")
def told(read: Callable[[str | bytes], Problem]) -> Callable[[str], str]:
    """What is said of a faulty text, with the folder left out."""

    def tell(text: str) -> str:
        with pytest.raises(ProblemError) as caught:
            read(text)
        folder = caught.value.path.removesuffix("problem.md")
        return str(caught.value).replace(folder, "")

    return tell


@pytest.fixture(scope="session")
def own_problem() -> Problem:
    return read_problem(BUNDLED / "conv-depthwise-2d-square-input-sq-kernel.md")


@pytest.fixture(scope="session")
def expected() -> Callable[..., str]:
    """A message as it must be."""
    return _expected


def _expected(text: str, line: int, at: str, what: str, mend: str) -> str:
    """The message as it must be: `at` is what the caret points to, on that line."""
    source = text.splitlines()[line - 1]
    # what is missing is missed behind the colon
    column = source.index(at.removesuffix("\n")) + 1 if at else source.index(":") + 2
    column = len(source) if at.endswith("\n") else column
    caret = " " * (len("    1 | ") + column - 1) + "^"
    message = f"problem.md:{line}:{column}: {what}\n{line:>5} | {source}\n{caret}"
    return f"{message}\n      mend: {mend}" if mend else message
