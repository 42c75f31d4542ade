"""
C and C++ submissions: one shared object that defines `solution` as the problem declares it.

The declaration is force-included, so a definition with other types is a conflict that the compiler
finds; and the linker must find `solution` defined. Which of the two went wrong is not guessed from
messages: a failed build is repeated without the declaration, or without the demand, and if that
passes, the signature was the fault.
"""

import time
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Protocol

import jinja2

from harness.build import cache
from harness.build.toolchain import (
    C_FLAGS,
    CXX_FLAGS,
    LINK_FLAGS,
    NEEDS_ENTRY,
    Compiled,
    Compiler,
    compile_boxed,
    find_compiler,
)
from harness.disk import cache_root, write_atomically
from harness.dtypes import DTYPES
from harness.errors import ToolError
from harness.problem.signature import c_cast, c_declaration, c_parameter
from harness.records import BuildFailed, Built, Language, Limits, Problem, Submission, Verdict
from harness.sandbox.door import Nursery

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("harness.build"),
    autoescape=False,  # noqa: S701 — C++ is not HTML; what goes in are names checked when read
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
DEFAULT = "g++"
COMPILERS = {
    "g++": {Language.CPP: "g++", Language.C: "gcc"},
    "clang++": {Language.CPP: "clang++", Language.C: "clang"},
}
_FLAGS = {Language.CPP: CXX_FLAGS, Language.C: C_FLAGS}
_OWN_LIMITS = Limits()  # for parts of the harness, however little a submission is granted
# what each kind of failure means, and its word for machines
_MISSING = "does not define `solution`"
_CONFLICT = "defines `solution` with other parameters than the problem's"


class Run(Protocol):
    """One compiler run over the submission, with or without the declaration in front."""

    def __call__(self, *arguments: str, declare: bool = True) -> tuple[Compiled, bytes | None]: ...


def declaration(problem: Problem, dtype: str, *, declare: bool = True) -> str:
    """The header that stands before every submission's first line."""
    element = DTYPES[dtype]
    kinds = {param.dtype or element for param in problem.params}
    return _templates.get_template("declaration.h.j2").render(
        slug=problem.slug,
        dtype=dtype,
        element=element.c,
        uses_bfloat16=any(kind.name == "bfloat16" for kind in kinds),
        parameters=[c_parameter(param) for param in problem.params],
        declare=declare,
    )


def build(
    submission: Submission,
    problem: Problem,
    dtype: str,
    *,
    nursery: Nursery,
    compiler: str,
    limits: Limits,
) -> Built | BuildFailed:
    chosen = find_compiler(COMPILERS[compiler][submission.language])
    _require_openmp(chosen, nursery)
    header = declaration(problem, dtype)
    flags = (*_FLAGS[submission.language], *submission.flags)
    # the name is part of the key: it stands in the diagnostics and in the debug lines
    # and so are the limits: what failed for lack of memory may pass with more
    key = cache.key_of(
        submission.source, safe_name(submission), header, "\0".join(flags), chosen.identity,
        repr(limits),
    )  # fmt: skip
    with cache.locked(key):
        entry = cache.lookup(key)
        cached = entry is not None
        if entry is None:
            outcome = _compile(submission, problem, dtype, chosen, nursery, limits)
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
    return Built(
        artefact=entry.artefact,
        entry=build_entry(problem, dtype, nursery=nursery),
        compiler=chosen.name,
        log=facts["log"],
        seconds=seconds,
        cached=cached,
    )


def _compile(
    submission: Submission,
    problem: Problem,
    dtype: str,
    compiler: Compiler,
    nursery: Nursery,
    limits: Limits,
) -> tuple[dict[str, object], bytes | None] | BuildFailed:
    """What to keep of a build that ended by itself; one that was stopped is not kept."""
    name = safe_name(submission)
    flags = [*_FLAGS[submission.language], *submission.flags]
    is_gcc = compiler.path.name == "g++"  # the headers are compiled for it
    reads: list[Path] = []
    if is_gcc and b"#include" in submission.source:
        prelude = _prelude(compiler, nursery)
        flags += ["-include", str(prelude)]
        reads.append(prelude.parent)  # the compiled headers lie beside it

    ends = time.monotonic() + 2 * limits.build_s  # the build, and all looking for its fault

    def run(*arguments: str, declare: bool = True) -> tuple[Compiled, bytes | None]:
        header = declaration(problem, dtype, declare=declare).encode()
        left_s = max(0.0, ends - time.monotonic())
        return compile_boxed(
            nursery,
            compiler,
            [*flags, "-include", "grade.h", name, *arguments],
            files={"grade.h": header, name: submission.source},
            reads=reads,
            result="out",
            limits=replace(limits, build_s=min(limits.build_s, left_s)),
        )

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
    return _diagnosed(run, compiled, name, c_declaration(problem, DTYPES[dtype].c))


def _diagnosed(
    run: Run, compiled: Compiled, name: str, wanted: str
) -> tuple[dict[str, object], bytes | None]:
    """Whose fault a failed build is: the same again, with less demanded each time."""
    asked = f"the problem asks for\n\n{wanted}\n"
    verdict, reason, log = Verdict.COMPILE_ERROR, "compiler", compiled.log
    if run("-c", "-o", "out")[0].ok:
        if run(*LINK_FLAGS, "-o", "out")[0].ok:
            # or the first failure was the machine's: a full disk, a killed compiler
            again, data = run(*LINK_FLAGS, NEEDS_ENTRY, "-o", "out")
            if data is not None:
                return {"seconds": again.seconds, "log": again.log}, data
            verdict, reason = Verdict.INVALID_SUBMISSION, "entry"
            log = f"{name} {_MISSING}\n\n{asked}"
    elif run("-c", "-o", "out", declare=False)[0].ok:
        verdict, reason = Verdict.INVALID_SUBMISSION, "signature"
        log = f"{name} {_CONFLICT}\n\n{asked}\n{compiled.log}"
    facts = {"seconds": compiled.seconds, "log": log, "verdict": verdict, "reason": reason}
    return facts, None


def _require_openmp(compiler: Compiler, nursery: Nursery) -> None:
    """A compiler that cannot link OpenMP is no fault of a submission."""
    source = "#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }"
    try:
        _own(source, "OpenMP program", ("-fopenmp",), nursery, compiler)
    except ToolError as error:
        if compiler.path.name.startswith("clang"):
            mend = "on Debian or Ubuntu: apt-get install libomp-dev"
            raise ToolError(f"{error}\n({mend})") from error
        raise


def safe_name(submission: Submission) -> str:
    """The file's own name where it is plain, so that messages speak of what the writer knows."""
    name = submission.path.name
    plain = all(c.isascii() and (c.isalnum() or c in "._-+") for c in name)
    if plain and not name.startswith("-") and name not in {"grade.h", "out"}:
        return name
    return f"submission{submission.path.suffix}"


def build_entry(problem: Problem, dtype: str, *, nursery: Nursery) -> Path:
    """Our typed call of `solution`, shared by all submissions of a problem and dtype."""
    element = DTYPES[dtype]
    source = _templates.get_template("entry.cpp.j2").render(
        slug=problem.slug,
        declaration=declaration(problem, dtype, declare=False),
        parameters=[c_parameter(param) for param in problem.params],
        casts=[c_cast(param, i, element) for i, param in enumerate(problem.params)],
    )
    return _own(source, "entry.so", ("-O2", "-fPIC", "-shared"), nursery)


def build_native_runner(*, nursery: Nursery, source: str) -> Path:
    """The program that native submissions run in, from its source with the wire's numbers."""
    return _own(source, "runner", ("-O2", "-g1", "-ldl"), nursery)


def build_null(*, nursery: Nursery) -> Path:
    """A kernel that does nothing: what the clock itself costs."""
    return _own('extern "C" void solution() {}', "null.so", ("-O2", "-fPIC", "-shared"), nursery)


def build_meter(*, nursery: Nursery, source: str) -> Path:
    """The program that measures the machine, with all that this processor has."""
    flags = ("-O3", "-march=native", "-ffp-contract=fast", "-fno-tree-loop-distribute-patterns")
    return _own(source, "meter", (*flags, "-pthread"), nursery)


def _own(
    source: str,
    result: str,
    flags: tuple[str, ...],
    nursery: Nursery,
    compiler: Compiler | None = None,
) -> Path:
    """A piece of the harness itself: if it does not build, the harness or the machine is broken."""
    compiler = compiler or find_compiler(DEFAULT)
    # `-x c`: gcc and clang take the name's suffix for C++ and would look for its library
    standard = ["-std=c++20", "own.cpp"] if "++" in compiler.path.name else ["-x", "c", "own.cpp"]
    key = cache.key_of(source, "\0".join(flags), compiler.identity)
    with cache.locked(key):
        entry = cache.lookup(key)
        if entry is None:
            compiled, data = compile_boxed(
                nursery,
                compiler,
                [*standard, "-o", "out", *flags],
                files={"own.cpp": source.encode()},
                result="out",
                limits=_OWN_LIMITS,
            )
            if data is None:
                raise ToolError(f"{compiler.path} cannot build our {result}:\n{compiled.log}")
            entry = cache.store(key, {"seconds": compiled.seconds, "log": ""}, data)
    assert entry.artefact is not None
    return entry.artefact


def _prelude(compiler: Compiler, nursery: Nursery) -> Path:
    """The precompiled standard headers for this compiler and these flags."""
    text = resources.files("harness.build").joinpath("templates/prelude.hpp").read_bytes()
    key = cache.key_of("prelude", text, "\0".join(CXX_FLAGS), compiler.identity)
    folder = cache_root() / "preludes" / key
    header = folder / "prelude.hpp"
    with cache.locked(key):
        if not header.exists():
            compiled, data = compile_boxed(
                nursery,
                compiler,
                [*CXX_FLAGS, "-x", "c++-header", "prelude.hpp", "-o", "prelude.hpp.gch"],
                files={"prelude.hpp": text},
                result="prelude.hpp.gch",
                limits=_OWN_LIMITS,
            )
            if data is None:
                raise ToolError(f"the standard headers do not compile:\n{compiled.log}")
            with cache.writing():
                write_atomically(folder / "prelude.hpp.gch", data)
                write_atomically(header, text)
                # whatever the umask: compilers run as another user
                folder.chmod(0o755)
                (folder / "prelude.hpp.gch").chmod(0o644)
                header.chmod(0o644)
    return header
