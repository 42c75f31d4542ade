"""Draws of a problem's cases, with what is right for them: what every later look needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.arena.memory import Memory, lay_out
from harness.oracle.draw import STRUCTURED, Seed, draw_inputs
from harness.oracle.expect import Oracle
from harness.oracle.judge import Expected
from harness.problem.shapes import arguments_of
from harness.records import Argument, Case, Problem, Role, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    case: Case
    arguments: tuple[Argument, ...]
    inputs: Memory
    expected: Expected


@contextmanager
def drawn(problem: Problem, case: Case, dtype: str, seed: Seed, oracle: Oracle) -> Iterator[Drawn]:
    arguments = arguments_of(problem, case, dtype)
    places, size = lay_out(arguments, Role.INPUT)
    with Memory(places, size, sealed=True) as inputs:
        draw_inputs(problem, case, arguments, inputs, seed, oracle.module)
        expected = oracle.expect(case, arguments, inputs)
        yield Drawn(case=case, arguments=arguments, inputs=inputs, expected=expected)


def runnable(problem: Problem) -> tuple[Case, ...]:
    """The cases that run on a machine without an accelerator."""
    return tuple(case for case in problem.cases if case.device != "cuda")


def seeds_of(case: Case) -> tuple[Seed, ...]:
    """Each kind of draw once; of a bench case, which may be large, the ordinary one."""
    kinds = ("normal",) if case.tier is Tier.BENCH else ("normal", *STRUCTURED)
    return tuple(Seed.fresh(kind) for kind in kinds)
