"""Class H: a compiler reads strangers' text behind the same walls, and its words are data."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.arena.host import Arena
from harness.build.toolchain import Compiler, compile_boxed
from harness.pipeline import grade
from harness.records import Grade, Limits, Policy, Problem, Verdict
from harness.sandbox.door import Nursery

HEAD = "void solution(const VAR* x, VAR* y, size_t n)"
DOUBLES = f"{HEAD} {{ for (size_t i = 0; i < n; i++) y[i] = 2 * x[i]; }}\n"
MARK = "c4n4ry-of-the-host"
ORDER = re.compile(r"^\s*::[\w-]+.*?::|##\w*\[", re.MULTILINE)
Graded = Callable[..., Grade]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(MARK)
    return path


@pytest.fixture(scope="module")
def open_air() -> Iterator[Arena]:
    """The same judge with the walls down: the twin of what is shown here."""
    with Arena(has_walls=False) as arena:
        yield arena


INCLUDES = {
    "include": '#include "{path}"\n',
    "incbin": '__asm__(".incbin \\"{path}\\"");\n',
    "embedded in a message": '__asm__(".include \\"{path}\\"");\n',
    "line marker": '# 1 "{path}" 1\nint wrong = "";\n',
}


@pytest.mark.parametrize("line", INCLUDES.values(), ids=list(INCLUDES))
def test_a_compiler_shows_no_file_of_the_host(
    arena: Arena, open_air: Arena, doubling: Problem, secret: Path, tmp_path: Path, line: str
) -> None:
    """H1: neither diagnostics nor artefact hold a file of the host's; without walls one does."""
    shown = {}
    for name, place in (("walled", arena), ("open", open_air)):
        folder = tmp_path / name  # an entry of its own in a cache of its own
        folder.mkdir()
        path = folder / "kernel.cpp"
        path.write_text(line.format(path=secret) + DOUBLES)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GRADE_CACHE", str(folder / "cache"))
            graded = grade(path, doubling, policy=Policy(time=False), arena=place)
        built = b"".join(p.read_bytes() for p in (folder / "cache").rglob("*.so"))
        shown[name] = MARK in graded.log or MARK in graded.message or MARK.encode() in built
    assert shown == {"walled": False, "open": True}


def test_what_a_compiler_says_is_no_order(tmp_path: Path, doubling: Problem) -> None:
    """H2: orders to a terminal or a CI in a diagnostic are shown by `grade` and act nowhere."""
    nasty = "::error::forged \x1b[2J \u202e ##[group]x `a` <script>"
    source = f'#error "{nasty}"\nstatic_assert(false, "\n::warning::second");\n'
    (tmp_path / "kernel.cpp").write_text(source)
    words = ["kernel.cpp", "--problem", str(doubling.path), "--no-time", "--json", "-"]
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *words],
        cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    for written in (done.stdout, done.stderr):
        assert not ORDER.search(written), ORDER.search(written)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", written)
    assert "forged" in done.stderr


BOMBS = {
    "constexpr": "constexpr long spin(long n) { long s = 0; for (long i = 0; i < n; i++)"
    " for (long j = 0; j < 9999; j++) s += j; return s; }\n"
    "template <long N> struct Spun { static constexpr long value = spin(100 + N % 2)"
    " + Spun<N - 1>::value; };\ntemplate <> struct Spun<0> { static constexpr long value = 0; };\n"
    "constexpr long spun = Spun<{size}>::value;\n",
    "templates": "template <int N, int M> struct Deep { static constexpr int value ="
    " Deep<N - 1, 2 * M>::value + Deep<N - 1, 2 * M + 1>::value; };\n"
    "template <int M> struct Deep<0, M> { static constexpr int value = M; };\n"
    "constexpr int deep = Deep<{size}, 0>::value;\n",
}


@pytest.mark.parametrize(
    ("bomb", "size"), [("constexpr", 800), ("templates", 25)], ids=["constexpr", "templates"]
)
def test_a_compile_bomb_is_a_verdict(grade_source: Graded, bomb: str, size: int) -> None:
    """H4: what keeps a compiler busy is stopped in time; the same, small, is accepted."""
    limits = Limits(build_s=4.0, memory_bytes=2 << 30)
    large = grade_source(BOMBS[bomb].replace("{size}", f"{size}") + DOUBLES, limits=limits)
    assert large.verdict is Verdict.COMPILE_ERROR, large.message
    small = grade_source(BOMBS[bomb].replace("{size}", "1") + DOUBLES)
    assert small.verdict is Verdict.ACCEPTED, small.log


def test_looking_for_the_fault_takes_no_longer_than_a_build(
    arena: Arena, doubling: Problem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """H4: a build that fails late is not repeated for as long as it likes, again and again."""
    until: list[float] = []

    def noted(*given: Any, limits: Limits, **named: Any) -> Any:
        until.append(time.monotonic() + limits.build_s)
        return compile_boxed(*given, limits=limits, **named)

    def failed(limits: Limits) -> Grade:
        path.write_text(f"// {limits.build_s}\n{BOMBS['constexpr']}int wrong = nonsense;")
        return grade(path, doubling, policy=Policy(time=False, limits=limits), arena=arena)

    path = tmp_path / "kernel.cpp"
    monkeypatch.setitem(BOMBS, "constexpr", BOMBS["constexpr"].replace("{size}", "1"))
    assert failed(Limits()).verdict is Verdict.COMPILE_ERROR
    monkeypatch.setattr("harness.build.recipe.compile_boxed", noted)
    took = failed(Limits(build_s=100.0)).seconds.build
    assert took is not None
    until.clear()
    limit = 1.6 * took
    began = time.monotonic()
    assert failed(Limits(build_s=limit)).verdict is Verdict.COMPILE_ERROR
    assert max(until) - began < 2 * limit + 0.5


def test_a_huge_object_is_a_verdict(grade_source: Graded) -> None:
    """H4: an object that no disk should hold is not kept; a small one is."""
    source = f"char big[{{size}}] = {{1}};\n{DOUBLES}".replace("{{1}}", "{1}")
    tight = Limits(file_bytes=64 << 20)
    large = grade_source(source.replace("{size}", "256 << 20"), limits=tight)
    assert large.verdict in {Verdict.COMPILE_ERROR, Verdict.OUTPUT_LIMIT}, large.message
    assert grade_source(source.replace("{size}", "4096")).verdict is Verdict.ACCEPTED


FLAGS = {
    "pragma optimize": '#pragma GCC optimize("-fplugin=./evil.so")\n',
    "pragma plugin": "#pragma GCC plugin evil\n",
    "comment": "// -fplugin=./evil.so -B. -wrapper sh,-c\n/* grade: */\n",
    "attribute": '__attribute__((optimize("-fplugin=./evil.so"))) static void own() {}\n',
    "target": '#pragma GCC target("arch=nonsense")\n',
    "pch": '#pragma GCC pch_preprocess "evil.gch"\n',
}


@pytest.mark.parametrize("line", FLAGS.values(), ids=list(FLAGS))
def test_no_flag_comes_with_a_source(grade_source: Graded, line: str) -> None:
    """H5: a source that asks for flags gets none of them: it is refused, or as if it had not."""
    graded = grade_source(line + DOUBLES)
    assert graded.verdict in {
        Verdict.ACCEPTED, Verdict.COMPILE_ERROR, Verdict.INVALID_SUBMISSION,
    }, graded.message  # fmt: skip
    assert "cannot load plugin" not in graded.log


@pytest.mark.parametrize(
    "name", ["-fplugin=evil.cpp", "@arguments.cpp", "a b;c.cpp", "-o.cpp", "out.cpp", "grade.h.cpp",
             "$(id).cpp", "--help.cpp", "'.cpp", "\n.cpp"],
)  # fmt: skip
def test_no_flag_comes_with_a_name(grade_source: Graded, name: str) -> None:
    """H5: whatever a file is called, its name is a file's."""
    assert grade_source(DOUBLES, name).verdict is Verdict.ACCEPTED


SHADOWS = r"""
#include <cstddef>
#include <ctime>
#include <cstdlib>
extern "C" {
long send(int, const void*, size_t, int) { abort(); }
long recvmsg(int, void*, int) { abort(); }
long write(int, const void*, size_t) { abort(); }
int munmap(void*, size_t) noexcept { abort(); }
int clock_gettime(int, timespec* t) noexcept { t->tv_sec = t->tv_nsec = 0; return 0; }
void _exit(int) { abort(); }
}
"""


def test_names_of_the_c_library_are_only_ones_own(grade_source: Graded) -> None:
    """H7: who defines `send` or a clock defines it for himself: judge and runner use theirs."""
    graded = grade_source(SHADOWS + DOUBLES)
    assert graded.verdict is Verdict.ACCEPTED, (graded.message, graded.log)


SWAPS = {
    "link": "ln -s {secret} out",
    "folder": "mkdir out",
    "pipe": "mkfifo out",
    "device": "ln -s /dev/zero out",
    "nothing": "rm -f out",
    "too large": "head -c 300000 /dev/zero > out",
}


@pytest.mark.parametrize("deed", SWAPS.values(), ids=list(SWAPS))
def test_what_is_no_plain_file_is_not_taken(secret: Path, deed: str) -> None:
    """H9: an artefact that is a link, a pipe, a folder or too large is none; a file is one."""
    shell = Compiler(path=Path("/bin/sh"), name="under test", identity="sh")
    limits = replace(Limits(), artefact_bytes=1 << 18, build_s=20.0)
    with Nursery() as nursery:
        for words, expected in ((deed.format(secret=secret), None), ("echo a > out", b"a\n")):
            compiled, data = compile_boxed(
                nursery, shell, ["-c", words], files={}, result="out", limits=limits
            )
            assert compiled.ok, compiled.log
            assert data == expected
