"""
How a submission becomes a shared object that defines `solution` as the problem declares it, in any
language that is compiled.

The declaration is force-included, so a definition with other types is a conflict that the compiler
finds; and the linker must find `solution` defined. Which of the two went wrong is not guessed from
messages: a failed build is repeated without the declaration, or without the demand, and if that
passes, the signature was the fault.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from harness.build import cache
from harness.build.toolchain import (
    LINK_FLAGS,
    NEEDS_ENTRY,
    Compiled,
    Compiler,
    compile_boxed,
)
from harness.records import BuildFailed, Limits, Submission, Verdict
from harness.sandbox.door import Nursery

# what each kind of failure means, and its word for machines
_MISSING = "does not define `solution`"
_CONFLICT = "defines `solution` with other parameters than the problem's"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What of the harness's own goes into a build: made when it is really built, not before."""

    flags: tuple[str, ...] = ()
    reads: tuple[Path, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    compiler: Compiler
    name: str  # of the file that is compiled
    source: bytes
    flags: tuple[str, ...]
    header: str  # stands before the first line
    undemanding: str  # the same, and says nothing of `solution`
    wanted: str  # the declaration, for a person
    parts: Callable[[], Parts]
    parts_key: str = ""  # changes when the parts do, if compiler and flags do not say it


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    artefact: Path
    log: str
    seconds: float
    cached: bool


class Run(Protocol):
    """One compiler run over the submission, with or without the declaration in front."""

    def __call__(self, *arguments: str, declare: bool = True) -> tuple[Compiled, bytes | None]: ...


def make(recipe: Recipe, *, nursery: Nursery, limits: Limits) -> Made | BuildFailed:
    """The artefact, from the cache if this was built before."""
    # the name is part of the key: it stands in the diagnostics and in the debug lines
    # and so are the limits: what failed for lack of memory may pass with more
    key = cache.key_of(
        recipe.source, recipe.name, recipe.header, "\0".join(recipe.flags),
        recipe.compiler.identity, repr(limits), recipe.parts_key,
    )  # fmt: skip
    with cache.locked(key):
        entry = cache.lookup(key)
        cached = entry is not None
        if entry is None:
            outcome = _compile(recipe, nursery, limits)
            if isinstance(outcome, BuildFailed):
                return outcome
            entry = cache.store(key, *outcome)
    facts = entry.facts
    seconds = 0.0 if cached else facts["seconds"]
    if entry.artefact is None:
        return BuildFailed(
            verdict=Verdict(facts["verdict"]),
            reason=facts["reason"],
            message=facts["log"],
            seconds=seconds,
            cached=cached,
        )
    return Made(artefact=entry.artefact, log=facts["log"], seconds=seconds, cached=cached)


def _compile(
    recipe: Recipe, nursery: Nursery, limits: Limits
) -> tuple[dict[str, object], bytes | None] | BuildFailed:
    """What to keep of a build that ended by itself; one that was stopped is not kept."""
    parts = recipe.parts()
    ends = time.monotonic() + 2 * limits.build_s  # the build, and all looking for its fault

    def run(*arguments: str, declare: bool = True) -> tuple[Compiled, bytes | None]:
        header = (recipe.header if declare else recipe.undemanding).encode()
        left_s = max(0.0, ends - time.monotonic())
        links = () if "-c" in arguments else parts.links
        return compile_boxed(
            nursery,
            recipe.compiler,
            [
                *recipe.flags, *parts.flags, "-include", "grade.h", recipe.name, *links, *arguments
            ],
            files={"grade.h": header, recipe.name: recipe.source},
            reads=parts.reads,
            result="out",
            limits=replace(limits, build_s=min(limits.build_s, left_s)),
        )  # fmt: skip

    compiled, data = run(*LINK_FLAGS, NEEDS_ENTRY, "-o", "out")
    if compiled.ended is None:
        return BuildFailed(
            verdict=Verdict.COMPILE_ERROR,
            reason="time",
            message=f"the compiler was stopped after {limits.build_s:g} s",
            seconds=compiled.seconds,
        )
    if data is not None:
        return {"seconds": compiled.seconds, "log": compiled.log}, data
    if compiled.ok:
        message = f"what was built is no plain file of at most {limits.artefact_bytes} bytes"
        return BuildFailed(verdict=Verdict.OUTPUT_LIMIT, reason="artefact", message=message)
    return _diagnosed(run, compiled, recipe)


def _diagnosed(
    run: Run, compiled: Compiled, recipe: Recipe
) -> tuple[dict[str, object], bytes | None]:
    """Whose fault a failed build is: the same again, with less demanded each time."""
    asked = f"the problem asks for\n\n{recipe.wanted}\n"
    verdict, reason, log = Verdict.COMPILE_ERROR, "compiler", compiled.log
    if run("-c", "-o", "out")[0].ok:
        if run(*LINK_FLAGS, "-o", "out")[0].ok:
            # or the first failure was the machine's: a full disk, a killed compiler
            again, data = run(*LINK_FLAGS, NEEDS_ENTRY, "-o", "out")
            if data is not None:
                return {"seconds": again.seconds, "log": again.log}, data
            verdict, reason = Verdict.INVALID_SUBMISSION, "entry"
            log = f"{recipe.name} {_MISSING}\n\n{asked}"
    elif run("-c", "-o", "out", declare=False)[0].ok:
        verdict, reason = Verdict.INVALID_SUBMISSION, "signature"
        log = f"{recipe.name} {_CONFLICT}\n\n{asked}\n{compiled.log}"
    facts = {"seconds": compiled.seconds, "log": log, "verdict": verdict, "reason": reason}
    return facts, None


def safe_name(submission: Submission) -> str:
    """The file's own name where it is plain, so that messages speak of what the writer knows."""
    name = submission.path.name
    plain = all(c.isascii() and (c.isalnum() or c in "._-+") for c in name)
    if plain and not name.startswith("-") and name not in {"grade.h", "out"}:
        return name
    return f"submission{submission.path.suffix}"
