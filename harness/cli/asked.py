"""What the options of a grade ask for, as values; and what they cannot ask for, in words."""

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.records import Policy

QUICK, DEFAULT, PRECISE = (3.0, 2.0), (10.0, 1.0), (30.0, 0.5)  # seconds, percent to either side
REWARD = (2.0, 1.0)
SPEEDUPS = "write speedups above 0"


class Finite(click.FloatRange):
    """`nan` is in every range, and is no number to end at."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no finite number", param, ctx)
        return number


def policy_of(asked: dict[str, Any], min_speedup: float | None) -> "Policy":
    from harness.records import Policy, Tier

    if asked["seed"] is not None and asked["case"] is None:
        raise click.UsageError("--seed repeats one draw of a case: name it with --case")
    if asked["keep"] is not None and asked["seed"] is None:
        raise click.UsageError(
            "--keep keeps the tensors of one draw: name it with --case and --seed"
        )
    if asked["case"] is not None and asked["tier"] is not None:
        raise click.UsageError("--case and --tier both choose what to run: give one")
    if asked["quick"] and asked["precise"]:
        raise click.UsageError("--quick or --precise: give one")
    budget_s, percent = _ends(asked)
    if asked["reward"] and asked["no_time"]:
        raise click.UsageError("--reward needs a timing; drop --no-time")
    if asked["against"] is not None and asked["baseline"] != "eager":
        raise click.UsageError("--against takes the place of --baseline: give one")
    if min_speedup is not None and asked["no_time"]:
        raise click.UsageError("--min-speedup needs a timing; drop --no-time")
    return Policy(
        dtype=asked["dtype"],
        device=asked["device"],
        case=asked["case"],
        tier=Tier(asked["tier"]) if asked["tier"] else None,
        seed=asked["seed"],
        keep=asked["keep"],
        time=not asked["no_time"],
        threads=asked["threads"],
        budget_s=budget_s,
        half_width=percent / 100,
        reward=asked["reward"],
        own=asked["own"],
        baseline=asked["baseline"],
        against=asked["against"],
        compiler=asked["compiler"],
        arch=asked["arch"],
        isolation=asked["isolation"],
    )


def _ends(asked: dict[str, Any]) -> tuple[float, float]:
    """After so many seconds, or when the interval is so many percent narrow."""
    seconds, percent = REWARD if asked["reward"] else DEFAULT
    if asked["quick"] or asked["precise"]:
        seconds, percent = QUICK if asked["quick"] else PRECISE
    return asked["budget"] or seconds, asked["half_width"] or percent


def reward(value: str | None) -> tuple[float, ...]:
    if value is None:
        return ()
    try:
        return speedups(float(word) for word in value.split(",") if word.strip())
    except ValueError:
        raise click.BadParameter(f"{value!r}: {SPEEDUPS}, such as 1,1.5,2") from None


def speedups(given: Iterable[float]) -> tuple[float, ...]:
    """In order, each once; above 0, and some: else a ValueError."""
    found = tuple(sorted(set(given)))
    if not found or not all(0 < speedup < math.inf for speedup in found):
        raise ValueError(SPEEDUPS)
    return found


def arch(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"sm_\d{2,3}[af]?", value):
        raise click.BadParameter(f"{value}: write an architecture such as sm_80, sm_90 or sm_100")
    return value


def device(value: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?|emulated", value):
        raise click.BadParameter(f"{value}: write auto, cpu, cuda, cuda:N or emulated")
    return value
