"""What a file with little in it needs to be graded, in blocks that can be pasted."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dtypes import DTYPES
from harness.errors import UserError
from harness.problem.catalogue import gradable, load_problem
from harness.problem.missing import missing_to_grade

TENSORS = """
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
"""


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("some") / "fresh.md"


def _completed(path: Path, params: str) -> None:
    """Paste every block where it belongs."""
    front = f"parameters:{params}" if params else ""
    path.write_text(f"---\n{front}---\n" if front else "Twice.\n")
    *keys, reference = missing_to_grade(load_problem(path))
    path.write_text(f"---\n{front}" + "\n".join(keys) + f"\n---\nTwice.\n\n{reference}\n")


def test_what_a_signature_lacks_is_named_with_blocks_to_paste(path: Path) -> None:
    """Each missing key is told with its text, and where it belongs."""
    path.write_text(f"---\nparameters:{TENSORS}  - {{name: n, type: int, pointer: false}}\n---\n")
    with pytest.raises(UserError, match="can be shown but not graded") as caught:
        gradable(load_problem(path))
    told, shapes, cases, where, *reference = str(caught.value).split("\n\n")
    assert "in the front matter between the first two lines `---`" in told
    assert shapes == "shapes:\n  x: [n]\n  y: [n]"
    assert cases == "cases:\n  test:\n    - {n: 7}"
    assert "reference/fresh.py" in where
    assert "def reference(x, n):" in "\n\n".join(reference)


def test_a_description_gets_an_example_of_everything(path: Path) -> None:
    """Prose alone is gradable once all blocks are pasted."""
    _completed(path, "")
    problem = gradable(load_problem(path))
    assert [param.name for param in problem.params] == ["x", "y", "n"]


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(st.sampled_from([*DTYPES, "VAR"]), max_size=4))
def test_the_blocks_complete_any_signature(path: Path, types: list[str]) -> None:
    """Whatever scalars a signature has, with the blocks pasted it can be graded."""
    scalars = "".join(
        f"  - {{name: s{i}, type: {name}, pointer: false}}\n" for i, name in enumerate(types)
    )
    _completed(path, TENSORS + scalars)
    assert gradable(load_problem(path)).cases


def test_a_problem_without_an_output_is_not_gradable(path: Path) -> None:
    """Nothing to compare is told before anything runs."""
    path.write_text("---\nparameters: [{name: x, type: float, pointer: true, const: true}]\n---\n")
    with pytest.raises(UserError, match="pointer: true, const: false"):
        gradable(load_problem(path))
