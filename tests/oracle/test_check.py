"""What is drawn for which case."""

from collections import Counter

import pytest

from harness.oracle.check import seeds_for
from harness.oracle.draw import KINDS, STRUCTURED
from harness.records import Case, Tier


def _case(number: int, tier: Tier) -> Case:
    return Case(name=f"{tier}{number}", tier=tier, device="any", scalars=())


@pytest.mark.parametrize("tests", [1, 2, 3, 4, 5, 6, 9, 10, 17])
@pytest.mark.parametrize("benches", [0, 1, 4])
def test_every_kind_is_drawn_in_two_cases_of_a_grade(tests: int, benches: int) -> None:
    """However few cases there are, if there are two; and whatever bench cases stand beside them."""
    cases = [_case(number, Tier.TEST) for number in range(tests)]
    cases += [_case(number, Tier.BENCH) for number in range(benches)]
    seeds = [seeds_for(case, cases) for case in cases]
    times = Counter(seed.kind for drawn in seeds for seed in drawn)
    assert times.keys() == set(KINDS)
    assert min(times.values()) >= min(tests, 2)
    assert max(len(drawn) for drawn in seeds) == 1 + -(
        -len(STRUCTURED) // min(max(tests // 2, 1), 5)
    )
    assert all(drawn[0].kind == "normal" for drawn in seeds)
    assert all(len(drawn) == 1 for drawn in seeds[tests:])
