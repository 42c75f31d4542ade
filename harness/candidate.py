"""A submission made ready: built if its language is, and opened as often as arms are needed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.arena.host import Arena, native_runner_source
from harness.arena.session import Session
from harness.arena.wire import Style
from harness.build import cpp, cuda, toolchain
from harness.build.recipe import safe_name
from harness.errors import ToolError
from harness.records import (
    BuildFailed,
    Built,
    Fell,
    Language,
    Limits,
    Problem,
    Submission,
    Verdict,
)

Open = Callable[[int, int], Session | Fell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    open: Open  # (nursery, bytes of heap to grow) -> a loaded session
    open_null: Open | None  # the judge's empty kernel in the same kind of runner, if it is native
    build_s: float | None  # None: nothing was built now
    locate: Callable[[int], str]  # an offset in the artefact as file and line, or ""
    sha256: str  # of its source
    artefact: Path | None = None  # None: it is its own source
    watched: "Callable[[], Candidate] | None" = None  # emulated with every access looked at
    compiler: str = ""

    def located(self, fell: Fell) -> Fell:
        """With the line of the source at which it crashed, where that is known."""
        where = self.locate(fell.at)
        return replace(fell, message=f"{fell.message}, at {where}") if where else fell


def prepare(
    submission: Submission,
    problem: Problem,
    dtype: str,
    *,
    arena: Arena,
    threads: int,
    compiler: str,
    limits: Limits,
    interprets: bool = False,
) -> Candidate | BuildFailed:
    if submission.language is Language.PYTHON:
        style = Style.TRITON if interprets else Style.SUBMISSION
        return _python(submission, style, arena, threads, limits)
    if submission.language is Language.CUDA:
        return _emulated(submission, problem, dtype, arena, limits)
    built = cpp.build(
        submission, problem, dtype, nursery=arena.tools, compiler=compiler, limits=limits
    )
    if isinstance(built, BuildFailed):
        return built
    return _native(submission, built, arena, threads, limits)


def _emulated(
    submission: Submission, problem: Problem, dtype: str, arena: Arena, limits: Limits
) -> Candidate | BuildFailed:
    def made(*, checked: bool) -> Candidate | BuildFailed:
        built = cuda.build(
            submission, problem, dtype, nursery=arena.tools, limits=limits, checked=checked
        )
        if isinstance(built, BuildFailed):
            return built
        native = _native(submission, built, arena, 1, limits)
        # findings name their kernel; what the function is called here is the emulation's business
        return replace(native, locate=lambda at: native.locate(at).partition(" in ")[0])

    def watched() -> Candidate:
        found = made(checked=True)
        if isinstance(found, BuildFailed):
            raise ToolError(f"{submission.path} compiles, but not to be watched:\n{found.message}")
        return found

    plain = made(checked=False)
    return plain if isinstance(plain, BuildFailed) else replace(plain, watched=watched)


def _python(
    submission: Submission, style: Style, arena: Arena, threads: int, limits: Limits
) -> Candidate:
    def open_session(nursery: int, heap_bytes: int) -> Session | Fell:
        return arena.open_python(
            submission.source,
            name=safe_name(submission),
            style=style,
            threads=threads,
            limits=limits,
            nursery=nursery,
            heap_bytes=heap_bytes,
        )

    return Candidate(
        open=open_session,
        open_null=None,
        build_s=None,
        locate=lambda _: "",
        sha256=submission.sha256,
    )


def _native(
    submission: Submission, built: Built, arena: Arena, threads: int, limits: Limits
) -> Candidate:
    runner = cpp.build_native_runner(nursery=arena.tools, source=native_runner_source())

    def opener(artefact: Path) -> Open:
        def open_session(nursery: int, heap_bytes: int) -> Session | Fell:
            return arena.open_native(
                artefact,
                built.entry,
                runner=runner,
                name=safe_name(submission),
                threads=threads,
                limits=limits,
                nursery=nursery,
                heap_bytes=heap_bytes,
            )

        return open_session

    def open_null(nursery: int, heap_bytes: int) -> Session | Fell:
        # built only now: a grade without timing needs none
        return opener(cpp.build_null(nursery=arena.tools))(nursery, heap_bytes)

    return Candidate(
        open=opener(built.artefact),
        artefact=built.artefact,
        compiler=built.compiler,
        open_null=open_null,
        build_s=None if built.cached else built.seconds,
        sha256=submission.sha256,
        locate=lambda offset: toolchain.locate(arena.tools, built.artefact, offset, limits=limits),
    )


def gist(failed: BuildFailed) -> str:
    """The line that a person would read first: ours where we know better, else the error's."""
    lines = [line for line in failed.message.splitlines() if line.strip()]
    if failed.verdict is Verdict.COMPILE_ERROR:
        return next((line for line in lines if "error" in line), lines[0] if lines else "")
    return lines[0] if lines else ""
