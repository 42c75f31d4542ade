"""Which of torch's operators a call reaches: asked in a run of its own, never in a timed one."""

from collections.abc import Callable
from typing import Any

from torch.autograd.profiler import profile

from harness.arena.wire import NAMES_BYTES


def operators_in(call: Callable[[], Any]) -> bytes:
    """A name a line: those that were called, not those that they are made of."""
    # the profiler, not a dispatch mode: a mode imports half of torch when it is first entered
    with profile() as watched:
        call()
    outer = {
        event.name
        for event in watched.function_events
        if event.cpu_parent is None or "::" not in event.cpu_parent.name
    }
    return "\n".join(sorted(outer)).encode()[:NAMES_BYTES]
