"""What a problem file was proved to be."""

from dataclasses import dataclass
from enum import StrEnum

from harness.records.asked import Problem


class Outcome(StrEnum):
    OK = "ok"
    FAULT = "fault"  # must be mended
    NOTE = "note"  # worth a look
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one look at a problem gave: a line of words, and where there is more, the rest."""

    about: str
    outcome: Outcome
    words: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    name: str  # as the problem was asked for
    problem: Problem | None  # None: it could not be read
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        return all(finding.outcome is not Outcome.FAULT for finding in self.findings)
