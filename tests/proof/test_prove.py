"""A problem is proved: what holds is said to hold, and each flaw is found and told."""

from pathlib import Path

import pytest

from harness.arena.host import Arena
from harness.problem.starter import render_problem_starter
from harness.proof.prove import prove
from harness.records import Finding, Outcome, Proof

KINDS = sorted((Path(__file__).parents[1] / "pipeline" / "kinds").glob("*.md"))
GOOD = """\
---
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: w, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
  - {name: m, type: size_t, pointer: false}
shapes: {x: [n, m], w: [m], y: [n]}
cases:
  test: [{n: 3, m: 4}, {n: 7, m: 5}]
flops: 2 * n * m
tolerance: {reduction: m}
---
Weighted sums of rows of the tensor `x` of shape $(N, M)$.

Tensor `w` of shape $(M)$, tensor `y` of shape $(N)$.

## Reference
```python
def reference(x, w, n, m):
    return x @ w
```
"""


def _prove(text: str, folder: Path, arena: Arena) -> Proof:
    path = folder / "problems" / "sums.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return prove(path, arena=arena)


def _of(proof: Proof, outcome: Outcome) -> dict[str, Finding]:
    return {finding.about: finding for finding in proof.findings if finding.outcome is outcome}


@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.stem)
def test_each_kind_of_problem_holds(path: Path, arena: Arena) -> None:
    """The twelve problems of different kinds are proved, each in all its dtypes."""
    proof = prove(path, arena=arena)
    assert not _of(proof, Outcome.FAULT)
    assert proof.holds


def test_what_a_problem_begins_from_holds(arena: Arena, tmp_path: Path) -> None:
    """`grade problems new` writes a problem that passes every check as it is."""
    proof = _prove(render_problem_starter("sums"), tmp_path, arena)
    assert {f.about: f.outcome for f in proof.findings if f.outcome is not Outcome.OK} == {
        "submissions": Outcome.NOTE  # nobody has answered it yet
    }


def test_a_good_problem_holds(arena: Arena, tmp_path: Path) -> None:
    """Every look is taken, and none finds a fault."""
    proof = _prove(GOOD, tmp_path, arena)
    assert proof.holds
    assert [finding.about for finding in proof.findings] == [
        "file", "text", "sizes", "reference", "dtypes", "inputs", "lazy", "flops", "bytes",
        "submissions",
    ]  # fmt: skip


# what is replaced, by what; then where the fault is told, and words of it
FLAWS = {
    "unreadable": ("flops: 2", "flops: 2 +", "file", "is not a formula"),
    "text with another rank": ("$(N, M)$", "$(N, M, 1)$", "text", "3 axes"),
    "text about nothing": ("Tensor `w`", "Tensor `v`", "text", "no pointer parameter"),
    "no reference": ("## Reference", "## Remarks", "complete", "## Reference"),
    "sizes beyond memory": ("{n: 7, m: 5}", "{n: 1000000, m: 90000}", "sizes", "GB"),
    "reference of another shape": ("x @ w", "(x @ w)[1:]", "reference", "shape (2,)"),
    "reference of another dtype": ("x @ w", "(x @ w).half()", "reference", "float16"),
    "reference that prints": ("return", "print(n); return", "reference", "prints"),
    "reference that is a view": ("x @ w", "x[:, 0]", "reference", "view of an input"),
    "reference that is random": (
        "return x @ w", "return (x @ w) * __import__('torch').rand(1, dtype=x.dtype)",
        "reference", "the second time"),
    "reference that is not finite": ("x @ w", "(x @ w).abs().neg().log()", "reference",
                                     "not finite"),
    "input that is not used": ("x @ w", "x.sum(1) + 0 * w[0]", "inputs", "`w`"),
    "tolerance that admits all": (
        "tolerance: {reduction: m}", "tolerance: {absolute: 1.0e+9, because: we are generous}",
        "lazy", "zeros is right in"),
    "inputs that cancel": ("x @ w", "(x @ w) * 1e-30 + 1", "lazy", "ones is right in"),
    "bound that a large draw breaks": (
        "tolerance: {reduction: m}", "tolerance: {absolute: 1.0e-6, because: it looked well}",
        "reference", "large draw: its own answer is not right"),
    "bound of the values' own size": (
        "tolerance: {reduction: m}", "tolerance: {absolute: 1.5, relative: 0.0, because: noise}",
        "dtypes", "off by"),
    "shape without dollars": ("$(N, M)$", "(N, M, K)", "text", "3 axes"),
    "shape in brackets": ("$(N, M)$", "`[N, M, K]`", "text", "3 axes"),
    "shape of several": ("tensor `x` of", "tensors `w` and `x` of", "text", "gives `w` 2 axes"),
    "name that a header replaces": ("name: m,", "name: M_PI,", "file", "a macro of C's headers"),
    "bound that no two numbers share": ("(N, M)", "(3, M)", "text", "says 3"),
    "flops by half": ("flops: 2 * n * m", "flops: n * m", "flops", "the reference counts"),
    "flops tenfold": ("flops: 2 * n * m", "flops: 20 * n * m", "flops", "the reference counts"),
    "bytes too few": ("flops:", "bytes: n\nflops:", "bytes", "the outputs alone"),
    "bytes too many": ("flops:", "bytes: 100 * n * m\nflops:", "bytes", "times all tensors"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "about", "words"), FLAWS.values(), ids=FLAWS)
def test_each_flaw_is_found(
    arena: Arena, tmp_path: Path, old: str, new: str, about: str, words: str
) -> None:
    """The flaw is told under its own name, in words that name the trouble."""
    assert old in GOOD
    proof = _prove(GOOD.replace(old, new), tmp_path, arena)
    assert not proof.holds
    fault = _of(proof, Outcome.FAULT)[about]
    assert words in "\n".join((fault.words, *fault.details))


TOGETHER = """\
---
parameters:
  - {name: x, type: float, pointer: true, const: true}
  - {name: span, type: int, pointer: true, const: true}
  - {name: y, type: float, pointer: true, const: false}
  - {name: n, type: int, pointer: false}
shapes: {x: [n], span: [2], y: [n]}
cases: {test: [{n: 5}, {n: 40}]}
tolerance: exact
---
The elements from `span[0]` on, `span[1]` of them; zeros behind.

## Reference
```python
import torch

def inputs(case, draw):
    start = int(draw.integers(0, case["n"] - 1))
    return {"span": torch.tensor([start, int(draw.integers(1, case["n"] - start))])}

def reference(x, span, n):
    start, length = (int(number) for number in span)
    if not (0 <= start and 1 <= length and start + length <= n):
        raise IndexError("no such span")
    y = torch.zeros_like(x)
    y[:length] = x[start : start + length]
    return y
```
"""


def test_inputs_that_belong_together_can_be_proved(arena: Arena, tmp_path: Path) -> None:
    """A reference that refuses what does not fit together is right, and is proved."""
    proof = _prove(TOGETHER, tmp_path, arena)
    assert proof.holds, _of(proof, Outcome.FAULT)


def test_inputs_must_follow_from_their_seed(arena: Arena, tmp_path: Path) -> None:
    """Randomness from elsewhere is found: a failure could not be repeated."""
    text = TOGETHER.replace("import torch\n\ndef inputs", "import os, torch\n\ndef inputs").replace(
        'int(draw.integers(0, case["n"] - 1))', 'os.urandom(1)[0] % case["n"]'
    )  # fmt: skip
    fault = _of(_prove(text, tmp_path, arena), Outcome.FAULT)["reference"]
    assert "another `span` for the same seed" in fault.words


@pytest.mark.parametrize(
    ("verdict", "source", "outcome"),
    [
        ("accepted", "y.copy_(x @ w)", Outcome.NOTE),  # there is no wrong one beside it
        ("wrong_answer", "y.zero_()", Outcome.NOTE),
        ("accepted", "y.zero_()", Outcome.FAULT),
        ("wrong_answer", "y.copy_(x @ w)", Outcome.FAULT),
    ],
)
def test_submissions_must_get_their_verdicts(
    arena: Arena, tmp_path: Path, verdict: str, source: str, outcome: Outcome
) -> None:
    """The folder of a submission is a promise, and it is kept or told."""
    folder = tmp_path / "submissions" / "sums" / verdict
    folder.mkdir(parents=True)
    (folder / "attempt.py").write_text(f"def solution(x, w, y, n, m):\n    {source}\n")
    proof = _prove(GOOD, tmp_path, arena)
    (finding,) = (finding for finding in proof.findings if finding.about == "submissions")
    assert finding.outcome is outcome
    assert proof.holds is (outcome is Outcome.NOTE)


def test_a_lazy_answer_may_be_excused(arena: Arena, tmp_path: Path) -> None:
    """What cannot be otherwise is declared with its reason, and then it is no fault."""
    one_row = GOOD.replace("(x @ w)", "").replace("x @ w", "(x @ w) * 1e-30 + 1").replace(
        "tolerance:", "lazy: {ones: it says so, stale: it never changes}\ntolerance:"
    )  # fmt: skip
    findings = _of(_prove(one_row, tmp_path, arena), Outcome.OK)
    assert "as declared" in findings["lazy"].words


def test_an_excuse_that_nobody_needs_is_told(arena: Arena, tmp_path: Path) -> None:
    """An excuse left behind is worth a look, and no fault."""
    text = GOOD.replace("tolerance:", "lazy: {mean: it was once so}\ntolerance:")
    notes = _of(_prove(text, tmp_path, arena), Outcome.NOTE)
    assert "`mean`" in notes["lazy"].words
