"""
CUDA C++ submissions without a card: one shared object for the processor, made of the rewritten
source and the runtime of the emulation.

Asked for with `checked`, the same source is compiled with a call before each access to memory, and
linked with the functions that look at them; such a build is slower, and finds races.
"""

import functools
from dataclasses import replace
from importlib import resources
from pathlib import Path

import jinja2

from harness.build import cache
from harness.build.cpp import build_entry
from harness.build.own import DEFAULT, build_kept, precompiled
from harness.build.recipe import Made, Parts, Recipe, make, safe_name
from harness.build.toolchain import Compiler, find_compiler
from harness.dtypes import DTYPES
from harness.emulation.features import features_of
from harness.emulation.rewrite import rewrite
from harness.problem.signature import c_declaration, c_parameter
from harness.records import BuildFailed, Built, Limits, Problem, Submission, Verdict
from harness.sandbox.door import Nursery

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("harness.build"),
    autoescape=False,  # noqa: S701 — C++ is not HTML; what goes in are names checked when read
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# as kernels are written: products are fused into sums, and memory is read as other types too
FLAGS = (
    "-std=c++20", "-O3", "-march=native", "-fPIC", "-g1", "-pipe", "-pthread",
    "-ffp-contract=fast", "-fno-strict-aliasing", "-fvisibility=hidden", "-fno-gnu-unique",
    "-Wno-volatile",
)  # fmt: skip
# less is merged or moved at -O1; a volatile access is told from others; and no copy is made without
# a call (include/grade/redirected.h)
_WATCHED = (
    "-O1", "-fsanitize=thread", "--param", "tsan-distinguish-volatile=1",
    "-fno-builtin-memcpy", "-fno-builtin-memmove", "-fno-builtin-memset",
    "-fno-tree-sra",  # a float4 is read at once, as a card does it, and must lie where it may
)  # fmt: skip
# libtsan stays out: its functions are ours
_WATCHED_LINKS = ("-nodefaultlibs", "-lstdc++", "-lm", "-lgcc_s", "-lgcc", "-lpthread", "-lc")
# what CUDA calls the types that a plain compiler has under other names
_SPELLINGS = {"_Float16": "__half", "grade_bfloat16": "__nv_bfloat16"}


def build(
    submission: Submission,
    problem: Problem,
    dtype: str,
    *,
    nursery: Nursery,
    limits: Limits,
    checked: bool = False,
) -> Built | BuildFailed:
    source = submission.source.decode("utf-8-sig", "surrogateescape")
    chosen = find_compiler(DEFAULT)
    include = ("-I", str(_home() / "include"), f"-ffile-prefix-map={_home()}=emulation")
    flags = (*FLAGS, *include, *(_WATCHED if checked else ()))

    def parts() -> Parts:
        text = resources.files("harness.build").joinpath("templates/prelude.cuh").read_bytes()
        if checked:  # before anything else: copies are looked at too
            text = b'#include "grade/redirected.h"\n' + text
        prelude = precompiled(
            text, flags, nursery=nursery, compiler=chosen, reads=[_home()], reads_key=_contents()
        )
        runtime = _build_runtime(nursery, chosen, checked=checked)
        return Parts(
            flags=("-include", str(prelude), "-x", "c++"),
            reads=(prelude.parent, _home(), runtime),
            links=("-x", "none", str(runtime), *(_WATCHED_LINKS if checked else ())),
        )

    recipe = Recipe(
        compiler=chosen,
        name=safe_name(submission),
        source=rewrite(source).encode("utf-8", "surrogateescape"),
        flags=flags,
        header=declaration(problem, dtype),
        undemanding=declaration(problem, dtype, declare=False),
        wanted=_spelled(c_declaration(problem, DTYPES[dtype].c)),
        parts=parts,
        parts_key=_contents(),
    )
    made = make(recipe, nursery=nursery, limits=limits)
    if isinstance(made, BuildFailed):
        return _explained(made, source, recipe.name)
    return _built(made, chosen, build_entry(problem, dtype, nursery=nursery))


def _built(made: Made, compiler: Compiler, entry: Path) -> Built:
    return Built(
        artefact=made.artefact,
        entry=entry,
        compiler=compiler.name,
        log=made.log,
        seconds=made.seconds,
        cached=made.cached,
    )


def _explained(failed: BuildFailed, source: str, name: str) -> BuildFailed:
    """A source that asks for what is not emulated is not wrong: it needs a card."""
    features = features_of(source)
    if failed.verdict is not Verdict.COMPILE_ERROR or failed.reason == "time" or not features:
        return failed
    used = "\n".join(
        f"{name}:{f.line}: {f.name} is not emulated: it needs a card" for f in features
    )
    return replace(
        failed,
        verdict=Verdict.NOT_GRADABLE,
        reason="feature",
        message=used,
    )


def declaration(problem: Problem, dtype: str, *, declare: bool = True) -> str:
    """The header that stands before every submission's first line."""
    element = DTYPES[dtype]
    kinds = {(param.dtype or element).name for param in problem.params}
    return _templates.get_template("declaration.cuh.j2").render(
        slug=problem.slug,
        dtype=dtype,
        element=_spelled(element.c),
        uses_float16="float16" in kinds,
        uses_bfloat16="bfloat16" in kinds,
        parameters=[_spelled(c_parameter(param)) for param in problem.params],
        declare=declare,
    )


def _spelled(text: str) -> str:
    for plain, cuda in _SPELLINGS.items():
        text = text.replace(plain, cuda)
    return text


def _home() -> Path:
    return Path(str(resources.files("harness.emulation"))).resolve()


@functools.cache
def _contents() -> str:
    """Changes when the emulation does."""
    sources = sorted(path for path in _home().rglob("*") if path.suffix in {".h", ".cpp"})
    return cache.key_of(*(part for path in sources for part in (path.name, path.read_bytes())))


def _build_runtime(nursery: Nursery, compiler: Compiler, *, checked: bool) -> Path:
    """One object: the runtime, and the checker where it is wanted."""
    folders = ("runtime", "checker") if checked else ("runtime",)
    sources = sorted(str(path) for name in folders for path in (_home() / name).glob("*.cpp"))
    flags = (*FLAGS, "-I", str(_home() / "include"), "-I", str(_home() / "runtime"))
    arguments = (
        *flags, f"-ffile-prefix-map={_home()}=emulation", "-r", "-nostdlib", *sources, "-o", "out"
    )  # fmt: skip
    return build_kept(
        arguments,
        "emulation of CUDA",
        nursery=nursery,
        compiler=compiler,
        key=cache.key_of("emulation", *arguments, _contents(), compiler.identity),
        files={},
        reads=[_home()],
    )
