"""Grades that `--json` wrote, read again: as much of them as scores and pictures need."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.clock.scores import Answer
from harness.errors import UserError
from harness.records import Clock, Launch, Score, State, Verdict
from harness.report.document import SCHEMA
from harness.report.reading import Misread, as_record, load_document

SHOWN = 20  # faults at once
OTHERS = {"scores", "machine"}  # what else `--json` writes, and leaves in the same folder
WIDEST = 1e20  # what has a logarithm, and so has its quotient; nothing real comes near

# the names of fields are those of the document; it holds more than is read here


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProblem:
    slug: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSubmission:
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDevice:
    name: str
    ranking_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPolicy:
    baseline: str
    against: str | None
    own: bool
    threads: int
    case: str | None
    tier: str | None
    seed: str | None
    against_sha256: str | None = None  # also of what was written before it was kept


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTiming:
    """What a picture shows of a `Timing`."""

    case: str
    baseline: str
    state: State
    speedup: float
    ci_low: float
    ci_high: float
    aa: float
    batch: int
    clock: Clock
    launches: tuple[Launch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrade:
    problem: StoredProblem
    submission: StoredSubmission
    dtype: str
    device: StoredDevice
    policy: StoredPolicy
    verdict: Verdict
    score: Score
    timing: tuple[StoredTiming, ...]

    @property
    def answer(self) -> Answer:
        return Answer(problem=self.problem.slug, verdict=self.verdict, score=self.score)

    @property
    def conditions(self) -> str:
        """What must be alike for two speedups to be compared."""
        policy = self.policy
        against = policy.against or policy.baseline
        if policy.against_sha256 is not None:  # a path says nothing of what stood there
            against = f"submission {policy.against_sha256}"
        own = ", not frozen between turns" if policy.own else ""
        return f"{self.device.ranking_class}; {self.dtype}; against {against}{own}"


class _Other(UserError):  # noqa: N818 — it says what the document is
    pass


def read_grade(path: Path) -> StoredGrade:
    """One document, or an error that says what is wrong with it, and where."""
    document = load_document(path)
    schema = document.get("schema")
    kind = schema.partition("/")[0] if isinstance(schema, str) else ""
    if not isinstance(schema, str) or kind != "grade":
        fault = _Other if kind in OTHERS else UserError
        raise fault(f"{path}: not a grade that --json wrote")
    if schema != SCHEMA:
        raise UserError(f"{path}: a document of {schema}; this reads {SCHEMA}")
    try:
        stored = as_record(StoredGrade, document)
        _require_sense(stored)
    except Misread as error:
        raise UserError(f"{path}: {error}") from error
    return stored


def _require_sense(stored: StoredGrade) -> None:
    """Numbers of which logarithms can be taken; intervals that hold what they are about."""
    score = stored.score
    parts = score.speedup, score.ci_low, score.ci_high, score.state
    if any(part is None for part in parts) and parts != (None,) * 4:
        raise Misread("score", "has a part of a speedup only")
    if score.speedup is not None and score.ci_low is not None and score.ci_high is not None:
        _require_interval("score", score.ci_low, score.speedup, score.ci_high)
    for number, timing in enumerate(stored.timing):
        where = f"timing[{number}]"
        _require_interval(where, timing.ci_low, timing.speedup, timing.ci_high)
        if not 1 / WIDEST < timing.aa < WIDEST or not timing.launches:
            raise Misread(where, "holds no measurement")
        for place, launch in enumerate(timing.launches):
            times = [
                ns
                for one in launch.rounds
                for ns in (one.candidate_ns, one.baseline_ns, one.again_ns)
                + (one.processor_ns or ())
            ]
            if not times or not all(1 / WIDEST < ns < WIDEST for ns in times):
                raise Misread(f"{where}.launches[{place}]", "holds no times, or none above 0")


def _require_interval(where: str, low: float, middle: float, high: float) -> None:
    if not 1 / WIDEST < low <= middle <= high < WIDEST:
        raise Misread(where, "has an interval that does not hold its speedup")


def read_grades(paths: Sequence[Path]) -> tuple[tuple[Path, StoredGrade], ...]:
    """Of files, and of folders' grades; all that is wrong with any of them is one error."""
    faults: list[str] = []
    found: list[tuple[Path, StoredGrade]] = []
    for path in _files(paths, faults):
        try:
            found.append((path, read_grade(path)))
        except _Other as error:
            if path in paths:  # else it was only found beside grades
                faults.append(str(error))
        except UserError as error:
            faults.append(str(error))
    if not found and not faults:
        faults.append(f"{', '.join(map(str, paths))}: no grade in there")
    faults += _clashes(found)
    if faults:
        left_out = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        raise UserError("\n".join(faults[:SHOWN] + left_out))
    return tuple(found)


def _files(paths: Iterable[Path], faults: list[str]) -> list[Path]:
    files: dict[Path, Path] = {}  # none is read twice, however it was named
    for path in paths:
        try:
            inside = sorted(path.rglob("*.json")) if path.is_dir() else [path]
            if not inside:
                faults.append(f"{path}: no *.json in this folder")
            for each in inside:
                files.setdefault(each.resolve(), each)
        except (OSError, RuntimeError) as error:  # a folder one may not enter; a link to itself
            faults.append(f"{path}: cannot be read: {getattr(error, 'strerror', error)}")
    return list(files.values())


def _clashes(found: Sequence[tuple[Path, StoredGrade]]) -> Iterable[str]:
    """What would make a table of these a lie."""
    problems: dict[str, tuple[Path, str]] = {}
    graded: dict[tuple[str, ...], Path] = {}
    for path, grade in found:
        policy, slug = grade.policy, grade.problem.slug
        if policy.case or policy.tier or policy.seed:
            yield f"{path}: a grade of some cases only (--case, --tier, --seed)"
        first, sha256 = problems.setdefault(slug, (path, grade.problem.sha256))
        if sha256 != grade.problem.sha256:
            yield f"{path}: another version of the problem {slug} than in {first}"
        key = slug, grade.submission.sha256, grade.conditions
        if graded.setdefault(key, path) != path:
            yield f"{path}: the same submission to {slug} as in {graded[key]}, graded again"
