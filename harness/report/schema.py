"""The JSON Schemas of what `--json` writes, as `grade schema` prints them."""

from typing import Any

from harness.clock.roofs import SCHEMA as MACHINE_SCHEMA
from harness.records import Clock, Language, State, Tier, Verdict
from harness.report.document import SCHEMA
from harness.report.scores import SCHEMA as SCORES_SCHEMA

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
COUNT = {"type": "integer", "minimum": 0}
YES_OR_NO = {"type": "boolean"}
HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def _maybe(kind: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [kind, {"type": "null"}]}


def _one_of(words: Any) -> dict[str, Any]:
    return {"enum": [str(word) for word in words]}


def _list(kind: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": kind}


def _map(kind: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": kind}


def _record(**fields: dict[str, Any]) -> dict[str, Any]:
    """Every field present; others may be added by later versions."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def _case() -> dict[str, Any]:
    return _record(
        name=TEXT,
        tier=_one_of(Tier),
        verdict=_one_of(Verdict),
        reason=_maybe(TEXT),
        message=_maybe(TEXT),
        planned=COUNT,
        checked=COUNT,
        max_error=_maybe(NUMBER),
        allowed=_maybe(NUMBER),
    )


def _timing() -> dict[str, Any]:
    one_round = _record(
        candidate_ns=NUMBER,
        baseline_ns=NUMBER,
        again_ns=NUMBER,
        processor_ns=_maybe(_list(NUMBER)),
        waits=_list(COUNT),
        preempted=_list(COUNT),
        copy_ns=_maybe(_list(NUMBER)),
    )
    return _record(
        case=TEXT,
        baseline=TEXT,
        ways=_list(_record(name=TEXT, speedup=_maybe(NUMBER), left_out=_maybe(TEXT))),
        state=_one_of(State),
        steady=YES_OR_NO,
        why=_maybe(TEXT),
        speedup=NUMBER,
        ci_low=NUMBER,
        ci_high=NUMBER,
        aa=NUMBER,
        candidate_ms=NUMBER,
        baseline_ms=NUMBER,
        copy_ms=_maybe(NUMBER),
        percent_of_limit=_maybe(NUMBER),
        roofline=_maybe(_roofline()),
        memory=_maybe(_memory()),
        batch=COUNT,
        null_ns=NUMBER,
        clock=_one_of(Clock),
        seconds=NUMBER,
        conditions=_maybe(
            _record(
                load=_list(NUMBER),
                stolen=_maybe(NUMBER),
                mhz=_maybe(_list(NUMBER)),
                throttled=_maybe(COUNT),
            )
        ),
        launches=_list(
            _record(rounds=_list(one_round), parent=COUNT, quiet=YES_OR_NO, raised=YES_OR_NO)
        ),
    )


def _roofline() -> dict[str, Any]:
    roof = _maybe(_record(name=TEXT, ms=NUMBER, rate=NUMBER, spread=NUMBER))
    return _record(
        flops=_maybe(COUNT),
        bytes=COUNT,
        flops_s=_maybe(NUMBER),
        bytes_s=NUMBER,
        intensity=_maybe(NUMBER),
        limit=roof,
        floor=roof,
    )


def _memory() -> dict[str, Any]:
    footprint = _record(extra_bytes=COUNT, kept_bytes=COUNT, call_bytes=COUNT)
    return _record(buffers_bytes=COUNT, candidate=footprint, baseline=footprint)


def machine_schema() -> dict[str, Any]:
    """Of `grade machine --json`."""
    seen: dict[str, Any] = {"threads": COUNT, "spread": NUMBER}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a machine can do at most",
        **_record(
            schema={"const": MACHINE_SCHEMA},
            fingerprint=TEXT,
            facts=_map(TEXT),
            caches=_list(_record(level=COUNT, size_bytes=COUNT, instances=COUNT)),
            bandwidths=_list(_record(where=TEXT, pattern=TEXT, bytes_s=NUMBER, **seen)),
            peaks=_list(_record(dtype=TEXT, flops_s=NUMBER, **seen)),
            half_factor=COUNT,
            rounds=COUNT,
            seconds=NUMBER,
        ),
    }


def scores_schema() -> dict[str, Any]:
    """Of `grade scores --json`."""
    mean = {"speedup": _maybe(NUMBER), "ci_low": _maybe(NUMBER), "ci_high": _maybe(NUMBER)}
    submission = _record(
        path=TEXT,
        sha256=HASH,
        verdict=_one_of(Verdict),
        passed=YES_OR_NO,
        **mean,
        state=_maybe(_one_of(State)),
        exceeds=_list(NUMBER),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scores over problems",
        **_record(
            schema={"const": SCORES_SCHEMA},
            conditions=_list(TEXT),
            problems=_list(_record(slug=TEXT, submissions=_list(submission))),
            totals=_record(
                problems=COUNT,
                submissions=COUNT,
                passed=NUMBER,
                not_gradable=NUMBER,
                timed=NUMBER,
                unstable=NUMBER,
                exceeding=_list(_record(speedup=NUMBER, share=NUMBER)),
                **mean,
            ),
        ),
    }


def _policy() -> dict[str, Any]:
    return _record(
        isolation=_one_of(("strict", "best", "off")),
        freeze=_one_of(("cgroup", "signal", "none")),
        budget=NUMBER,
        half_width=NUMBER,
        reward=_list(NUMBER),
        baseline=TEXT,
        against=_maybe(TEXT),
        against_sha256=_maybe(HASH),
        own=YES_OR_NO,
        threads=COUNT,
        compiler=TEXT,
        arch=_maybe(TEXT),
        case=_maybe(TEXT),
        tier=_maybe(_one_of(Tier)),
        seed=_maybe(TEXT),
        time=YES_OR_NO,
    )


def _score() -> dict[str, Any]:
    return _record(
        planned=COUNT,
        passed=COUNT,
        correct=YES_OR_NO,
        speedup=_maybe(NUMBER),
        ci_low=_maybe(NUMBER),
        ci_high=_maybe(NUMBER),
        state=_maybe(_one_of(State)),
    )


def schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A grade",
        **_record(
            schema={"const": SCHEMA},
            harness=_record(version=TEXT),
            problem=_record(slug=TEXT, sha256=HASH),
            dtype=TEXT,
            precision=_one_of(("ieee", "tf32")),
            device=_record(
                kind=_one_of(("cpu", "cuda", "emulated")),
                name=TEXT,
                fingerprint=TEXT,
                ranking_class=TEXT,
            ),
            policy=_policy(),
            submission=_record(
                path=TEXT, sha256=HASH, language=_one_of(Language), flags=_list(TEXT)
            ),
            verdict=_one_of(Verdict),
            reason=_maybe(TEXT),
            message=_maybe(TEXT),
            log=_maybe(TEXT),
            cases=_list(_case()),
            timing=_list(_timing()),
            score=_score(),
            reward=_list(_record(speedup=NUMBER, exceeds=_maybe(YES_OR_NO))),
            left_running=_maybe(COUNT),
            watched=_list(TEXT),
            gate=_maybe(_gate()),
            calls=_maybe(_list(TEXT)),
            sandbox=_record(
                level={"enum": [0, 1, 2, 3]},
                properties=_map(_record(holds=_maybe(YES_OR_NO), reason=_maybe(TEXT))),
            ),
            machine=_map(TEXT),
            seeds=_map(_list(TEXT)),
            seconds=_record(
                build=_maybe(NUMBER), check=_maybe(NUMBER), time=_maybe(NUMBER), total=NUMBER
            ),
        ),
    }


def _gate() -> dict[str, Any]:
    kernel = _record(name=TEXT, registers=COUNT, shared_bytes=COUNT, spill_bytes=COUNT)
    return _record(arch=TEXT, compiler=TEXT, kernels=_list(kernel))
