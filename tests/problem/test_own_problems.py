"""The problems that we ship: rules that hold, cases of every sort, shapes that are PyTorch's."""

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from harness.problem.catalogue import BUNDLED, gradable, load_problem
from harness.problem.shapes import arguments_of, evaluate, scope_of
from harness.records import Case, Problem, Role, Tier

SLUGS = sorted(path.stem for path in BUNDLED.glob("*.md"))
CONVOLUTIONS = [slug for slug in SLUGS if slug.startswith("conv-")]
CHECKED = (Tier.SAMPLE, Tier.TEST)
LOADED = {slug: load_problem(slug) for slug in SLUGS}
CASES = [(slug, case.name) for slug in SLUGS for case in LOADED[slug].cases]


def _case(slug: str, name: str) -> tuple[Problem, Case]:
    problem = LOADED[slug]
    return problem, next(case for case in problem.cases if case.name == name)


@pytest.mark.parametrize("slug", SLUGS)
def test_can_be_graded(slug: str) -> None:
    """Nothing is missing, and the file stands under its own slug."""
    assert gradable(LOADED[slug]).slug == slug


@pytest.mark.parametrize("slug", SLUGS)
def test_has_cases_of_every_kind(slug: str) -> None:
    """A sample to look at, tests to pass, and something to time on each device."""
    kinds = {(case.tier, case.device) for case in LOADED[slug].cases}
    assert kinds == {
        (Tier.SAMPLE, "any"), (Tier.TEST, "any"), (Tier.BENCH, "cpu"), (Tier.BENCH, "cuda"),
    }  # fmt: skip


@pytest.mark.parametrize(("slug", "name"), CASES)
def test_each_case_keeps_the_rules(slug: str, name: str) -> None:
    """Every rule of the problem holds, every axis is at least one, every count is positive."""
    problem, case = _case(slug, name)
    scope = scope_of(problem.let, case)
    assert all(evaluate(rule, scope) for rule in problem.require)
    for argument in arguments_of(problem, case, problem.dtypes[0]):
        assert min(argument.shape, default=1) >= 1
    for formula in (problem.flops, problem.tolerance.reduction):
        assert formula is None or evaluate(formula, scope) >= 1


VARIETY: dict[str, Callable[[dict[str, int | float]], bool]] = {
    "odd sizes": lambda s: bool(s["height"] % 2 and s["width"] % 2),
    "height is not width": lambda s: s["height"] != s["width"],
    "one row": lambda s: s["height"] == 1,
    "several images": lambda s: s["batch_size"] > 1,
    "one channel": lambda s: s["in_channels"] == 1,
    "stride": lambda s: s["stride_h"] > 1 and s["stride_w"] > 1,
    "uneven stride": lambda s: s["stride_h"] != s["stride_w"],
    "a row that the stride leaves over": lambda s: bool(
        s["stride_h"] > 1
        and (s["height"] + 2 * s["padding_h"] - s["dilation_h"] * (s["kernel_h"] - 1) - 1)
        % s["stride_h"]
    ),
    "dilation": lambda s: s["dilation_h"] > 1 and s["dilation_w"] > 1,
    "uneven dilation": lambda s: s["dilation_h"] != s["dilation_w"],
    "no padding": lambda s: s["padding_h"] == s["padding_w"] == 0 and s["kernel_h"] > 1,
    "padding wider than half a kernel": lambda s: s["padding_h"] > s["kernel_h"] // 2,
    "1x1": lambda s: s["kernel_h"] == s["kernel_w"] == 1,
    "1x5": lambda s: (s["kernel_h"], s["kernel_w"]) == (1, 5),
    "5x5": lambda s: s["kernel_h"] == s["kernel_w"] == 5,
    "more channels out than in": lambda s: s["out_channels"] > s["in_channels"] > 1,
}


@pytest.mark.parametrize("slug", CONVOLUTIONS)
@pytest.mark.parametrize("what", VARIETY)
def test_the_tests_of_a_convolution_are_various(slug: str, what: str) -> None:
    """At least one test case has this property, so a kernel that forgot it is found."""
    tests = [case for case in LOADED[slug].cases if case.tier is Tier.TEST]
    assert any(VARIETY[what](dict(case.scalars)) for case in tests)


@cache
def _reference(path: Path) -> Callable[..., torch.Tensor]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., torch.Tensor] = module.reference
    return found


@pytest.mark.parametrize(
    ("slug", "name"), [(slug, name) for slug, name in CASES if _case(slug, name)[1].tier in CHECKED]
)
def test_the_declared_shape_is_the_references(slug: str, name: str) -> None:
    """What the reference returns has the shape that the problem declares for its output."""
    problem, case = _case(slug, name)
    arguments = arguments_of(problem, case, "float32")
    assert problem.reference is not None
    given = {
        argument.name: torch.ones(argument.shape) if argument.value is None else argument.value
        for argument in arguments
        if argument.role is not Role.OUTPUT
    }
    (output,) = [argument for argument in arguments if argument.role is Role.OUTPUT]
    assert tuple(_reference(problem.reference.path)(**given).shape) == output.shape
