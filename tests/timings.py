"""A timing to begin with: what a test is about it changes with `dataclasses.replace`."""

from harness.records import Clock, State, Timing

SOME = Timing(
    case="some",
    baseline="eager",
    state=State.TIE,
    steady=True,
    speedup=1.0,
    ci_low=1.0,
    ci_high=1.0,
    aa=1.0,
    candidate_ms=1.0,
    baseline_ms=1.0,
    batch=1,
    null_ns=0.0,
    clock=Clock.WALL,
    launches=(),
)
