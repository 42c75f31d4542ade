"""The corpus of honest and wrong kernels does not rot: some of each side, by the same calls."""

from collections import Counter
from pathlib import Path

import pytest

from harness.arena.host import Arena
from tests.studies.corpus.catalogue import OPERATORS
from tests.studies.corpus.judged import TORCH, desk, judge, kernels_of
from tests.studies.corpus.peers import RULES, judge_by_peers
from tests.studies.corpus.records import Label, Operator

NAMED = {operator.slug: operator for operator in OPERATORS}


def test_the_corpus_is_as_large_as_it_says() -> None:
    """At least 15 operators, 30 honest and 100 wrong kernels; no two of a name."""
    members = [
        (operator.slug, dtype, kernel.name, kernel.label)
        for operator in OPERATORS
        for dtype in TORCH
        for kernel in kernels_of(operator, dtype)
    ]
    labels = Counter(label for *_, label in members)
    assert len(NAMED) == len(OPERATORS) >= 15
    assert labels[Label.HONEST] >= 30
    assert labels[Label.WRONG] >= 100
    assert len({member[:3] for member in members}) == len(members)


@pytest.mark.parametrize(
    ("slug", "dtype"),
    [
        ("batch-norm", "float32"),
        ("conv-depthwise-3x3", "float32"),
        ("conv-depthwise-3x3", "float16"),
        ("silu", "bfloat16"),
    ],
)
def test_honest_kernels_pass_and_wrong_ones_do_not(
    arena: Arena, tmp_path: Path, slug: str, dtype: str
) -> None:
    """Every kernel of some operators, in every draw of a grade."""
    operator = NAMED[slug]
    kernels = kernels_of(operator, dtype)
    with desk(arena, operator, dtype, tmp_path) as at:
        refused = {seen.kernel for seen in judge(at, kernels, grading=0) if not seen.ok}
    for label, is_refused in ((Label.HONEST, False), (Label.WRONG, True)):
        named = {kernel.name for kernel in kernels if kernel.label is label}
        assert named
        assert {name for name in named if (name in refused) is not is_refused} == set()


def test_the_rules_of_others_are_still_applied(arena: Arena, tmp_path: Path) -> None:
    """Each of the five answers for each kernel, and none takes zeros for a convolution."""
    operator: Operator = NAMED["conv-1x1"]
    chosen = [k for k in kernels_of(operator, "float32") if k.name in {"8 lanes", "zeros"}]
    with desk(arena, operator, "float32", tmp_path) as at:
        verdicts = judge_by_peers(at, tuple(chosen))
    assert verdicts.keys() == {(rule.name, kernel.name) for rule in RULES for kernel in chosen}
    assert not any(verdicts[rule.name, "zeros"] for rule in RULES)
    assert verdicts["KernelBench", "8 lanes"]
