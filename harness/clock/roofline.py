"""
Where a time stands below what this machine can do. Pure functions; nothing is measured in here.

The limit of a call is the highest of its roofs:

    operations    the problem's `flops`, at the peak of the quickest type among its tensors
    bytes         the problem's `bytes`: what nearer caches cannot have held comes from further away

The windows of a sample lie in memory together, so they share the caches. A roof is made of the
highest figures ever seen, and of what favours the kernel wherever that is open: any mixture of
reads and writes, every cache full of the right data, threads standing where caches are largest.

A limit is what formulas say. A time below it is no proof of anything: Winograd's convolution needs
fewer operations than are counted, a gather reads less than its table. Only what nobody gets around
condemns (`bytes_needed`), and only a whole window of the clock, nothing taken off, at a rate that
is HEADROOM times the highest ever seen. In between it is `unstable`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from harness.clock.statistics import half_width
from harness.problem.shapes import arguments_of, bytes_needed, bytes_of, flops_of
from harness.records import (
    MEMORY,
    Case,
    Fell,
    Problem,
    Role,
    Roof,
    Roofline,
    Roofs,
    State,
    Timing,
    Verdict,
)

# How much more than it ever showed a machine is believed to have: it may have been measured while
# its clock was slow or its neighbours loud, and no spread tells. Who does nothing in the window is
# beyond this by far.
TOO_QUICK = "it was quicker than anything was ever moved here"
HEADROOM = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one call has to do."""

    flops: int | None  # by the problem's formula
    bytes: int  # by its formula, or every input once and every output once
    needed: int  # bytes that nobody gets around
    dtypes: frozenset[str]  # of all its tensors of floats


def demand_of(problem: Problem, case: Case, dtype: str) -> Demand:
    arguments = arguments_of(problem, case, dtype)
    return Demand(
        flops=flops_of(problem, case),
        bytes=bytes_of(problem, case, dtype),
        needed=bytes_needed(problem, case, dtype),
        dtypes=frozenset(
            a.dtype.name for a in arguments if a.role is not Role.SCALAR and a.dtype.is_float
        ),
    )


def placed(timing: Timing, demand: Demand, roofs: Roofs | None, threads: int) -> Timing | Fell:
    """A timing with its roofline; unstable where it is too good, and a fall where impossible."""
    timing = replace(timing, roofline=roofline_of(timing, demand, roofs, threads))
    floor = timing.roofline.floor if timing.roofline else None
    if floor is None or not timing.beats_floor:
        return timing
    least_s = floor.seconds * (1.0 - floor.spread) / HEADROOM
    window_s = _window_s(timing)
    if window_s >= least_s:
        return replace(timing, state=State.UNSTABLE, steady=False, why=TOO_QUICK)
    crew = f"{threads} thread{'s' * (threads > 1)}"
    return Fell(
        verdict=Verdict.RULES_VIOLATION,
        reason="below_limit",
        message=f"a call took {_ms(window_s)}, the clock's own time included, and has"
        f" {demand.needed / 1e6:.3g} MB to move: at the highest rate that {crew} ever had here,"
        f" {floor.rate / 1e9:.3g} GB/s ({floor.name}), that takes {_ms(floor.seconds)}, and at"
        f" {HEADROOM:g} times that still {_ms(least_s)}",
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"


def roofline_of(timing: Timing, demand: Demand, roofs: Roofs | None, threads: int) -> Roofline:
    seconds = timing.candidate_ms / 1e3
    flops = demand.flops
    roofline = Roofline(
        flops=flops,
        bytes=demand.bytes,
        flops_s=None if flops is None else flops / seconds,
        bytes_s=demand.bytes / seconds,
        intensity=None if flops is None or demand.bytes == 0 else flops / demand.bytes,
    )
    if roofs is None:
        return roofline
    both = (
        compute_roof(roofs, threads, demand.dtypes, flops or 0),
        memory_roof(roofs, threads, demand.bytes, timing.batch),
    )
    limit = _highest(roof for roof in both if roof is not None)
    return replace(
        roofline,
        limit=limit,
        fraction=None if limit is None else limit.seconds / seconds,
        floor=memory_roof(roofs, threads, demand.needed, timing.batch),
    )


def memory_roof(roofs: Roofs, threads: int, nbytes: int, windows: int) -> Roof | None:
    """The least time of a call that moves so much, where so many calls' data lie together."""
    return _highest(_levels(roofs, threads, nbytes, windows))


def _levels(roofs: Roofs, threads: int, nbytes: int, windows: int) -> Iterator[Roof]:
    """What no nearer cache can have held, at the rate of the next; they may all move at once."""
    held = 0
    names = [*(cache.name for cache in roofs.caches), MEMORY]
    for depth, name in enumerate(names):
        beyond = nbytes * windows - held
        if beyond <= 0:
            return
        if depth < len(roofs.caches):
            held += roofs.caches[depth].held_bytes(threads)
        if found := rate_of(roofs, threads, tuple(names[depth:])):
            rate, spread = found
            yield Roof(name=name, seconds=beyond / rate / windows, rate=rate, spread=spread)


def rate_of(roofs: Roofs, threads: int, places: tuple[str, ...]) -> tuple[float, float] | None:
    """
    The highest rate and its spread, in the nearest of these places: whatever the pattern. Further
    away, or with fewer threads, it cannot really be higher; where it was seen to be, it counts.
    """
    allowed = _enough(threads, {each.threads for each in roofs.bandwidths})
    seen = [
        (each.bytes_s, each.spread)
        for each in roofs.bandwidths
        if each.where in places and each.threads <= allowed
    ]
    return max(seen, default=None)


def compute_roof(roofs: Roofs, threads: int, dtypes: frozenset[str], flops: int) -> Roof | None:
    """The least time of so many operations, in the quickest of these types."""
    allowed = _enough(threads, {peak.threads for peak in roofs.peaks})
    return min(
        (
            Roof(name=dtype, seconds=flops / rate, rate=rate, spread=peak.spread)
            for peak in roofs.peaks
            if peak.threads <= allowed
            for dtype in dtypes
            if (rate := peak.flops_s * _factor(roofs, dtype, peak.dtype)) and flops
        ),
        key=lambda roof: roof.seconds,
        default=None,
    )


def _factor(roofs: Roofs, dtype: str, measured: str) -> int:
    """Half precision has a peak of its own only where the processor computes in it."""
    if dtype == measured:
        return 1
    return roofs.half_factor if dtype in {"float16", "bfloat16"} and measured == "float32" else 0


def _enough(threads: int, measured: set[int]) -> int:
    """The next number of threads that was measured: what more of them can do, fewer cannot top."""
    return min((n for n in measured if n >= threads), default=max(measured, default=0))


def _highest(found: Iterator[Roof]) -> Roof | None:
    return max(found, key=lambda roof: roof.seconds, default=None)


def _window_s(timing: Timing) -> float:
    """The interval's slow end of a call on the wall, with all that the clock itself takes."""
    windows = [
        [round_.candidate_ns * timing.batch + timing.null_ns for round_ in launch.rounds]
        for launch in timing.launches
    ]
    values = np.log([np.median(window) for window in windows])
    return math.exp(float(values.mean()) + half_width(values)) / timing.batch / 1e9
