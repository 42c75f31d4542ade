"""What is found while a kernel's programs run: the first thing that is wrong, in words."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    RACE = "race"
    BOUNDS = "out_of_bounds"
    FEATURE = "feature"  # nothing is wrong: it cannot be emulated


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    kind: Kind
    words: str  # one line


class Unsupported(BaseException):
    """What a GPU can do and the emulation cannot. No stranger's `except Exception` is meant."""

    def __init__(self, feature: str) -> None:
        super().__init__(feature)
        self.finding = Finding(kind=Kind.FEATURE, words=f"{feature} cannot be graded without a GPU")


class Findings:
    """The first of all; a kernel runs on after it, so that nothing hangs upon a catch."""

    def __init__(self) -> None:
        self._first: Finding | None = None

    def add(self, kind: Kind, words: str) -> None:
        if self._first is None:
            self._first = Finding(kind=kind, words=" ".join(words.split()))

    def first(self) -> Finding | None:
        return self._first

    def forget(self) -> None:
        self._first = None


class Found(BaseException):
    """A call ended with a finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.words)
        self.finding = finding
