"""What a machine can do at most, where a timed case stands below that, and what memory it takes."""

from dataclasses import dataclass

MEMORY = "memory"  # what lies beyond the last cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """All caches of one level that the usable cores have."""

    level: int
    size_bytes: int  # of one: of the largest, where cores differ
    instances: int  # so many of them, each shared by its cores

    @property
    def name(self) -> str:
        return f"L{self.level}"

    def held_bytes(self, threads: int) -> int:
        """What so many threads have of it at most: each stands wherever suits it best."""
        return self.size_bytes * min(threads, self.instances)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth:
    """Bytes read and written a second, by so many threads, of data that lies there."""

    where: str  # "L1", "L2", …, or MEMORY
    pattern: str  # "read", "write", "copy", or "add": two read, one written
    threads: int
    bytes_s: float
    spread: float  # by what part of it the best round was ahead of all others


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Operations a second; a fused multiply and add is two."""

    dtype: str
    threads: int
    flops_s: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Roofs:
    """The highest figures that one machine ever showed."""

    fingerprint: str
    facts: tuple[tuple[str, str], ...]  # that the fingerprint is made of
    caches: tuple[Cache, ...]  # the nearest first
    bandwidths: tuple[Bandwidth, ...]
    peaks: tuple[Peak, ...]
    half_factor: int  # how many times float32's peak half precision may reach
    rounds: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Roof:
    """One thing that a call cannot be quicker than, as far as was ever seen."""

    name: str  # "float32", "L2", "memory", …
    seconds: float  # of one call
    rate: float  # bytes or operations a second, that it comes from
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Roofline:
    """What one call has to do, how fast it was done, and what is in its way."""

    flops: int | None  # None: the problem has no formula
    bytes: int
    flops_s: float | None
    bytes_s: float
    intensity: float | None  # operations a byte
    limit: Roof | None = None  # by the problem's formulas; None: this machine was not measured
    fraction: float | None = None  # of the limit that was reached
    floor: Roof | None = None  # by what nobody gets around; None also where that is nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Memory of a kernel beyond the buffers that it is lent."""

    kept_bytes: int  # also between calls
    call_bytes: int  # at most above that, within a call

    @property
    def extra_bytes(self) -> int:
        return self.kept_bytes + self.call_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprints:
    """What one case takes."""

    buffers_bytes: int  # inputs and outputs
    candidate: Footprint
    baseline: Footprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What else went on while a case was timed; None for what the machine does not tell."""

    load: tuple[float, float]  # of the last minute, when it began and when it ended
    stolen: float | None  # the share of all processors' time that the host gave to others
    mhz: tuple[float, float] | None  # the slowest and the quickest core that was seen
    throttled: int | None  # times that a core was too hot
