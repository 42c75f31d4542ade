"""A grade as JSON. Additive changes only; null, never 0 or 1, for what was not measured."""

import json
import math
from dataclasses import asdict
from importlib import metadata
from typing import Any

from harness.records import (
    CaseResult,
    Conditions,
    Footprint,
    Footprints,
    Grade,
    Launch,
    Roof,
    Roofline,
    Score,
    Timing,
)
from harness.report.harmless import harmless_json

SCHEMA = "grade/1"


def document_of(grade: Grade) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "harness": {"version": metadata.version("harness")},
        "problem": {"slug": grade.problem.slug, "sha256": grade.problem.sha256},
        "dtype": grade.dtype,
        "precision": "ieee",  # on a CPU nothing else is set, whatever a problem allows
        "device": {
            "kind": grade.machine.kind,
            "name": grade.machine.name,
            "fingerprint": grade.machine.fingerprint,
            "ranking_class": grade.machine.ranking_class,
        },
        "policy": _policy(grade),
        "submission": {
            "path": str(grade.submission.path),
            "sha256": grade.submission.sha256,
            "language": str(grade.submission.language),
            "flags": list(grade.submission.flags),
        },
        "verdict": str(grade.verdict),
        "reason": grade.reason or None,
        "message": grade.message or None,
        "log": grade.log or None,
        "cases": [_case(result) for result in grade.cases],
        "timing": [_timing(timing) for timing in grade.timing],
        "score": _score(grade.score),
        "reward": [
            {"speedup": speedup, "exceeds": grade.exceeds(speedup)}
            for speedup in grade.policy.reward
        ],
        "sandbox": {
            "level": grade.isolation.level,
            "properties": {
                item.name: {"holds": item.holds, "reason": item.reason or None}
                for item in grade.isolation.properties
            },
        },
        "left_running": grade.left_running,
        "watched": list(grade.watched),
        "gate": None if grade.gate is None else asdict(grade.gate),
        "calls": None if grade.calls is None else list(grade.calls),
        "machine": dict(grade.machine.facts),
        "seeds": {result.name: list(result.seeds) for result in grade.cases},
        "seconds": {
            "build": grade.seconds.build,
            "check": grade.seconds.check,
            "time": grade.seconds.time,
            "total": grade.seconds.total,
        },
    }


def _policy(grade: Grade) -> dict[str, Any]:
    policy = grade.policy
    return {
        "isolation": policy.isolation,
        "freeze": grade.isolation.freeze,
        "budget": policy.budget_s,
        "half_width": policy.half_width,
        "reward": list(policy.reward),
        "baseline": policy.baseline,
        "against": str(policy.against) if policy.against else None,
        "against_sha256": grade.against_sha256,
        "own": policy.own,
        "threads": policy.threads,
        "compiler": policy.compiler,
        "arch": policy.arch,
        "case": policy.case,
        "tier": str(policy.tier) if policy.tier else None,
        "seed": policy.seed,
        "time": policy.time,
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "planned": score.planned,
        "passed": score.passed,
        "correct": score.correct,
        "speedup": score.speedup,
        "ci_low": score.ci_low,
        "ci_high": score.ci_high,
        "state": str(score.state) if score.state else None,
    }


def render_json(grade: Grade) -> str:
    text = json.dumps(document_of(grade), indent=2, ensure_ascii=True, allow_nan=False)
    return harmless_json(text) + "\n"


def _finite(value: float | None) -> float | None:
    """An infinite error is no JSON number; the verdict and its reason say it."""
    return value if value is not None and math.isfinite(value) else None


def _case(result: CaseResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "tier": str(result.tier),
        "verdict": str(result.verdict),
        "reason": result.reason or None,
        "message": result.message or None,
        "planned": result.planned,
        "checked": result.checked,
        "max_error": _finite(result.max_error),
        "allowed": _finite(result.allowed),
    }


def _timing(timing: Timing) -> dict[str, Any]:
    return {
        "case": timing.case,
        "baseline": timing.baseline,
        "ways": [
            {"name": way.name, "speedup": way.speedup, "left_out": way.why or None}
            for way in timing.ways
        ],
        "state": str(timing.state),
        "steady": timing.steady,
        "why": timing.why or None,
        "speedup": timing.speedup,
        "ci_low": timing.ci_low,
        "ci_high": timing.ci_high,
        "aa": timing.aa,
        "candidate_ms": timing.candidate_ms,
        "baseline_ms": timing.baseline_ms,
        "copy_ms": timing.copy_ms,
        "percent_of_limit": _percent_of_limit(timing.roofline),
        "roofline": None if timing.roofline is None else _roofline(timing.roofline),
        "memory": None if timing.memory is None else _memory(timing.memory),
        "batch": timing.batch,
        "null_ns": timing.null_ns,
        "clock": str(timing.clock),
        "seconds": timing.seconds,
        "conditions": None if timing.conditions is None else _conditions(timing.conditions),
        "launches": [_launch(launch) for launch in timing.launches],
    }


def _percent_of_limit(roofline: Roofline | None) -> float | None:
    if roofline is None or roofline.fraction is None:
        return None
    return 100.0 * roofline.fraction


def _roofline(roofline: Roofline) -> dict[str, Any]:
    return {
        "flops": roofline.flops,
        "bytes": roofline.bytes,
        "flops_s": roofline.flops_s,
        "bytes_s": roofline.bytes_s,
        "intensity": roofline.intensity,
        "limit": None if roofline.limit is None else _roof(roofline.limit),
        "floor": None if roofline.floor is None else _roof(roofline.floor),
    }


def _roof(roof: Roof) -> dict[str, Any]:
    return {
        "name": roof.name,
        "ms": roof.seconds * 1e3,
        "rate": roof.rate,
        "spread": roof.spread,
    }


def _memory(seen: Footprints) -> dict[str, Any]:
    return {
        "buffers_bytes": seen.buffers_bytes,
        "candidate": _footprint(seen.candidate),
        "baseline": _footprint(seen.baseline),
    }


def _footprint(seen: Footprint) -> dict[str, int]:
    return {
        "extra_bytes": seen.extra_bytes,
        "kept_bytes": seen.kept_bytes,
        "call_bytes": seen.call_bytes,
    }


def _conditions(seen: Conditions) -> dict[str, Any]:
    return {
        "load": list(seen.load),
        "stolen": seen.stolen,
        "mhz": None if seen.mhz is None else list(seen.mhz),
        "throttled": seen.throttled,
    }


def _launch(launch: Launch) -> dict[str, Any]:
    return {
        "rounds": [
            {
                "candidate_ns": r.candidate_ns,
                "baseline_ns": r.baseline_ns,
                "again_ns": r.again_ns,
                "processor_ns": None if r.processor_ns is None else list(r.processor_ns),
                "waits": list(r.waits),
                "preempted": list(r.preempted),
                "copy_ns": None if r.copy_ns is None else list(r.copy_ns),
            }
            for r in launch.rounds
        ],
        "parent": launch.parent,
        "quiet": launch.quiet,
        "raised": launch.raised,
    }
