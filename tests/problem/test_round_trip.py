"""There and back: what a problem says is what is read from the file that says it."""

import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dtypes import DTYPES
from harness.problem.cases import known_dtypes
from harness.problem.declared import LAZY
from harness.problem.dialect import render_base_dialect
from harness.problem.fields import _C_MACRO, _C_WORDS
from harness.problem.normalise import normalise
from harness.problem.parameters import _ALIASES
from harness.problem.shapes import evaluate, scope_of
from harness.records import Param, Problem

Read = Callable[[str | bytes], Problem]

MANY = settings(max_examples=40, deadline=None, database=None)


def _is_keyword(word: str) -> bool:
    try:
        compile(f"{word} = 1", "", "exec")
    except SyntaxError:
        return True
    return False


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True).filter(
    lambda word: word not in _C_WORDS and not _C_MACRO.fullmatch(word) and not _is_keyword(word)
)
WORDS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=30).map(str.strip)
PARAMS = st.lists(
    st.builds(
        Param,
        name=NAMES,
        dtype=st.one_of(st.none(), st.sampled_from(list(DTYPES.values()))),
        pointer=st.booleans(),
        const=st.booleans(),
    ),
    unique_by=lambda param: param.name,
    max_size=8,
)  # fmt: skip


@MANY
@given(PARAMS, WORDS, WORDS, st.lists(WORDS, max_size=3))
def test_the_base_dialect_reads_back(
    read: Read, params: list[Param], title: str, author: str, tags: list[str]
) -> None:
    """A problem rendered as a base-dialect file and read again has the same signature and words."""
    plain = read("---\nslug: some\ndifficulty: HARD\n---\nProse with a rule\n\n---\n\nin it")
    problem = replace(plain, params=tuple(params), title=title, author=author, tags=tuple(tags))
    text = render_base_dialect(problem)
    for again in (read(text), read(normalise(text))):
        for noun in ("slug", "title", "author", "difficulty", "tags", "params", "body"):
            assert getattr(again, noun) == getattr(problem, noun)


# ---- every key ----------------------------------------------------------------------------------

TYPES = ["[VAR]", *DTYPES, *_ALIASES]
WHOLE = ["int", "size_t", "int16_t", "uint64", "uint8_t"]


@st.composite
def _documents(draw: st.DrawFn) -> dict[str, Any]:
    """The front matter of a valid problem with every key, as plain data."""
    names = draw(st.lists(NAMES, unique=True, min_size=6, max_size=9).map(iter))
    tensors = [next(names) for _ in range(draw(st.integers(1, 3)))]
    let, *sizes = names
    sizes = sizes[:3]
    formulas = st.sampled_from([*sizes, let, f"2*{sizes[0]} + 1", f"{let} % 3 + 1", "7"])
    values = st.fixed_dictionaries({size: st.integers(1, 12) for size in sizes})
    cases = draw(st.lists(values, min_size=1, max_size=5))
    named = [
        {"name": f"case{number}", **case} if draw(st.booleans()) else case
        for number, case in enumerate(cases)
    ]
    kinds = st.sampled_from(TYPES)
    params = [
        {"name": name, "type": draw(kinds), "pointer": True, "const": draw(st.booleans())}
        for name in tensors
    ] + [{"name": name, "type": draw(st.sampled_from(WHOLE)), "pointer": False} for name in sizes]
    return {
        "slug": draw(st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)),
        "title": draw(WORDS),
        "difficulty": draw(st.sampled_from(["EASY", "MEDIUM", "HARD"])),
        "author": draw(WORDS),
        "tags": draw(st.lists(WORDS, max_size=3)),
        "parameters": draw(st.permutations(params)),
        "let": {let: f"{sizes[0]} // 2 + 1"},
        "shapes": {name: draw(st.lists(formulas, max_size=8)) for name in tensors},
        "require": [f"{size} >= 1" for size in sizes],
        "dtypes": draw(st.lists(st.sampled_from(known_dtypes()), unique=True, min_size=1)),
        "cases": {"defaults": draw(values), "test": named},
        "flops": draw(formulas),
        "bytes": draw(formulas),
        "tolerance": {"reduction": draw(formulas), "relative": 0.5, "because": "so it is"},
        "precision": draw(st.sampled_from(["ieee", "tf32"])),
        "inputs": {tensors[0]: {"integers": [0, draw(st.sampled_from(["1 % 2", 0, 1]))]}},
        "allow": draw(st.lists(st.sampled_from(["matmul", "conv"]), max_size=2)),
        "lazy": draw(st.dictionaries(st.sampled_from(LAZY), st.just("it is right"), max_size=2)),
        "year": 2026,
    }


@MANY
@given(_documents(), st.sampled_from([True, False, None]))
def test_every_key_says_what_it_says(read: Read, given: dict[str, Any], flow: bool | None) -> None:
    """However YAML writes a valid problem down, its fields are those that were meant."""
    text = yaml.safe_dump(given, default_flow_style=flow, sort_keys=False, allow_unicode=True)
    problem = read(f"---\n{text}---\nText")
    for noun in ("slug", "title", "difficulty", "author", "flops", "bytes", "precision"):
        assert getattr(problem, noun) == given[noun]
    for noun in ("tags", "require", "dtypes", "allow"):
        assert getattr(problem, noun) == tuple(given[noun])
    assert [param.name for param in problem.params] == [one["name"] for one in given["parameters"]]
    assert dict(problem.let) == given["let"]
    assert {name: [*axes] for name, axes in problem.shapes} == given["shapes"]
    assert dict(problem.lazy) == given["lazy"]
    assert problem.extra == (("year", "2026"),)
    assert problem.tolerance.reduction == given["tolerance"]["reduction"]
    assert (problem.tolerance.relative, problem.tolerance.because) == (0.5, "so it is")
    for case, asked in zip(problem.cases, given["cases"]["test"], strict=True):
        meant = {**given["cases"]["defaults"], **asked}
        assert dict(case.scalars).items() <= meant.items()
        assert evaluate(problem.flops or "", scope_of(problem.let, case)) > 0
