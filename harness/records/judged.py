"""What is handed in, what became of it, and how each case was judged."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.records.asked import Tier


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    WRONG_ANSWER = "wrong_answer"
    COMPILE_ERROR = "compile_error"
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    RULES_VIOLATION = "rules_violation"
    INVALID_SUBMISSION = "invalid_submission"
    NOT_GRADABLE = "not_gradable"


class Language(StrEnum):
    CPP = "cpp"
    C = "c"
    CUDA = "cuda"
    PYTHON = "python"


class Device(StrEnum):
    CPU = "cpu"
    CUDA = "cuda"
    EMULATED = "emulated"  # on a CPU what was written for a card: a third thing, never ranked


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    path: Path
    source: bytes
    sha256: str
    language: Language
    problem: str | None = None  # what its own `# grade:` header asks for
    dtype: str | None = None
    device: str | None = None
    flags: tuple[str, ...] = ()  # for its compiler, of those that may be asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    build_s: float = 120.0
    load_s: float = 60.0
    call_s: float = 10.0
    grade_s: float = 1800.0
    memory_bytes: int = 16 << 30  # of each process, and of all together where that can be had
    processes: int = 1024  # threads are counted too
    log_bytes: int = 1 << 20
    file_bytes: int = 1 << 30
    artefact_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    artefact: Path
    entry: Path  # the harness's own typed call of `solution`
    compiler: str
    log: str = ""
    seconds: float = 0.0
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFailed:
    verdict: Verdict
    reason: str
    message: str
    seconds: float = 0.0
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelNeeds:
    """What a kernel takes of a card."""

    name: str
    registers: int  # a thread
    shared_bytes: int  # a block, beside what a launch asks for
    spill_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """That the makers' own compiler takes it for a card; nothing was run there."""

    arch: str
    compiler: str
    kernels: tuple[KernelNeeds, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The runner said done and was frozen; its outputs may be read."""

    window_ns: int  # from the thaw to verified frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Fell:
    """It did not finish: the verdict, a reason in one word, and what can be told."""

    verdict: Verdict
    reason: str
    message: str
    log: str = ""
    at: int = 0  # where in the artefact it crashed, if that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What an output may be off by, relative to |y| + rms(y), unless exact or explicit."""

    max_error: float = 0.0
    rms_error: float = 0.0
    exact: bool = False
    absolute: float | None = None
    relative: float | None = None
    checked: bool = False  # the problem's own `check` decides, and no number


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One output against the truth; every element was looked at."""

    output: str
    count: int
    wrong: int
    max_error: float
    rms_error: float
    bound: Bound
    reason: str = ""
    story: str = ""  # for people: the worst element and where the errors lie

    @property
    def ok(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    name: str
    tier: Tier
    verdict: Verdict
    reason: str = ""
    message: str = ""
    log: str = ""
    planned: int = 0
    checked: int = 0
    max_error: float | None = None
    allowed: float | None = None
    seeds: tuple[str, ...] = ()
    at: int = 0  # where in the artefact it crashed, if that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Said while a grade is under way: what begins now."""

    name: str
    detail: str = ""
