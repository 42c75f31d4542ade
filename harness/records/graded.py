"""What a grade is made of: timings, the machine, the walls, the whole."""

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from harness.records.asked import Problem, Tier
from harness.records.judged import CaseResult, Gate, Limits, Submission, Verdict
from harness.records.measured import Conditions, Footprints, Roofline


class State(StrEnum):
    FASTER = "faster"
    SLOWER = "slower"
    TIE = "tie"
    UNSTABLE = "unstable"


class Clock(StrEnum):
    WALL = "wall"  # from the thaw to verified frozen
    PROCESSOR = "processor"  # what the whole box used of it meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One paired sample: nanoseconds per call of each arm on the same inputs, on the wall."""

    candidate_ns: float
    baseline_ns: float
    again_ns: float
    # the same by the processor's clock, where it is known; and how often an arm went to sleep
    processor_ns: tuple[float, float, float] | None = None
    waits: tuple[int, int, int] = (0, 0, 0)
    preempted: tuple[int, int, int] = (0, 0, 0)  # and how often another program took its core
    # what the baseline took to copy its result out, by both clocks; None: it does not return one
    copy_ns: tuple[float, float] | None = None

    def by(self, clock: Clock) -> "Round":
        if clock is Clock.WALL or self.processor_ns is None:
            return self
        candidate, baseline, again = self.processor_ns
        return replace(self, candidate_ns=candidate, baseline_ns=baseline, again_ns=again)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    rounds: tuple[Round, ...]
    parent: int  # which warm parent its arms were forked from: its layout is theirs
    quiet: bool = True  # the baseline faulted no page any more when timing began
    raised: bool = False  # all arms went before other programs

    def by(self, clock: Clock) -> "Launch":
        return replace(self, rounds=tuple(round_.by(clock) for round_ in self.rounds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to ask PyTorch, of those that the best was chosen from."""

    name: str
    speedup: float | None  # over eager, as the short heat before the timing saw it; None: left out
    why: str = ""  # it was left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    case: str
    baseline: str
    state: State
    steady: bool  # the baseline agreed with itself, and nothing could hide in the freezing
    speedup: float
    ci_low: float
    ci_high: float
    aa: float
    candidate_ms: float
    baseline_ms: float
    batch: int
    null_ns: float
    clock: Clock
    launches: tuple[Launch, ...]
    why: str = ""  # it is unstable
    seconds: float = 0.0  # all that it took to time this case
    conditions: Conditions | None = None  # what else went on meanwhile
    roofline: Roofline | None = None  # None: not yet looked at
    memory: Footprints | None = None  # None: it cannot be seen here
    ways: tuple[Way, ...] = ()  # that `best` was chosen from
    copy_ms: float | None = None  # of the baseline's result, after its time; None: it returns none

    @property
    def half_width(self) -> float:
        """Of the interval, to either side of the speedup."""
        return math.sqrt(self.ci_high / self.ci_low) - 1.0

    @property
    def beats_floor(self) -> bool:
        """Quicker than what must be moved was ever seen to be moved here."""
        floor = self.roofline.floor if self.roofline else None
        return floor is not None and self.candidate_ms < floor.seconds * 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    planned: int
    passed: int
    correct: bool
    speedup: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    state: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What was asked of a grade; recorded in it."""

    dtype: str | None = None
    device: str = "auto"
    case: str | None = None
    tier: Tier | None = None
    seed: str | None = None
    keep: Path | None = None
    time: bool = True
    # one thread by default: intervals are several times narrower than with all cores, and it is
    # the same work on every machine
    threads: int = 1
    # timing a bench case ends when its interval is so narrow to either side, or the time is over
    half_width: float = 0.01
    budget_s: float = 10.0
    reward: tuple[float, ...] = ()  # or as soon as it is clear which of these speedups it exceeds
    own: bool = False  # the kernel is one's own: not frozen between its turns, and never ranked
    baseline: str = "eager"  # how PyTorch is asked
    against: Path | None = None  # another submission instead of PyTorch
    compiler: str = "g++"
    arch: str | None = None  # of a card that a kernel must compile for
    isolation: str = "best"  # or "strict": the highest level or none; or "off": no walls
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One promise of the sandbox: kept, not kept, or not tested, and why."""

    name: str
    holds: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    level: int
    freeze: str  # "cgroup" or "signal"
    properties: tuple[Property, ...]
    missing: str = ""  # to the highest level, and how to get it, in one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    kind: str  # cpu, cuda or emulated
    name: str
    fingerprint: str
    ranking_class: str
    threads: int
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """None for what was not done in this grade."""

    build: float | None
    check: float | None
    time: float | None
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    problem: Problem
    submission: Submission
    dtype: str
    policy: Policy
    verdict: Verdict
    reason: str
    message: str
    cases: tuple[CaseResult, ...]
    timing: tuple[Timing, ...]
    score: Score
    isolation: Isolation
    machine: Machine
    seconds: Seconds
    calls: tuple[str, ...] | None = None  # whom it has work for it; None: not looked at
    against_sha256: str | None = None  # of the submission that it was measured against
    left_running: int | None = None  # its processes that were still there when all was checked
    watched: tuple[str, ...] = ()  # cases in which every access of an emulated kernel was looked at
    gate: Gate | None = None  # None: it was compiled for no card
    log: str = ""

    def exceeds(self, speedup: float) -> bool | None:
        """Whether it is right and so much faster, or more; None where that is not settled."""
        if self.verdict is Verdict.NOT_GRADABLE:
            return None
        if self.verdict is not Verdict.ACCEPTED:
            return False
        low, high = self.score.ci_low, self.score.ci_high
        if low is None or high is None or not all(timing.steady for timing in self.timing):
            return None
        return True if low > speedup else False if high < speedup else None
