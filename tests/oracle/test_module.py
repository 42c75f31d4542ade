"""A problem's own Python in its runner: whose fault it is when that ends."""

import os
import signal

import pytest

from harness.arena.host import Arena
from harness.arena.memory import Memory, lay_out
from harness.errors import SandboxError
from harness.oracle.expect import Oracle
from harness.problem.shapes import arguments_of
from harness.records import Limits, Problem, Role


def test_a_reference_that_was_killed_is_no_fault_of_its_problem(
    arena: Arena, doubling: Problem
) -> None:
    """SIGKILL comes from outside: the machine failed, and the problem's file is not blamed."""
    oracle = Oracle(arena, doubling, limits=Limits())
    arguments = arguments_of(doubling, doubling.cases[0], "float32")
    places, size = lay_out(arguments, Role.INPUT)
    with Memory(places, size, sealed=True) as inputs:
        assert oracle.run(arguments, inputs)
        os.kill(oracle.module.pid, signal.SIGKILL)
        with pytest.raises(SandboxError, match="killed"):
            oracle.run(arguments, inputs)
    oracle.close()
