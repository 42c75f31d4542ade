"""
The highest rates of this machine: planned here, measured by a program of ours in a box.

A limit is no average. Every job is tried for a moment, all jobs in turn, round after round on other
cores, until a whole round has shown nothing higher: so a loud second spoils no figure for good.
What remains open is told as the spread: by how much the best round was ahead of all others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from harness import machine
from harness.build.cpp import build_meter
from harness.build.toolchain import read_artefact
from harness.errors import ToolError
from harness.records import MEMORY, Bandwidth, Cache, Limits, Peak
from harness.sandbox.door import Nursery

# by what is asked for, the ways in which the program tries it; the first needs no memory
OPERATIONS = {
    "float32": ("float32", "float32-narrower"),
    "float64": ("float64", "float64-narrower"),
}
PATTERNS = {
    "read": ("read",),
    "write": ("write", "write-stream", "write-string"),
    "copy": ("copy", "copy-stream", "copy-string"),
    "add": ("add", "add-stream"),
}
JOB_S = 0.03
MIN_ROUNDS, MAX_ROUNDS = 3, 10
GAIN = 1.01  # of any figure; less is no news
BEYOND = 4  # times the last cache: what is found there lies in memory
MAX_SET_BYTES = 4 << 30
_FIGURES_BYTES = 1 << 20
_PAGE = 4096

Figure = tuple[str, str, int]  # where, what, threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    figure: Figure  # that it may raise
    kind: str
    threads: int
    nbytes: int  # of each thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    bandwidths: tuple[Bandwidth, ...]
    peaks: tuple[Peak, ...]
    rounds: int


def source() -> str:
    return resources.files("harness.clock").joinpath("meter.cpp").read_text()


def thread_counts(cores: int) -> tuple[int, ...]:
    """1, 2, 4, … and all."""
    return (*(n for n in (1 << i for i in range(cores.bit_length())) if n < cores), cores)


def jobs_of(caches: Sequence[Cache], cores: int, memory_bytes: int) -> tuple[Job, ...]:
    return tuple(
        job
        for threads in thread_counts(cores)
        for job in (*_operations(threads), *_movements(caches, threads, memory_bytes))
    )


def _operations(threads: int) -> Iterator[Job]:
    for dtype, kinds in OPERATIONS.items():
        for kind in kinds:
            yield Job(figure=("", dtype, threads), kind=kind, threads=threads, nbytes=0)


def _movements(caches: Sequence[Cache], threads: int, memory_bytes: int) -> Iterator[Job]:
    for depth, where in enumerate([*(cache.name for cache in caches), MEMORY]):
        for nbytes in _sets(caches, depth, threads, memory_bytes):
            for pattern, kinds in PATTERNS.items():
                # what goes past the caches is no gain but where they end
                for kind in kinds if depth >= len(caches) - 1 else kinds[:1]:
                    yield Job(
                        figure=(where, pattern, threads), kind=kind, threads=threads, nbytes=nbytes
                    )


def _sets(caches: Sequence[Cache], depth: int, threads: int, memory_bytes: int) -> tuple[int, ...]:
    """Bytes of each thread that lie there: well beyond the nearer caches, well within this one."""
    nearer = caches[depth - 1].held_bytes(threads) if depth else 0
    if depth == len(caches):
        room = min(memory_bytes // 4, MAX_SET_BYTES)
        wanted = [min(BEYOND * nearer, room)]
    else:
        size = caches[depth].held_bytes(threads)
        wanted = [size // 4, size // 2, size * 3 // 4]
        wanted = [each for each in wanted if each >= 2 * nearer] or [max(size, 2 * nearer)]
    return tuple(max(_PAGE, total // threads // _PAGE * _PAGE) for total in wanted)


def measure(
    nursery: Nursery,
    jobs: Sequence[Job],
    *,
    job_s: float = JOB_S,
    max_rounds: int = MAX_ROUNDS,
    tell: Callable[[int], None] = lambda _: None,
) -> Measured:
    """Round after round, until one has shown nothing new."""
    rounds: list[dict[Figure, float]] = []
    while len(rounds) < max_rounds:
        tell(len(rounds) + 1)
        best = _highest(rounds)
        rounds.append(_round(nursery, jobs, job_s, turn=len(rounds)))
        gains = (rate > GAIN * best.get(figure, 0.0) for figure, rate in rounds[-1].items())
        if len(rounds) >= MIN_ROUNDS and not any(gains):
            break
    best = _highest(rounds)
    spreads = {f: 1.0 - sorted(each[f] for each in rounds)[-2] / rate for f, rate in best.items()}
    return Measured(
        bandwidths=tuple(
            Bandwidth(where=f[0], pattern=f[1], threads=f[2], bytes_s=rate, spread=spreads[f])
            for f, rate in best.items()
            if f[0]
        ),
        peaks=tuple(
            Peak(dtype=f[1], threads=f[2], flops_s=rate, spread=spreads[f])
            for f, rate in best.items()
            if not f[0]
        ),
        rounds=len(rounds),
    )


def _highest(rounds: Sequence[Mapping[Figure, float]]) -> dict[Figure, float]:
    return {f: max(each[f] for each in rounds) for f in rounds[0]} if rounds else {}


def _round(nursery: Nursery, jobs: Sequence[Job], job_s: float, turn: int) -> dict[Figure, float]:
    """The best of every figure in one run over all jobs, each on the cores of this turn."""
    program = build_meter(nursery=nursery, source=source())
    plan = "".join(f"{job.kind} {job.threads} {job.nbytes}\n" for job in jobs)
    limits = Limits()
    argv = (str(program), "plan", "figures", str(job_s), str(turn))
    with nursery.bear_program(
        argv, files={"plan": plan.encode()}, reads=[program], limits=limits
    ) as box:
        ended = box.wait(limits.build_s + 10 * job_s * len(jobs))
        if ended is None or ended.code != 0:
            how = "did not end" if ended is None else f"ended with {ended}"
            raise ToolError(f"the measuring program {how}: {box.log.text().strip()}")
        lines = read_artefact(box.scratch / "figures", _FIGURES_BYTES).decode().split()
    found: dict[Figure, float] = {}
    for job, rate in zip(jobs, map(float, lines), strict=True):
        found[job.figure] = max(found.get(job.figure, 0.0), rate)
    return found


def available_bytes() -> int:
    return min(machine.memory_available_bytes(), Limits().memory_bytes)
