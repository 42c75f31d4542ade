"""Whether what was computed beside a baseline, on the same inputs, is right; told as a failure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.arena.memory import Memory, lay_out
from harness.clock.stage import Work
from harness.errors import NoBaseline, ReferenceFailed
from harness.oracle.compare import is_surely_close
from harness.oracle.judge import compare, judge_outputs
from harness.records import Comparison, Fell, Role, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Some windows of inputs, and what two arms made of them."""

    inputs: Memory
    candidate: Memory
    baseline: Memory
    count: int


def disagreement(work: Work, answers: Answers) -> Fell | None:
    """What is wrong with the candidate's; None if nothing is."""
    if overrun := answers.candidate.overrun(answers.count):
        return Fell(verdict=Verdict.RUNTIME_ERROR, reason="out_of_bounds", message=overrun)
    differing = _by_check(work, answers) if work.oracle.module.checks else _apart(work, answers)
    if not differing:
        return None
    return differing[0] if work.baseline.is_reference else _settled(work, answers)


def _settled(work: Work, answers: Answers) -> Fell | None:
    """Who is wrong where they differ: a baseline that is not the reference may be a stranger's."""
    windows: Sequence[int] = range(answers.count)
    if not work.oracle.module.checks:
        # together they may be too far apart where no window is
        windows = [n for n in windows if _apart(work, answers, slice(n, n + 1))] or windows
    for window in windows:
        if fell := untruth(work, answers, window):
            return fell
    for window in windows:
        if fell := _untruth(work, answers.inputs, answers.baseline, window):
            why = f"wrong after it was checked: {fell.message}"
            raise NoBaseline(work.baseline.name, f"case `{work.case.name}`", why)
    return None


def untruth(work: Work, answers: Answers, window: int) -> Fell | None:
    """What is wrong with one window of the candidate's by float64; None if nothing is."""
    return _untruth(work, answers.inputs, answers.candidate, window)


def _untruth(work: Work, shown: Memory, outputs: Memory, window: int) -> Fell | None:
    places, size = lay_out(work.arguments, Role.INPUT)
    with Memory(places, size, sealed=True) as inputs:
        for name in inputs.places:
            inputs.window(name)[...] = shown.window(name, window)
        if _is_surely_true(work, outputs, inputs, window):
            return None
        expected = work.oracle.expect(work.case, work.arguments, inputs)
        if work.oracle.module.checks:
            answer = inputs.arrays(), outputs.arrays(window), expected.truth
            (words,) = work.oracle.module.check(work.arguments, [answer])
            return None if words is None else _refused(words)
    found = judge_outputs(expected, outputs, window)
    return next((_wrong(comparison) for comparison in found if not comparison.ok), None)


def _is_surely_true(work: Work, outputs: Memory, inputs: Memory, window: int) -> bool:
    """Within half of what was allowed of another draw; else this draw's own budget is asked."""
    written = [a for a in work.arguments if a.role.is_written]
    if work.oracle.module.checks or not all(a.dtype.is_float for a in written):
        return False
    truth = work.oracle.run(work.arguments, inputs, "float64")
    for name, bound in work.expected.bounds.items():
        got = outputs.window(name, window)
        # rounding the truth takes less than the other half
        half = replace(bound, max_error=bound.max_error / 2, rms_error=bound.rms_error / 2)
        if not is_surely_close(got, truth[name].astype(got.dtype), half):
            return False
    return True


def _wrong(comparison: Comparison) -> Fell:
    return Fell(verdict=Verdict.WRONG_ANSWER, reason=comparison.reason, message=comparison.story)


def _refused(words: str) -> Fell:
    return Fell(verdict=Verdict.WRONG_ANSWER, reason="check", message=words)


def _apart(work: Work, answers: Answers, windows: slice = slice(None)) -> list[Fell]:
    """Each output against the baseline's, allowing for the baseline's own error; the first."""
    for name, bound in work.expected.bounds.items():
        got = answers.candidate.stacked(name, answers.count)[windows]
        base = answers.baseline.stacked(name, answers.count)[windows]
        # only of the reference it is known by how much; others were within the bounds
        known = work.expected.own_errors if work.baseline.is_reference else {}
        own_max, own_rms = known.get(name, (bound.max_error, bound.rms_error))
        wider = replace(
            bound,
            max_error=bound.max_error + own_max,
            rms_error=bound.rms_error + own_rms,
            # the baseline may be off by as much as the candidate, to the other side
            absolute=None if bound.absolute is None else 2 * bound.absolute,
            relative=None if bound.relative is None else 2 * bound.relative,
        )
        if is_surely_close(got, base, wider):
            continue
        comparison = compare(name, got, base, wider)
        if not comparison.ok:
            return [_wrong(comparison)]
    return []


def _by_check(work: Work, answers: Answers) -> list[Fell]:
    """Every window, by the problem's own check; what it refuses."""
    memories = answers.inputs, answers.candidate, answers.baseline
    shown = [
        (memories[0].arrays(window), memories[1].arrays(window), memories[2].arrays(window))
        for window in range(answers.count)
    ]
    try:
        said = work.oracle.module.check(work.arguments, shown)
    except ReferenceFailed as error:  # over what it was told is right
        if work.baseline.is_reference:
            raise
        said = (str(error),)
    return [_refused(words) for words in said if words is not None]
