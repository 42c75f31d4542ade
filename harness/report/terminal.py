"""
A grade for the terminal: what a person wants to know, within 80 columns.

Parts come in order. A plain string is to be printed as it is, unwrapped: it is there to be pasted,
or was written by somebody else.
"""

import shlex
import statistics
from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.problem.catalogue import BUNDLED
from harness.records import (
    CaseResult,
    Device,
    Grade,
    Language,
    Policy,
    State,
    Tier,
    Timing,
    Verdict,
)
from harness.report.footprint import render_footprints
from harness.report.gate import render_gate
from harness.report.harmless import on_one_line
from harness.report.opponents import opponent_of, render_copies, render_ways
from harness.report.roofline import render_rooflines
from harness.report.tables import milliseconds, table_of
from harness.sandbox.box import printable

STYLES = {
    Verdict.ACCEPTED: "bold green",
    Verdict.NOT_GRADABLE: "bold yellow",
    State.FASTER: "green",
    State.SLOWER: "red",
    State.TIE: "",
    State.UNSTABLE: "yellow",
}
LOG_LINES = 20
LINE_SHOWN = 300


def render_grade(grade: Grade, *, verbose: bool = False) -> Iterator[RenderableType]:
    yield _headline(grade)
    if grade.cases:
        yield Padding(_cases(grade.cases, verbose=verbose), (1, 0, 0, 0), expand=False)
    if grade.gate is not None:
        yield Padding(render_gate(grade.gate), (1, 0, 0, 0), expand=False)
    yield from _trouble(grade)
    if grade.timing:
        yield Padding(_timings(grade), (1, 0, 0, 0), expand=False)
        yield from render_ways(grade.timing)
        if verbose and grade.submission.language is Language.PYTHON:
            yield from render_copies(grade.timing)
        yield from _unstable(grade)
        yield Text()
    if grade.policy.reward:
        yield _reward(grade)
    if grade.timing:
        yield from render_rooflines(grade.timing)
        yield from render_footprints(grade.timing)
    yield _footer(grade, verbose=verbose)


def _headline(grade: Grade) -> Text:
    threads = f"{grade.machine.threads} thread{'s' if grade.machine.threads > 1 else ''}"
    if grade.machine.kind == Device.EMULATED:
        threads = "emulated"
    flags = f", {' '.join(grade.submission.flags)}" if grade.submission.flags else ""
    return Text.assemble(
        (str(grade.verdict), STYLES.get(grade.verdict, "bold red")),
        f"  {on_one_line(grade.submission.path.name)} on {grade.problem.slug}\n",
        (f"{grade.dtype}, {threads}, {grade.machine.name}{flags}", "dim"),
    )


def _cases(results: tuple[CaseResult, ...], *, verbose: bool) -> Table:
    table = table_of("case", "verdict", "elements", "max error", "allowed")
    if verbose:
        for result in results:
            table.add_row(result.name, *_case_cells(result, str(result.verdict)))
        return table
    for tier in Tier:
        group = [result for result in results if result.tier is tier]
        if not group:
            continue
        passed = sum(result.verdict is Verdict.ACCEPTED for result in group)
        worst = max(group, key=_closeness)
        cells = _case_cells(worst, f"{passed} of {len(group)} accepted")
        table.add_row(f"{tier}", cells[0], f"{sum(r.checked for r in group)}", *cells[2:])
    return table


def _closeness(result: CaseResult) -> float:
    """How near a case came to its bound."""
    if result.max_error is None or not result.allowed:
        return 0.0
    return result.max_error / result.allowed


def _case_cells(result: CaseResult, verdict: str) -> tuple[Text | str, ...]:
    return (
        Text(verdict, STYLES.get(result.verdict, "red")),
        f"{result.checked}",
        _error(result.max_error),
        _error(result.allowed),
    )


def _error(value: float | None) -> str:
    if value is None:
        return "-"
    return "exact" if value == 0.0 else f"{value:.1e}"


def _trouble(grade: Grade) -> Iterator[RenderableType]:
    if grade.verdict is Verdict.ACCEPTED:
        if grade.message:
            yield Text(f"\n{grade.message}")
        return
    reason = f" ({grade.reason})" if grade.reason else ""
    yield Text(f"\n{grade.verdict}{reason}: {printable(grade.message)}")
    failed = next((r for r in grade.cases if r.verdict is Verdict.WRONG_ANSWER), None)
    if failed is not None and failed.seeds:
        yield Text("\nreplay it, with its tensors kept:")
        yield f"  {replay_command(grade, failed)}"
    yield from _log(grade)


def _log(grade: Grade) -> Iterator[RenderableType]:
    """What was printed: of a compiler the beginning, of a run the end."""
    lines = [line[:LINE_SHOWN] for line in printable(grade.log).rstrip().splitlines()]
    if not lines or (len(lines) == 1 and lines[0] in grade.message):
        return
    is_built = any(result.verdict is grade.verdict for result in grade.cases)
    shown = lines[-LOG_LINES:] if is_built else lines[: 2 * LOG_LINES]
    left_out = f", {len(lines) - len(shown)} lines left out" if len(shown) < len(lines) else ""
    yield Text(f"\n{'what it printed' if is_built else 'in full'}{left_out}:", "dim")
    yield "\n".join(f"  {line}" for line in shown)


def replay_command(grade: Grade, failed: CaseResult) -> str:
    """The line to paste that repeats a failure on the same inputs."""
    problem = grade.problem
    is_bundled = problem.path.resolve().parent == BUNDLED.resolve()
    words = [
        "grade", str(grade.submission.path),
        "--problem", problem.slug if is_bundled else str(problem.path),
        "--dtype", grade.dtype, "--case", failed.name, "--seed", failed.seeds[-1],
        "--keep", "kept",
    ]  # fmt: skip
    if grade.policy.compiler != Policy().compiler:
        words += ["--compiler", grade.policy.compiler]
    return printable(shlex.join(words))


def _timings(grade: Grade) -> Table:
    opponent = opponent_of(grade.policy)
    table = table_of("case", "speedup", "95 % interval", "state", "kernel", opponent, "A/A")
    for timing in grade.timing:
        table.add_row(
            timing.case,
            *speedup_cells(timing.speedup, timing.ci_low, timing.ci_high, timing.state),
            milliseconds(timing.candidate_ms),
            milliseconds(timing.baseline_ms),
            f"{timing.aa:.3f}",
        )
    narrow = 100 * statistics.median(timing.half_width for timing in grade.timing)
    took_s = statistics.median(timing.seconds for timing in grade.timing)
    table.caption = (
        f"speedup: a clipped mean of paired ratios; kernel, {opponent}: medians of each\n"
        f"to either side {narrow:.1f} % in {took_s:.1f} s a case"
    )
    table.caption_justify = "left"
    score = grade.score
    if len(grade.timing) > 1 and score.speedup is not None:
        assert score.ci_low is not None
        assert score.ci_high is not None
        assert score.state is not None
        table.add_section()
        table.add_row(
            "geometric mean",
            *speedup_cells(score.speedup, score.ci_low, score.ci_high, score.state),
        )
    return table


def _unstable(grade: Grade) -> Iterator[Text]:
    """Why no number can be given, each reason once."""
    reasons: dict[str, list[str]] = {}
    for timing in grade.timing:
        if timing.why:
            reasons.setdefault(timing.why, []).append(timing.case)
    for why, cases in reasons.items():
        yield Text(f"unstable ({', '.join(cases)}): {why}")


def _reward(grade: Grade) -> Text:
    words = {True: "yes", False: "no", None: "not settled"}
    answers = (f"{speedup:g}x {words[grade.exceeds(speedup)]}" for speedup in grade.policy.reward)
    return Text(f"exceeds {', '.join(answers)}\n")


def speedup_cells(speedup: float, low: float, high: float, state: State) -> tuple[Text | str, ...]:
    return (
        f"{speedup:.3g}x" if speedup >= 100 else f"{speedup:.2f}x",
        f"{low:.2f} - {high:.2f}",
        Text(str(state), STYLES[state]),
    )


def _footer(grade: Grade, *, verbose: bool) -> Text:
    seconds, isolation = grade.seconds, grade.isolation
    stages = (("build", seconds.build), ("check", seconds.check), ("time", seconds.time))
    parts = [f"{name} {took:.2f} s" for name, took in stages if took is not None]
    parts.append(f"in all {seconds.total:.1f} s")
    if isolation.level:
        parts.append(f"sandbox level {isolation.level}, frozen by {isolation.freeze}")
    if grade.policy.own and grade.timing:
        parts.append("timed as one's own, not frozen between turns: never ranked")
    text = Text("\n" + "; ".join(parts), "dim")
    if isolation.missing:
        text.append(f"\n{isolation.missing}")
    if grade.left_running:
        text.append(f"\n{grade.left_running} of its processes were still running at the end")
    if grade.calls:
        text.append(f"\ncalls {', '.join(printable(call) for call in grade.calls)}")
    if verbose:
        for timing in grade.timing:
            text.append(f"\n  {timing.case}: {_conditions(timing)}")
        for item in isolation.properties:
            holds = {True: "yes", False: "no", None: "untested"}[item.holds]
            because = f" ({item.reason})" if item.reason else ""
            text.append(f"\n  {item.name}: {holds}{because}")
    return text


def _conditions(timing: Timing) -> str:
    """What else went on while it was timed."""
    rounds = [r for launch in timing.launches for r in launch.rounds]
    parts = [
        f"{len(timing.launches)} launches, {len(rounds)} rounds, by the {timing.clock}'s clock"
    ]
    if seen := timing.conditions:
        parts.append(f"load {seen.load[0]:.1f} to {seen.load[1]:.1f}")
        if seen.stolen is not None:
            parts.append(f"{100 * seen.stolen:.1f} % taken by the host")
        if seen.mhz is not None:
            parts.append(f"{seen.mhz[0]:.0f} to {seen.mhz[1]:.0f} MHz")
        if seen.throttled:
            parts.append(f"throttled {seen.throttled} times")
    pushed = sum(sum(r.preempted) for r in rounds)
    return "; ".join((*parts, f"put aside {pushed} times"))


def describe_timing(timing: Timing) -> str:
    """One line, while others are still being timed."""
    return f"{timing.case}: {timing.speedup:.2f}x, {timing.state}"
