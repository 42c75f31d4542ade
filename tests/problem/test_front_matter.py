"""The frame of a file: where front matter begins and ends, what it may hold, and how much."""

import itertools
import time
from collections.abc import Callable

import pytest

from harness.problem.fields import MAX_FAULTS
from harness.problem.marks import MAX_LENGTH

Told = Callable[[str], str]
Expected = Callable[..., str]

WHOLE_FILES = {
    "no opening rule": (
        "\nslug: scale\ntitle: Scale\n---\n", 2, "slug", "the front matter does not begin the file",
        "the first line is `---` alone, then come the keys, then `---`",
    ),
    "a heading before": (
        "# Scale\n\n---\nslug: scale\n---\n", 4, "slug",
        "the front matter does not begin the file",
        "the first line is `---` alone, then come the keys, then `---`",
    ),
    "a key on the opening rule": (
        "--- slug: scale\n---\n", 1, "---", "the front matter does not begin the file",
        "the first line is `---` alone, then come the keys, then `---`",
    ),
    "no end": (
        "---\nslug: scale\n", 1, "---", "the front matter has no end", "close it with a line `---`",
    ),
    "nothing between": (
        "---\n---\nScale it.\n", 1, "---", "the front matter is empty", "write `key: value` lines",
    ),
    "a list": (
        "---\n- slug\n---\n", 2, "-", "the front matter is not a mapping",
        "write `key: value` lines",
    ),
    "after blank lines": (
        "\n\n---\n\n\nslg: scale\n---\n", 6, "slg", "`slg` is not a key", "did you mean `slug`?",
    ),
    "control character": (
        "---\nslug: scale\ntitle: a\x1b[31m\n---\n", 3, "\x1b", "a control character", "remove it",
    ),
    "billion laughs": (
        "---\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n---\n", 2, "&a",
        "anchors and aliases are not read", "write it out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_a_broken_frame_is_told_with_its_place(told: Told, expected: Expected, name: str) -> None:
    """Files whose front matter is missing, open, empty, shifted or a trap."""
    text, line, at, what, mend = WHOLE_FILES[name]
    # a control character is shown as a blank: it must not act in the terminal
    assert told(text) == expected(text, line, at, what, mend).replace("\x1b", " ")


def test_faults_without_end_are_told_up_to_a_number(told: Told) -> None:
    """A file that is wrong everywhere is told a hundred faults, at once."""
    for line in ("title{}: x", "slug: {}"):
        text = (
            "---\n" + "\n".join(line.format(i) for i in range(2500)) + "\n---\n" + "x\n" * 400_000
        )
        assert told(text).count("mend:") == MAX_FAULTS


@pytest.mark.parametrize("size", [MAX_LENGTH, MAX_LENGTH + 1])
def test_a_front_matter_has_a_limit_of_its_own(told: Told, size: int) -> None:
    """The limit can be reached; what is beyond it is told before it is read."""
    filler = "x" * (size - len("\nslg: \n"))
    message = told(f"---\nslg: {filler}\n---\n")
    if size > MAX_LENGTH:
        assert message.startswith(
            f"problem.md:1:1: the front matter is longer than {MAX_LENGTH} characters"
        )
    else:
        assert "`slg` is not a key" in message


BOMB = "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
    for before, name in itertools.pairwise("abcdefghijklmnopqrstuvwxyz")
)


def test_a_bomb_of_aliases_goes_off_in_no_time(told: Told) -> None:
    """It is refused at its first anchor, in fifty milliseconds at most."""
    text = f"---\na: &a [x, x, x, x, x, x, x, x, x]\n{BOMB}\n---\n"
    spent = []
    for _ in range(5):
        begin = time.perf_counter()
        assert "problem.md:2:4: anchors and aliases are not read" in told(text)
        spent.append(time.perf_counter() - begin)
    assert min(spent) < 0.05


@pytest.mark.parametrize(
    ("old", "what"), [("title: Scale", "title"), ("name: large", "name"), ("type: float", "type")]
)
def test_words_without_end_are_told_at_once(told: Told, right: str, old: str, what: str) -> None:
    """A word of thirty thousand letters is one fault, and nobody compares it with others."""
    message = told(right.replace(old, f"{what}: {'k' * 30_000}"))
    assert f": {what} has 30000 characters\n" in message
    assert message.endswith("      mend: at most 1000")
    assert message.count("mend:") == 1
