"""What else went on while a case was timed: told beside every timing, and nothing is made of it."""

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.records import Conditions

PROCESSORS = Path("/sys/devices/system/cpu")
_STAT = Path("/proc/stat")
_STOLEN = 7  # which number of the first line of /proc/stat the host took
_GUESTS = 8  # from here on, times that were counted before


def watch(
    processors: Path = PROCESSORS, stat: Path = _STAT, load: Callable[[], float] | None = None
) -> Callable[[], Conditions]:
    """Begin to watch; what is returned ends it, and tells."""
    asked = load or _load
    cores = sorted(os.sched_getaffinity(0))
    before, times, throttled = asked(), _times(stat), _throttled(processors, cores)
    mhz = _mhz(processors, cores)

    def conditions() -> Conditions:
        frequencies = (*mhz, *_mhz(processors, cores))
        return Conditions(
            load=(before, asked()),
            stolen=_stolen(times, _times(stat)),
            mhz=(min(frequencies), max(frequencies)) if frequencies else None,
            throttled=_more(throttled, _throttled(processors, cores)),
        )

    return conditions


def _load() -> float:
    return os.getloadavg()[0]


def _times(stat: Path) -> list[int]:
    """What all processors did so far, by what it was; nothing where nobody tells."""
    with contextlib.suppress(OSError, ValueError):
        return [int(word) for word in stat.read_text().splitlines()[0].split()[1 : _GUESTS + 1]]
    return []


def _stolen(before: list[int], after: list[int]) -> float | None:
    """The share of all processors' time that the host gave to other machines."""
    spent = [end - begin for begin, end in zip(before, after, strict=False)]
    total = sum(spent)
    return spent[_STOLEN] / total if len(spent) > _STOLEN and total > 0 else None


def _mhz(processors: Path, cores: Iterable[int]) -> tuple[float, ...]:
    """How fast each core runs now, where the machine lets it be read."""
    found = _numbers(processors / f"cpu{core}" / "cpufreq" / "scaling_cur_freq" for core in cores)
    return tuple(kilohertz / 1e3 for kilohertz in found)


def _throttled(processors: Path, cores: Iterable[int]) -> int | None:
    """How often a core was too hot so far; None where nobody counts."""
    folder = "thermal_throttle"
    found = _numbers(processors / f"cpu{core}" / folder / "core_throttle_count" for core in cores)
    return sum(found) if found else None


def _more(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _numbers(files: Iterable[Path]) -> list[int]:
    found = []
    for file in files:
        with contextlib.suppress(OSError, ValueError):
            found.append(int(file.read_text()))
    return found
