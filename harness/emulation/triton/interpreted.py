"""
A submission's module and its calls under emulation: what is set before, and told after.

Triton decides when a kernel is decorated whether it will be interpreted, its own library's kernels
included: whoever imports this has `TRITON_INTERPRET=1` in his environment.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from harness.emulation.triton import accesses, bfloat16, card, launches, library, tuning
from harness.emulation.triton.findings import Findings, Found, Unsupported

CAPABILITY = 90  # of the card that host code is told of


class Emulation:
    """Made once in a process, before a stranger's module is there."""

    def __init__(self) -> None:
        self._findings = Findings()
        self.launches = launches.Launches(self._findings)
        bfloat16.mend()
        accesses.watch(self.launches.current)
        launches.watch(self.launches)
        tuning.mend()
        library.mend()
        card.pretend(CAPABILITY)

    @contextmanager
    def around(self) -> Iterator[None]:
        """What is found in a stranger's code ends it as a `Found`."""
        self._findings.forget()
        try:
            with card.Pretence():
                yield
        except Unsupported as lacking:
            raise Found(self._findings.first() or lacking.finding) from None
        except BaseException:
            # a kernel that went astray may well fall over it
            if finding := self._findings.first():
                raise Found(finding) from None
            raise
        if finding := self._findings.first():
            raise Found(finding)

    def watched(self, entry: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(entry)
        def call(*values: Any) -> Any:
            with self.around():
                return entry(*values)

        return call
