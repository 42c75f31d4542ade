"""The block under `## Reference`: what is taken, and what is told instead of overlooked."""

from collections.abc import Callable

import pytest

from harness.records import Problem

Read = Callable[[str | bytes], Problem]
Told = Callable[[str], str]

SOURCE = "def reference(x):\n    return x\n"


TAKEN = {
    "right under the heading": "## Reference\n```python\n{}```\n",
    "after prose": "## Reference\n\nBy the book:\n\n```python\n{}```\n\nThat is all.\n",
    "before another block": "## Reference\n\n```python\n{}```\nand\n```\nmore\n```\n",
    "after another block": "## Reference\n```text\nplain\n```\n```python\n{}```\n",
    "before another section": "## Reference\n```python\n{}```\n## Notes\n```python\nx\n```\n",
    "under a smaller heading": "## Reference\n### In float64\n```python\n{}```\n",
    "tildes": "## Reference\n~~~python\n{}~~~\n",
    "longer fences": "## Reference\n````python\n{}````\n",
    "a longer closing fence": "## Reference\n```python\n{}`````\n",
    "py": "## Reference\n```py\n{}```\n",
    "Python, and more": "## Reference\n``` Python3 title=reference\n{}```\n",
    "braces": "## Reference\n```{{.python}}\n{}```\n",
    "blanks behind": "## Reference  \n```python  \n{}```  \n",
    "a colon": "## Reference:\n```python\n{}```\n",
    "closed heading": "## Reference ##\n```python\n{}```\n",
    "lower case": "## reference\n```python\n{}```\n",
    "an example before": "````md\n## Reference\n```py\ny\n```\n````\n## Reference\n```py\n{}```",
}  # fmt: skip


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", TAKEN)
def test_the_python_block_of_the_section_is_the_reference(
    read: Read, right: str, name: str, line_end: str
) -> None:
    """Its source is what stands between the fences, and it knows its line."""
    text = (right + "\n" + TAKEN[name].format(SOURCE)).replace("\n", line_end)
    found = read(text).reference
    assert found is not None
    assert found.source == SOURCE
    assert text.splitlines()[found.line - 1] == "def reference(x):"


def test_an_indented_block_is_read_without_its_margin(read: Read, right: str) -> None:
    """A fence that stands further right takes its block with it."""
    found = read(
        right + "\n## Reference\n  ```python\n  def reference(x):\n      return x\n  ```\n"
    )
    assert found.reference is not None
    assert found.reference.source == SOURCE


NOT_MEANT = {
    "another heading": "## References\n```python\nx\n```",
    "a smaller heading": "### Reference\n```python\nx\n```",
    "no heading": "```python\nx\n```",
    "no block": "## Reference\n\nSee the paper.\n",
    "a block of the next section": "## Reference\n\nNone yet.\n\n## Use\n```python\nx\n```",
    "inside another block": "````md\n## Reference\n```python\nx\n```\n````",
    "inside tildes": "~~~\n## Reference\n```python\nx\n```\n~~~",
    "inside an open block of something else": "```\n## Input",
}


@pytest.mark.parametrize("name", NOT_MEANT)
def test_other_blocks_are_not_the_reference(read: Read, right: str, name: str) -> None:
    """What stands elsewhere, or inside a block of code, is prose."""
    assert read(right + "\n" + NOT_MEANT[name]).reference is None


# what stands at the end of the file; the line that is blamed; the fault; the mend
NEARLY = {
    "not marked": (
        "## Reference\n\n~~~\nx = 1\n~~~~\n", "~~~",
        "the block under `## Reference` is not marked as Python", "begin it with ~~~python",
    ),
    "another language": (
        "## Reference\n```cpp\nx\n```\n", "```cpp",
        "the block under `## Reference` is marked as `cpp`, not as Python",
        "begin it with ```python",
    ),
    "never closed": (
        "## Reference\n```python\nx = 1\n", "```python",
        "this block never ends", "close it with a line ```",
    ),
    "closed by too short a fence": (
        "## Reference\n~~~~python\nx = 1\n~~~\n", "~~~~python",
        "this block never ends", "close it with a line ~~~~",
    ),
    "closed by another fence": (
        "## Reference\n```python\nx = 1\n~~~\n", "```python",
        "this block never ends", "close it with a line ```",
    ),
    "two sections": (
        "## Reference\n```python\nx = 1\n```\n\n## Reference \n", "## Reference ",
        "a second `## Reference`; the first is on line 23", "keep one",
    ),
    "two blocks": (
        "## Reference\n```python\nx = 1\n```\n```py\ny = 2\n```\n", "```py",
        "a second Python block under `## Reference`; the first is on line 24", "make them one",
    ),
    "inside a block that was never closed": (
        "```text\nshape\n\n## Reference\n```python\nx = 1\n```\n", "```text",
        "this block never ends before `## Reference`", "close it with a line ```",
    ),
    "inside a block that was never closed at all": (
        "~~~text\nshape\n\n## Reference\n```python\nx = 1\n```\n", "~~~text",
        "this block never ends before `## Reference`", "close it with a line ~~~",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NEARLY)
def test_what_is_nearly_a_reference_is_told(told: Told, right: str, name: str) -> None:
    """A block that its author took for the reference is never silently overlooked."""
    behind, blamed, what, mend = NEARLY[name]
    text = f"{right}\n{behind}"
    line = len(text.splitlines()) - text.splitlines()[::-1].index(blamed)
    caret = "        ^"
    assert told(text) == (
        f"problem.md:{line}:1: {what}\n{line:>5} | {blamed}\n{caret}\n      mend: {mend}"
    )


@pytest.mark.parametrize(
    "body", ["## Reference" + "\n" * 100_000 + "x", "~~~\n```\n" * 20_000, "## " + " " * 500_000]
)
def test_looking_for_it_takes_no_time(read: Read, right: str, body: str) -> None:
    """Long bodies of fences, headings and blanks are read at once."""
    assert read(right + "\n" + body).reference is None


@pytest.mark.parametrize(
    "body", ["## Reference\n```python\n" * 20_000, "```\n## Reference\n" * 20_001]
)
def test_many_open_blocks_are_told_at_once(told: Told, right: str, body: str) -> None:
    """However often the mistake is repeated, it is told once."""
    assert told(right + "\n" + body).count("mend:") == 1
