"""C and C++ submissions: one shared object that defines `solution` as the problem declares it."""

from importlib import resources
from pathlib import Path

import jinja2

from harness.build.own import build_own, precompiled
from harness.build.recipe import Parts, Recipe, make, safe_name
from harness.build.toolchain import C_FLAGS, CXX_FLAGS, Compiler, find_compiler
from harness.dtypes import DTYPES
from harness.errors import ToolError
from harness.problem.signature import c_cast, c_declaration, c_parameter
from harness.records import BuildFailed, Built, Language, Limits, Problem, Submission
from harness.sandbox.door import Nursery

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("harness.build"),
    autoescape=False,  # noqa: S701 — C++ is not HTML; what goes in are names checked when read
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
COMPILERS = {
    "g++": {Language.CPP: "g++", Language.C: "gcc"},
    "clang++": {Language.CPP: "clang++", Language.C: "clang"},
}
_FLAGS = {Language.CPP: CXX_FLAGS, Language.C: C_FLAGS}


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
    uses_headers = chosen.path.name == "g++" and b"#include" in submission.source

    def parts() -> Parts:
        """The compiled headers, for the compiler that they are compiled for."""
        if not uses_headers:
            return Parts()
        text = resources.files("harness.build").joinpath("templates/prelude.hpp").read_bytes()
        prelude = precompiled(text, CXX_FLAGS, nursery=nursery, compiler=chosen)
        return Parts(flags=("-include", str(prelude)), reads=(prelude.parent,))

    recipe = Recipe(
        compiler=chosen,
        name=safe_name(submission),
        source=submission.source,
        flags=(*_FLAGS[submission.language], *submission.flags),
        header=declaration(problem, dtype),
        undemanding=declaration(problem, dtype, declare=False),
        wanted=c_declaration(problem, DTYPES[dtype].c),
        parts=parts,
    )
    made = make(recipe, nursery=nursery, limits=limits)
    if isinstance(made, BuildFailed):
        return made
    return Built(
        artefact=made.artefact,
        entry=build_entry(problem, dtype, nursery=nursery),
        compiler=chosen.name,
        log=made.log,
        seconds=made.seconds,
        cached=made.cached,
    )


def _require_openmp(compiler: Compiler, nursery: Nursery) -> None:
    """A compiler that cannot link OpenMP is no fault of a submission."""
    source = "#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }"
    try:
        build_own(source, "OpenMP program", ("-fopenmp",), nursery, compiler)
    except ToolError as error:
        if compiler.path.name.startswith("clang"):
            mend = "on Debian or Ubuntu: apt-get install libomp-dev"
            raise ToolError(f"{error}\n({mend})") from error
        raise


def build_entry(problem: Problem, dtype: str, *, nursery: Nursery) -> Path:
    """Our typed call of `solution`, shared by all submissions of a problem and dtype."""
    element = DTYPES[dtype]
    source = _templates.get_template("entry.cpp.j2").render(
        slug=problem.slug,
        declaration=declaration(problem, dtype, declare=False),
        parameters=[c_parameter(param) for param in problem.params],
        casts=[c_cast(param, i, element) for i, param in enumerate(problem.params)],
    )
    return build_own(source, "entry.so", ("-O2", "-fPIC", "-shared"), nursery)


def build_native_runner(*, nursery: Nursery, source: str) -> Path:
    """The program that native submissions run in, from its source with the wire's numbers."""
    return build_own(source, "runner", ("-O2", "-g1", "-ldl"), nursery)


def build_null(*, nursery: Nursery) -> Path:
    """A kernel that does nothing: what the clock itself costs."""
    return build_own(
        'extern "C" void solution() {}', "null.so", ("-O2", "-fPIC", "-shared"), nursery
    )


def build_meter(*, nursery: Nursery, source: str) -> Path:
    """The program that measures the machine, with all that this processor has."""
    flags = ("-O3", "-march=native", "-ffp-contract=fast", "-fno-tree-loop-distribute-patterns")
    return build_own(source, "meter", (*flags, "-pthread"), nursery)
