"""The nouns, frozen. Nothing here does anything; everything above speaks in these."""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from harness.dtypes import DType


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


class Role(StrEnum):
    INPUT = "input"
    OUTPUT = "output"
    SCALAR = "scalar"


class Tier(StrEnum):
    SAMPLE = "sample"
    TEST = "test"
    BENCH = "bench"


class Language(StrEnum):
    CPP = "cpp"
    C = "c"
    CUDA = "cuda"
    PYTHON = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in a problem file: where, what, and how to mend it."""

    line: int
    column: int
    what: str
    mend: str = ""

    def render(self, path: str, text: str = "") -> str:
        head = f"{path}:{self.line}:{self.column}: {self.what}"
        lines = text.splitlines()
        if 0 < self.line <= len(lines):
            number = f"{self.line:>5} | "
            # one column a character, whatever it is; and of a long line the part that matters
            source = "".join(c if c.isprintable() else " " for c in lines[self.line - 1])
            begin = max(0, self.column - 100)
            caret = " " * (len(number) + self.column - 1 - begin) + "^"
            head += f"\n{number}{source[begin : begin + 160]}\n{caret}"
        return f"{head}\n      mend: {self.mend}" if self.mend else head


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One parameter of the signature; `dtype` is None where the type is [VAR]."""

    name: str
    dtype: DType | None
    pointer: bool
    const: bool

    @property
    def role(self) -> Role:
        if not self.pointer:
            return Role.SCALAR
        return Role.INPUT if self.const else Role.OUTPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Sizes and a purpose, never tensors: it can be printed, hashed and sent."""

    name: str
    tier: Tier
    device: str  # "any", or the device kind that a bench case is meant for
    scalars: tuple[tuple[str, int | float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What an author declares; every field None means: measured from the reference."""

    exact: bool = False
    reduction: str | None = None  # an expression for K, the number of summed terms
    absolute: float | None = None
    relative: float | None = None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a problem's own Python stands: a module beside it, or a block inside it."""

    path: Path
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    slug: str
    title: str
    difficulty: str
    author: str
    tags: tuple[str, ...]
    params: tuple[Param, ...]
    let: tuple[tuple[str, str], ...]
    shapes: tuple[tuple[str, tuple[str, ...]], ...]
    require: tuple[str, ...]
    dtypes: tuple[str, ...]
    cases: tuple[Case, ...]
    flops: str | None
    bytes: str | None
    tolerance: Tolerance
    precision: str
    inputs: tuple[tuple[str, str], ...]
    allow: tuple[str, ...] | None
    extra: tuple[tuple[str, str], ...]
    body: str
    path: Path
    sha256: str
    reference: Reference | None
    borrowed_from: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A parameter made concrete for one case and dtype."""

    name: str
    role: Role
    dtype: DType
    shape: tuple[int, ...] = ()
    value: int | float | None = None

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.count * self.dtype.size_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    path: Path
    source: bytes
    sha256: str
    language: Language
    problem: str | None = None  # what its own `# grade:` header asks for
    dtype: str | None = None
    device: str | None = None


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


class State(StrEnum):
    FASTER = "faster"
    SLOWER = "slower"
    TIE = "tie"
    UNSTABLE = "unstable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One paired sample: nanoseconds per call of each arm on the same inputs."""

    candidate_ns: float
    baseline_ns: float
    again_ns: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    rounds: tuple[Round, ...]
    quiet: bool = True  # the baseline faulted no page any more when timing began


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    case: str
    baseline: str
    state: State
    speedup: float
    ci_low: float
    ci_high: float
    aa: float
    candidate_ms: float
    baseline_ms: float
    percent_of_limit: float | None
    batch: int
    null_ns: float
    launches: tuple[Launch, ...]


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
    budget_s: float = 10.0  # per bench case
    compiler: str = "g++"
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
    log: str = ""
