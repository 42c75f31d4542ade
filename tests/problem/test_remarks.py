"""What is no fault and yet worth a word."""

from pathlib import Path

import pytest

from harness.problem.catalogue import BUNDLED
from harness.problem.remarks import remarks
from harness.problem.spec import read_problem

PARAMETERS = """parameters:
  - {name: n, type: int, pointer: false}
  - {name: m, type: int, pointer: false}
"""


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("slug: some", []),
        (
            "gpus: [B200]\nyear: 2026",
            ["the key `gpus` is kept, but nothing reads it",
             "the key `year` is kept, but nothing reads it"],
        ),
        ("slug: so_me", ["the slug is `so_me`, but the file's place says `some`"]),
        (f"{PARAMETERS}cases: {{test: [{{n: 1, m: 2}}, {{n: 2, m: 1}}]}}", []),
        (
            f"{PARAMETERS}cases: {{test: [{{n: 1, m: 3}}], sample: [{{n: 2, m: 3}}]}}",
            ["`m` is 3 in every case: a kernel that ignores it would pass"],
        ),
        (
            f"{PARAMETERS}cases: {{test: [{{n: 1, m: 2}}]}}",
            ["there is only one case: a kernel with its numbers written into it would pass"],
        ),
        (PARAMETERS, []),
    ],
)  # fmt: skip
def test_remarks_are_sentences(tmp_path: Path, front: str, said: list[str]) -> None:
    """Each says what is odd and what follows from it; none keeps the problem from loading."""
    path = tmp_path / "some.md"
    path.write_text(f"---\n{front}\n---\n")
    assert list(remarks(read_problem(path))) == said


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.md")), ids=lambda path: path.stem)
def test_our_own_problems_have_no_keys_that_nothing_reads(path: Path) -> None:
    """What we ship stands in its own place, under its own name."""
    assert not [said for said in remarks(read_problem(path)) if "key" in said or "slug" in said]
