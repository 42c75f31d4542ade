"""One grade under way: what is asked, what is known so far, and how it ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from harness import machine
from harness.arena.host import ALLOCATOR, NOTHING_RAN, Arena
from harness.candidate import Candidate
from harness.clock.scores import score_of
from harness.oracle.judge import Expected
from harness.records import (
    Case,
    CaseResult,
    Device,
    Fell,
    Gate,
    Grade,
    Language,
    Machine,
    Policy,
    Problem,
    Seconds,
    Stage,
    Submission,
    Timing,
    Verdict,
)

Tell = Callable[[Stage | CaseResult | Timing], None]


def silence(_: Stage | CaseResult | Timing) -> None:
    """Nobody listens."""


@dataclass(slots=True)
class Job:
    """One grade under way."""

    submission: Submission
    problem: Problem
    policy: Policy
    dtype: str
    threads: int
    cases: tuple[Case, ...]
    device: Device
    tell: Tell
    began: float
    left_out: int = 0  # cases that are too large to be emulated
    gate: Gate | None = None  # what a card's own compiler said
    launches: bytes = b""  # of Triton's kernels: what is to be compiled
    arena: Arena | None = None
    against: Candidate | None = None  # what it is measured against, if not PyTorch
    compiler: str = ""  # that made it, if any did
    build_s: float | None = None
    check_s: float | None = None
    time_s: float | None = None
    waited_s: float = 0.0  # for other grades, to have the clock alone
    was_cut: bool = False  # the time for the whole grade ran out while timing
    calls: tuple[str, ...] | None = None
    left_running: int | None = None
    watched: tuple[str, ...] = ()  # cases in which every access of an emulated kernel was looked at
    results: tuple[CaseResult, ...] = ()
    timings: tuple[Timing, ...] = ()
    bounds: dict[str, Expected] = field(default_factory=dict)

    @property
    def all_accepted(self) -> bool:
        passed = [result.verdict is Verdict.ACCEPTED for result in self.results]
        return len(passed) == len(self.cases) and all(passed)

    def spoil(self, case: Case, fell: Fell) -> None:
        """A case that was right when checked, and not when timed."""
        self.results = tuple(
            replace(
                result,
                verdict=fell.verdict,
                reason=fell.reason,
                message=fell.message,
                log=fell.log,
                seeds=(),  # those of its check would not show the fault
            )
            if result.name == case.name
            else result
            for result in self.results
        )

    @property
    def is_interpreted(self) -> bool:
        """Whether it is Triton, and there is no card."""
        return self.device is Device.EMULATED and self.submission.language is Language.PYTHON

    @property
    def can_be_explained(self) -> bool:
        """Whether all is right, or an answer is wrong, or it wrote where it must not."""
        known = {Verdict.ACCEPTED, Verdict.WRONG_ANSWER}
        return all(r.verdict in known or r.reason == "out_of_bounds" for r in self.results)

    @property
    def deadline(self) -> float:
        return self.began + self.policy.limits.grade_s + self.waited_s

    def ended(self, verdict: Verdict, reason: str = "", message: str = "", log: str = "") -> Grade:
        passed = sum(result.verdict is Verdict.ACCEPTED for result in self.results)
        return Grade(
            problem=self.problem,
            submission=self.submission,
            dtype=self.dtype,
            policy=self.policy,
            verdict=verdict,
            reason=reason,
            message=message,
            cases=self.results,
            timing=self.timings,
            score=score_of(len(self.cases), passed, () if self.was_cut else self.timings),
            isolation=self.arena.isolation() if self.arena else NOTHING_RAN,
            machine=self._machine(),
            seconds=Seconds(
                build=self.build_s,
                check=self.check_s,
                time=self.time_s,
                total=time.monotonic() - self.began,
            ),
            calls=self.calls,
            left_running=self.left_running,
            watched=self.watched,
            gate=self.gate,
            against_sha256=None if self.against is None else self.against.sha256,
            log=log,
        )

    def _machine(self) -> Machine:
        """This one, with what else a time may depend on."""
        found = machine.describe(self.threads)
        if self.device is Device.EMULATED:
            found = replace(found, kind="emulated", ranking_class=f"emulated: {found.name}")
        words = " ".join(f"{name}={value}" for name, value in ALLOCATOR.items())
        more = [("allocator", words)] + ([("compiler", self.compiler)] if self.compiler else [])
        return replace(found, facts=(*found.facts, *more))
