"""What timing one case needs: who is timed against whom; the arms of a launch, side by side."""

import secrets
from contextlib import ExitStack
from dataclasses import dataclass, replace

from harness.arena.memory import Memory, lay_out
from harness.clock.arms import WARM_CALLS, Arm, Kind, Lost, Open, null_turn
from harness.clock.baselines import Baseline
from harness.clock.pool import Pool
from harness.errors import HarnessError, UserError
from harness.oracle.expect import Oracle
from harness.oracle.judge import Expected
from harness.records import Argument, Case, Problem, Role

MAX_ROUND_NS = 250e6
HEAP_BYTES = 8 << 20  # beside the results: what libraries keep for themselves
LAUNCHES = 5
PATIENCE_S = 30.0

_shuffle = secrets.SystemRandom().shuffle


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When timing ends: a value, not a habit."""

    budget_s: float
    deadline: float  # of the whole grade, on the monotonic clock
    launches: int = LAUNCHES
    min_rounds: int = 4  # of a launch, whatever the budget says
    max_rounds: int = 60

    def fitted(self, slowest_s: float) -> "Stop":
        """Fewer launches and rounds where the least of them would take far beyond the budget."""
        least_s = slowest_s * 3 * self.launches * (WARM_CALLS + self.min_rounds)
        if least_s <= max(2 * self.budget_s, PATIENCE_S):
            return self
        return replace(self, launches=3, min_rounds=1)


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

    def pool(self, windows: int) -> Pool:
        return Pool(self.problem, self.case, self.arguments, windows, self.oracle.module)


def kinds_of(work: Work) -> tuple[Kind, ...]:
    """The three arms; candidate first. The baselines share one null constant."""
    baseline = work.baseline
    baseline_null = null_turn(baseline.open_null, work.call_s)
    candidate = Kind(
        name="candidate",
        open=work.open_candidate,
        null=null_turn(work.open_null, work.call_s),
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
        results = sum(a.nbytes for a in work.arguments if a.role.is_written)
        heap = HEAP_BYTES + (batch + 1) * results + 2 * sum(a.nbytes for a in work.arguments)
        shuffled = list(kinds)
        _shuffle(shuffled)
        try:
            arms = {
                kind.name: Arm(
                    kind,
                    work.arguments,
                    self.inputs,
                    batch,
                    nursery=nursery,
                    heap_bytes=min(heap, 2 << 30),
                    timeout_s=work.call_s + (20 * MAX_ROUND_NS / 1e9 if batch > 1 else 0.0),
                    stack=self,
                )
                for kind in shuffled
            }
        except (Lost, HarnessError, UserError):
            self.close()
            raise
        self.candidate, self.baseline, self.again = (arms[kind.name] for kind in kinds)

    @property
    def arms(self) -> list[Arm]:
        """All of them, in an order that nobody knows."""
        arms = [self.candidate, self.baseline, self.again]
        _shuffle(arms)
        return arms
