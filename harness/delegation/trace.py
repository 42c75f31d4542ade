"""One call of a Python submission, watched: which of torch's operators it reaches."""

import os
import re

from harness.arena.host import random_address
from harness.arena.memory import Memory, lay_out
from harness.arena.session import Session
from harness.arena.wire import NAMES_BYTES, Op
from harness.oracle.draw import Seed, draw_inputs
from harness.oracle.expect import Oracle
from harness.problem.shapes import arguments_of
from harness.records import Case, Fell, Limits, Problem, Role

_NAME = re.compile(rb"[A-Za-z_]\w{0,63}::\w{1,95}")


def operators_of(
    session: Session, problem: Problem, case: Case, dtype: str, oracle: Oracle, limits: Limits
) -> tuple[str, ...] | Fell:
    """Their names, in a session that nothing else is asked of."""
    arguments = arguments_of(problem, case, dtype)
    input_places, input_bytes = lay_out(arguments, Role.INPUT)
    output_places, output_bytes = lay_out(arguments, Role.OUTPUT)
    names = os.memfd_create("names", os.MFD_CLOEXEC)
    try:
        with (
            Memory(input_places, input_bytes, sealed=True) as inputs,
            Memory(output_places, output_bytes, sealed=False) as outputs,
        ):
            draw_inputs(problem, case, arguments, inputs, Seed.fresh("normal"), oracle.module)
            outputs.poison()
            outputs.restore(inputs)
            done = session.lend(
                arguments, inputs, outputs, address=random_address(), timeout_s=limits.call_s
            )
            if not isinstance(done, Fell):
                done = session.ask(Op.TRACE, descriptors=[names], timeout_s=limits.call_s)
        if isinstance(done, Fell):
            return done
        text = os.pread(names, NAMES_BYTES, 0)
    finally:
        os.close(names)
    # what a stranger's process wrote: names, or nothing
    return tuple(line.decode() for line in text.split(b"\n") if _NAME.fullmatch(line))
