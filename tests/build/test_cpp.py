"""C and C++ sources become artefacts, or a verdict that says what to mend."""

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.arena.host import Arena
from harness.build.cpp import declaration
from harness.records import BuildFailed, Built, Limits, Problem, Verdict
from harness.submission import FLAGS

if TYPE_CHECKING:
    from tests.build.conftest import Build
    from tests.conftest import MakeProblem

HEAD = "void solution(const VAR* x, VAR* y, size_t n)"
RIGHT = f"{HEAD} {{ for (size_t i = 0; i < n; i++) y[i] = VAR(2 * float(x[i])); }}\n"
DECLARED = "const float* x,\n    float* y,\n    size_t n"


def failed(outcome: Built | BuildFailed) -> BuildFailed:
    assert isinstance(outcome, BuildFailed)
    return outcome


def exports(artefact: Path) -> set[str]:
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", artefact], capture_output=True, text=True, check=True
    ).stdout
    return {line.split()[-1] for line in listed.splitlines()}


def test_a_build_does_not_tell_the_time(build: "Build", arena: Arena) -> None:
    """The same source is the same program whenever it is built: its clock stands at the epoch, and
    where a box has a root of its own so do its files.
    """
    same = "constexpr bool same(const char* a, const char* b) {"
    same += " return *a == *b && (!*a || same(a + 1, b + 1)); }\n"
    told = {
        "__DATE__": "Jan  1 1970",
        "__TIME__": "00:00:00",
    }
    if arena.tools.walls.root:
        told["__TIMESTAMP__"] = "Thu Jan  1 00:00:00 1970"
    claims = [f'static_assert(same({macro}, "{words}"));\n' for macro, words in told.items()]
    built = build(same + "".join(claims) + RIGHT)
    assert isinstance(built, Built), built.message


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_right_source_becomes_an_artefact(build: "Build", dtype: str) -> None:
    """A source that defines `solution` as declared becomes a shared object that exports it."""
    built = build('extern "C" ' + RIGHT, dtype=dtype)
    assert isinstance(built, Built), built.message
    assert "solution" in exports(built.artefact)
    assert "grade_entry" in exports(built.entry)


def test_the_declaration_gives_c_linkage(build: "Build") -> None:
    """Without `extern "C"` a right definition takes its linkage from the declaration."""
    assert isinstance(build(RIGHT), Built)


def test_c_sources_are_built_as_c(build: "Build") -> None:
    """A `.c` file is C: what C++ refuses is allowed in it, and C++ is not."""
    in_c = "void solution(const float* restrict x, float* y, size_t n) { int* new = 0; (void)new; }"
    assert isinstance(build(in_c, "kernel.c"), Built)
    assert failed(build(in_c, "kernel.cpp")).verdict is Verdict.COMPILE_ERROR
    assert failed(build("template<class T> T f();", "kernel.c")).verdict is Verdict.COMPILE_ERROR


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_c_knows_every_dtype(build: "Build", dtype: str) -> None:
    """The declaration that stands before a C source is C, whatever the dtype."""
    source = f"{HEAD} {{ for (size_t i = 0; i < n; i++) y[i] = x[i]; }}"
    assert isinstance(build(source, "kernel.c", dtype=dtype), Built)


def test_standard_headers_are_at_hand(build: "Build") -> None:
    """A source may include standard headers, OpenMP's and the processor's intrinsics."""
    source = "#include <vector>\n#include <omp.h>\nstatic std::vector<float> kept;\n"
    assert isinstance(build(source + RIGHT), Built)


@pytest.mark.parametrize("name", ["kernel.cpp", "kernel.c"])
def test_flags_that_may_be_asked_for_are_given(build: "Build", name: str) -> None:
    """The compiler knows every one of them; what is built without is not taken for it."""
    source = f"#ifndef __FAST_MATH__\n#error slow\n#endif\n{HEAD} {{ y[0] = x[0]; }}"
    assert isinstance(build(source, name, flags=("-ffast-math",)), Built)
    assert "slow" in failed(build(source, name)).message
    plain = f"{HEAD} {{ y[0] = x[0]; }}"
    built = build(plain, name, flags=FLAGS)
    assert isinstance(built, Built), built.message
    assert not built.log


# ---- what is not C++ ----------------------------------------------------------------------------

NOT_CPP = {
    "unknown name": (f"{HEAD} {{ y[0] = tvice(x[0]); }}", "tvice"),
    "syntax": (f"{HEAD} {{ y[0] = ; }}", "expected"),
    "missing header": ("#include <no/such/header.h>\n", "no/such/header.h"),
    "undefined symbol": (f"void elsewhere(); {HEAD} {{ elsewhere(); }}", "elsewhere"),
}


@pytest.mark.parametrize(("source", "word"), NOT_CPP.values(), ids=NOT_CPP.keys())
def test_what_does_not_build_is_a_compile_error(build: "Build", source: str, word: str) -> None:
    """A source that no declaration could mend is a compile error, with the compiler's own words."""
    outcome = failed(build(source, "mine.cpp"))
    assert (outcome.verdict, outcome.reason) == (Verdict.COMPILE_ERROR, "compiler")
    assert word in outcome.message


def test_diagnostics_speak_of_the_writers_file(build: "Build") -> None:
    """Messages name the submission's own file and line, and no folder of ours."""
    outcome = failed(build("\n\nint x = nonsense;\n", "my_kernel-2.cpp"))
    assert "my_kernel-2.cpp:3:" in outcome.message
    assert "/tmp" not in outcome.message


@pytest.mark.parametrize("name", ["-o.cpp", "a b.cpp", "$(id).cpp", "@x.cpp", "ä.cpp", "out.cpp"])
def test_any_file_name_can_be_built(build: "Build", name: str) -> None:
    """A file name is never taken for an option or a response file."""
    assert isinstance(build(RIGHT, name), Built)


# ---- what is another function -------------------------------------------------------------------

OTHERS = {
    "an argument too few": "void solution(const float* x, float* y) {}",
    "an argument too many": "void solution(const float* x, float* y, size_t n, int m) {}",
    "another type": "void solution(const float* x, float* y, int n) {}",
    "another pointer": "void solution(const double* x, float* y, size_t n) {}",
    "const forgotten": "void solution(float* x, float* y, size_t n) {}",
    "const too many": "void solution(const float* x, const float* y, size_t n) {}",
    "another result": "int solution(const float* x, float* y, size_t n) { return 0; }",
}
WRAPPED = {
    **{name: f'extern "C" {source}' for name, source in OTHERS.items()},
    **{f"{name}, mangled": source for name, source in OTHERS.items()},
    "static": "static void solution(const float* x, float* y, size_t n) {}",
    "in a namespace": "namespace mine { void solution(const float* x, float* y, size_t n) {} }",
    "not there": "int answer() { return 42; }",
    "only declared": "void solution(const float* x, float* y, size_t n);",
    "a variable": "int other; namespace mine { int solution; }",
}


@pytest.mark.parametrize("source", WRAPPED.values(), ids=WRAPPED.keys())
def test_another_function_is_an_invalid_submission(build: "Build", source: str) -> None:
    """What is C++ but another function is invalid, and the message shows what is asked for."""
    outcome = failed(build(source))
    assert outcome.verdict is Verdict.INVALID_SUBMISSION
    assert f'extern "C" void solution(\n    {DECLARED});' in outcome.message


def test_both_faults_together_are_a_compile_error(build: "Build") -> None:
    """A wrong signature is not blamed for what would not compile anyway."""
    source = 'extern "C" void solution(int x) { nonsense(); }'
    assert failed(build(source)).verdict is Verdict.COMPILE_ERROR


# ---- limits -------------------------------------------------------------------------------------

BOMB = """
template <int N, class T> struct Twice { Twice<N - 1, T*> a; Twice<N - 1, T**> b; };
template <class T> struct Twice<0, T> {};
Twice<40, int> boom;
"""


def test_a_compile_bomb_is_stopped(build: "Build") -> None:
    """A compilation beyond its time limit is a compile error that is not remembered."""
    limits = Limits(build_s=0.4, memory_bytes=4 << 30)
    for _ in range(2):
        outcome = failed(build(BOMB, limits=limits))
        assert (outcome.verdict, outcome.reason) == (Verdict.COMPILE_ERROR, "time")
        assert "0.4 s" in outcome.message
        assert not outcome.cached


def test_a_flood_of_diagnostics_is_cut(build: "Build") -> None:
    """However much a compiler says, the message has a bounded length."""
    errors = "".join(f"int a{i} = nothing_{i};\n" for i in range(300))
    assert len(failed(build(errors)).message) < 20_000


def test_the_harness_builds_its_own_parts_under_its_own_limits(
    build: "Build", empty_cache: Path
) -> None:
    """A submission's tight limits do not keep the precompiled headers from being made."""
    assert not empty_cache.exists()
    first = build("#include <cmath>\n" + RIGHT)  # makes the headers, and is timed without them
    assert isinstance(first, Built)
    shutil.rmtree(empty_cache)
    outcome = build("#include <cmath>\n" + RIGHT, limits=Limits(build_s=6 * first.seconds))
    assert isinstance(outcome, Built)


# ---- the declaration ----------------------------------------------------------------------------

KINDS = """
parameters:
  - {name: a, type: "[VAR]", pointer: true, const: true}
  - {name: b, type: bfloat16, pointer: true, const: true}
  - {name: c, type: uint8, pointer: true, const: false}
  - {name: d, type: bool, pointer: false}
  - {name: e, type: int64, pointer: false}
shapes: {a: [1], b: [1], c: [1]}
dtypes: [float16]
"""


def test_the_declaration_has_every_type(make_problem: "MakeProblem") -> None:
    """The declaration spells each parameter in C, in the order of the problem."""
    text = declaration(make_problem(KINDS, ""), "float16")
    wanted = "const VAR* a, const grade_bfloat16* b, uint8_t* c, bool d, int64_t e"
    assert f"void solution({wanted});" in text
    assert "#define VAR _Float16" in text


def test_bfloat16_is_defined_only_where_it_is_used(doubling: Problem) -> None:
    """A problem without bfloat16 brings no struct of ours into the source."""
    assert "struct grade_bfloat16" in declaration(doubling, "bfloat16")
    assert "grade_bfloat16" not in declaration(doubling, "float32")
