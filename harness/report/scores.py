"""Scores over problems, for the terminal and as JSON."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from harness.clock.scores import Totals
from harness.report.harmless import on_one_line
from harness.report.stored import StoredGrade
from harness.report.tables import table_of
from harness.report.terminal import STYLES, speedup_cells

SCHEMA = "scores/1"
LONGEST = 30  # letters of a problem's name


def scores_document(
    grades: Sequence[StoredGrade], totals: Totals, speedups: Sequence[float]
) -> dict[str, Any]:
    mean = totals.mean
    return {
        "schema": SCHEMA,
        "conditions": _conditions(grades),
        "problems": [
            {"slug": slug, "submissions": [_submission(grade, speedups) for grade in group]}
            for slug, group in _by_problem(grades)
        ],
        "totals": {
            "problems": totals.problems,
            "submissions": totals.answers,
            "passed": totals.passed,
            "not_gradable": totals.not_gradable,
            "timed": totals.timed,
            "unstable": totals.unstable,
            "exceeding": [
                {"speedup": speedup, "share": share} for speedup, share in totals.exceeding
            ],
            "speedup": None if mean is None else mean.speedup,
            "ci_low": None if mean is None else mean.ci_low,
            "ci_high": None if mean is None else mean.ci_high,
        },
    }


def _submission(grade: StoredGrade, speedups: Sequence[float]) -> dict[str, Any]:
    answer, score = grade.answer, grade.score
    return {
        "path": grade.submission.path,
        "sha256": grade.submission.sha256,
        "verdict": str(grade.verdict),
        "passed": answer.is_right,
        "speedup": score.speedup,
        "ci_low": score.ci_low,
        "ci_high": score.ci_high,
        "state": str(score.state) if score.state else None,
        "exceeds": [speedup for speedup in speedups if answer.exceeds(speedup)],
    }


def _by_problem(grades: Sequence[StoredGrade]) -> list[tuple[str, list[StoredGrade]]]:
    def slug_of(grade: StoredGrade) -> str:
        return grade.problem.slug

    return [(slug, list(group)) for slug, group in groupby(sorted(grades, key=slug_of), slug_of)]


def _conditions(grades: Sequence[StoredGrade]) -> list[str]:
    """Under which something was timed."""
    return sorted({grade.conditions for grade in grades if grade.answer.measured})


# ---- the terminal -------------------------------------------------------------------------------


def render_scores(grades: Sequence[StoredGrade], totals: Totals) -> Iterator[RenderableType]:
    yield _problems(grades)
    yield Text()
    yield _shares(totals)
    yield Text()
    yield _mean(totals)
    yield Text("\n".join(_remarks(totals, _conditions(grades))), "dim")


def _problems(grades: Sequence[StoredGrade]) -> Table:
    table = table_of("problem", "verdict", "speedup", "95 % interval", "state")
    table.columns[0].max_width = LONGEST
    for slug, group in _by_problem(grades):
        if len(group) == 1:
            table.add_row(on_one_line(slug), *_cells(group[0]))
            continue
        table.add_row(on_one_line(slug))
        for grade in group:
            name = on_one_line(PurePath(grade.submission.path).name)
            table.add_row(f"  {grade.submission.sha256[:6]} {name}", *_cells(grade))
    return table


def _cells(grade: StoredGrade) -> tuple[Text | str, ...]:
    verdict = Text(str(grade.verdict), STYLES.get(grade.verdict, "red"))
    mean, state = grade.answer.measured, grade.score.state
    if mean is None or state is None:
        return verdict, "-", "-", "-"
    return verdict, *speedup_cells(mean.speedup, mean.ci_low, mean.ci_high, state)


def _shares(totals: Totals) -> Table:
    table = table_of(_counted(totals), "share")
    table.columns[0].max_width = LONGEST
    table.add_row("passed", _percent(totals.passed))
    if totals.not_gradable:
        table.add_row("not gradable: nothing tried", _percent(totals.not_gradable))
    for speedup, share in totals.exceeding:
        table.add_row(f"faster than {speedup:g}x", _percent(share))
    table.add_row("unstable", _percent(totals.unstable))
    if totals.timed < totals.passed:
        table.add_row("passed, and was not timed", _percent(totals.passed - totals.timed))
    return table


def _counted(totals: Totals) -> str:
    problems = f"{totals.problems} problem{'s' * (totals.problems > 1)}"
    several = totals.answers > totals.problems
    return f"{problems}, {totals.answers} submissions" if several else problems


def _mean(totals: Totals) -> Text:
    mean = totals.mean
    if mean is None:
        return Text("no geometric mean: nothing was right and timed")
    return Text(
        f"geometric mean {mean.speedup:.2f}x, 95 % interval {mean.ci_low:.2f} -"
        f" {mean.ci_high:.2f}, of {_percent(totals.timed)} right and timed"
    )


def _remarks(totals: Totals, conditions: Sequence[str]) -> Iterator[str]:
    if totals.timed < 1:
        yield "what failed or was not timed is in no mean: it does not count as 1.0x"
    yield "faster than: right, stable, and the lower end of its interval above that"
    if totals.answers > totals.problems:
        yield "a problem with several submissions counts once, by the share of those"
    if len(conditions) > 1:
        yield "not all was measured alike:"
        yield from (f"  {on_one_line(each)}" for each in conditions)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
