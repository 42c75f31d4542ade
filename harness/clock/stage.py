"""What timing one case needs: who is timed against whom; the arms of a launch, side by side."""

import secrets
from contextlib import ExitStack
from dataclasses import dataclass

from harness.arena.memory import Memory, lay_out
from harness.candidate import Open
from harness.clock.arms import Arm, Kind, Lost, null_turn
from harness.clock.baselines import Baseline
from harness.clock.pool import Pool
from harness.clock.statistics import Estimate
from harness.errors import HarnessError, UserError
from harness.oracle.expect import Oracle
from harness.oracle.judge import Expected
from harness.records import Argument, Case, Problem, Role, State

MAX_ROUND_NS = 250e6
HEAP_BYTES = 8 << 20  # beside the results: what libraries keep for themselves
LAUNCHES = 5  # at least, where the time suffices: so many parents are warm from the beginning
PARENTS = 8  # at most: another one takes as long as a few launches, and serves all cases
FEWEST = 3  # however long a call takes: fewer say nothing of what launches differ by
MOST = 100
PATIENCE_S = 20.0  # five launches are worth that, whatever the budget

_shuffle = secrets.SystemRandom().shuffle


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When timing a case ends: a value, not a habit."""

    half_width: float  # the interval is narrow enough
    budget_s: float  # the time is over
    deadline: float  # of the whole grade, on the monotonic clock
    reward: tuple[float, ...] = ()  # it is clear which of these speedups are exceeded
    patience_s: float = PATIENCE_S

    def is_over(self, launches: int, found: Estimate, *, passed_s: float, launch_s: float) -> bool:
        """After so many launches, of which one takes `launch_s`."""
        if launches < FEWEST:
            return False
        if self.reward and found.is_steady and all(map(found.is_clear_of, self.reward)):
            return True
        is_narrow = found.state is not State.UNSTABLE and found.half_width <= self.half_width
        if launches >= LAUNCHES and is_narrow:
            return True
        time_s = self.budget_s
        if launches < LAUNCHES:
            time_s = max(time_s, self.patience_s)
        return launches >= MOST or passed_s + launch_s > time_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything that timing one case needs."""

    problem: Problem
    case: Case
    arguments: tuple[Argument, ...]
    oracle: Oracle
    expected: Expected  # of an untimed draw: the bounds of the timed ones
    open_candidate: Open
    open_null: Open  # the judge's own empty kernel, in a runner of the candidate's kind
    baseline: Baseline
    call_s: float
    threads: int
    stop: Stop
    own: bool  # arms stay awake between their turns

    def pool(self, windows: int) -> Pool:
        return Pool(self.problem, self.case, self.arguments, windows, self.oracle.module)


def kinds_of(work: Work) -> tuple[Kind, ...]:
    """The three arms; candidate first. The baselines share one null constant."""
    baseline = work.baseline
    baseline_null = null_turn(baseline.open_null, work.call_s, own=work.own)
    candidate = Kind(
        name="candidate",
        open=work.open_candidate,
        null=null_turn(work.open_null, work.call_s, own=work.own),
        is_baseline=False,
        returns=False,
    )
    baselines = (
        Kind(
            name=name,
            open=baseline.open,
            null=baseline_null,
            is_baseline=True,
            returns=baseline.returns,
        )
        for name in ("baseline", "again")
    )
    return (candidate, *baselines)


class Stage(ExitStack):
    """The arms of one launch with the inputs that all of them map."""

    def __init__(self, work: Work, kinds: tuple[Kind, ...], nursery: int, batch: int) -> None:
        super().__init__()
        self.batch = batch
        places, size = lay_out(work.arguments, Role.INPUT, windows=batch)
        self.inputs = self.enter_context(Memory(places, size, sealed=True))
        self.inputs.poison()  # in the gaps it stays
        heap = HEAP_BYTES + 2 * sum(a.nbytes for a in work.arguments)
        results = sum(a.nbytes for a in work.arguments if a.role.is_written)
        shuffled = list(kinds)
        _shuffle(shuffled)
        try:
            self._arms = {
                kind.name: Arm(
                    kind,
                    work.arguments,
                    self.inputs,
                    batch,
                    nursery=nursery,
                    # of one that returns them, all results of a batch are held at once
                    heap_bytes=min(heap + results * (batch + 1 if kind.returns else 1), 2 << 30),
                    timeout_s=work.call_s + (20 * MAX_ROUND_NS / 1e9 if batch > 1 else 0.0),
                    own=work.own,
                    stack=self,
                )
                for kind in shuffled
            }
        except (Lost, HarnessError, UserError):
            self.close()
            raise

    @property
    def candidate(self) -> Arm:
        return self._arms["candidate"]

    @property
    def baseline(self) -> Arm:
        return self._arms["baseline"]

    @property
    def arms(self) -> list[Arm]:
        """All of them, in an order that nobody knows."""
        arms = list(self._arms.values())
        _shuffle(arms)
        return arms
