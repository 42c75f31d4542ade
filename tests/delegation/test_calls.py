"""Whom a submission has work for it: told in every grade, forbidden where the problem says so."""

import contextlib
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.delegation.calls import calls_of_artefact, calls_of_source, forbidden
from harness.delegation.elf import NotReadable, imports_of
from harness.records import Problem, Verdict

if TYPE_CHECKING:
    from tests.conftest import GradeSource

HEAD = "void solution(const VAR* x, VAR* y, size_t n)"
LOOP = "for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];"
PLAIN = f"#include <cmath>\n#include <vector>\n{HEAD} {{ std::vector<float> v(n); {LOOP} }}"
OPENS = f"#include <dlfcn.h>\n{HEAD} {{ dlopen(nullptr, RTLD_NOW); {LOOP} }}"
MULTIPLIES = "import torch\ndef solution(x, y, n):\n    torch.mul(x, 2, out=y)\n"
HIDES = "import torch\ndef solution(x, y, n):\n    getattr(torch, 'm' + 'ul')(x, 2, out=y)\n"
BY_NUMPY = (
    "import numpy as np\ndef solution(x, y, n):\n    np.multiply(x.numpy(), 2, out=y.numpy())\n"
)


@pytest.fixture
def strict(doubling: Problem) -> Problem:
    """The same problem, where nothing may be called."""
    return replace(doubling, allow=())


@pytest.mark.parametrize(
    ("name", "source", "calls"),
    [
        ("plain.cpp", PLAIN, ()),
        ("opens.cpp", OPENS, ("dlopen",)),
        ("multiplies.py", MULTIPLIES, ("aten::mul",)),
        ("hides.py", HIDES, ("aten::mul",)),
        ("numpy.py", BY_NUMPY, ("import numpy",)),
        ("copies.py", "def solution(x, y, n):\n    y.copy_(x.view(n) * 2)\n", ("aten::mul",)),
    ],
)
def test_every_grade_tells_whom_it_calls(
    grade_source: "GradeSource", name: str, source: str, calls: tuple[str, ...]
) -> None:
    """Everything is allowed where nothing is said, and shown."""
    graded = grade_source(source, name)
    assert graded.verdict is Verdict.ACCEPTED, graded.message
    assert graded.calls == calls


@pytest.mark.parametrize(
    ("name", "source", "evidence"),
    [
        ("opens.cpp", OPENS, "dlopen"),
        ("multiplies.py", MULTIPLIES, "aten::mul"),
        ("hides.py", HIDES, "aten::mul"),
        ("numpy.py", BY_NUMPY, "import numpy"),
    ],
)
def test_what_is_not_allowed_is_a_violation_with_its_evidence(
    grade_source: "GradeSource", strict: Problem, name: str, source: str, evidence: str
) -> None:
    """A right answer by forbidden means is refused, and the means is named."""
    graded = grade_source(source, name, problem=strict)
    assert (graded.verdict, graded.reason) == (Verdict.RULES_VIOLATION, "policy")
    assert evidence in graded.message


def test_own_work_is_allowed_everywhere(grade_source: "GradeSource", strict: Problem) -> None:
    """A kernel that computes for itself passes where nothing may be called."""
    assert grade_source(PLAIN, problem=strict).verdict is Verdict.ACCEPTED


def test_a_pattern_allows(grade_source: "GradeSource", doubling: Problem) -> None:
    """What `allow` names, with a star or without, may be called."""
    lenient = replace(doubling, allow=("aten::mu*", "numpy"))
    assert grade_source(MULTIPLIES, "one.py", problem=lenient).verdict is Verdict.ACCEPTED
    assert grade_source(BY_NUMPY, "other.py", problem=lenient).verdict is Verdict.ACCEPTED


def test_a_wrong_answer_is_wrong_before_it_is_forbidden(
    grade_source: "GradeSource", strict: Problem
) -> None:
    """Rules are asked last: first comes whether it is right."""
    graded = grade_source(MULTIPLIES.replace("2", "3"), "wrong.py", problem=strict)
    assert graded.verdict is Verdict.WRONG_ANSWER


SHY = """
import torch
def solution(x, y, n):
    if torch.autograd._profiler_enabled():
        raise RuntimeError("not while I am watched")
    torch.mul(x, 2, out=y)
"""


def test_who_will_not_be_watched_is_told_and_refused_where_it_matters(
    grade_source: "GradeSource", strict: Problem
) -> None:
    """Hiding from the trace is told in the grade; under a rule it is a violation."""
    told = grade_source(SHY, "shy.py")
    assert told.verdict is Verdict.ACCEPTED
    assert told.calls is not None
    assert any("not while I am watched" in call for call in told.calls)
    assert grade_source(SHY, "shy.py", problem=strict).verdict is Verdict.RULES_VIOLATION


def test_libraries_beyond_the_runtime_are_found(tmp_path: Path) -> None:
    """A library that was linked is named, and so is each symbol that it lends."""
    (tmp_path / "lent.c").write_text("int lent(void) { return 1; }")
    (tmp_path / "map").write_text("LENT_1 { global: lent; };")
    (tmp_path / "user.c").write_text("int lent(void); int solution(void) { return lent(); }")
    for words in (
        ["lent.c", "-shared", "-o", "liblent.so", "-Wl,--version-script=map"],
        ["user.c", "-shared", "-o", "user.so", "-L.", "-llent"],
    ):
        subprocess.run(["gcc", *words], cwd=tmp_path, check=True)
    assert calls_of_artefact(tmp_path / "user.so") == ("lent", "liblent.so")


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("import torch.nn.functional as F, math", ()),
        ("from scipy.linalg import blas", ("import scipy.linalg",)),
        ("def f():\n    import ctypes", ("import ctypes",)),
        ("exec('x = 1')", ("exec()",)),
        ("from . import sibling", ()),
    ],
)
def test_modules_are_found_wherever_they_are_imported(source: str, calls: tuple[str, ...]) -> None:
    """Imports at the top or within a function, and code that is made while it runs."""
    assert calls_of_source(source.encode()) == calls


def test_warnings_of_a_source_are_not_for_the_judges_readers() -> None:
    """A dubious escape in a stranger's text is neither shown nor, as an error, ours."""
    assert calls_of_source(b"import ctypes\npattern = '\\d'") == ("import ctypes",)


# in the header, in the table of sections at the end, or anywhere
PLACE = st.one_of(st.integers(0, 63), st.integers(-2048, -1), st.integers(0, 2**32 - 1))
LEAVES = """
import os, signal
def solution(x, y, n):
    y.copy_(x * 2)
    if not os.path.exists("born"):
        open("born", "w").close()
        if os.fork() == 0:
            signal.pause()
"""


def test_who_leaves_a_process_behind_is_told(grade_source: "GradeSource") -> None:
    """A process that still stands when all is checked is counted in the grade, and ended."""
    assert grade_source(LEAVES, "leaves.py").left_running == 1
    assert grade_source(MULTIPLIES, "clean.py").left_running == 0


def test_nothing_said_forbids_nothing() -> None:
    """Without `allow` everything is allowed; with an empty one nothing is."""
    assert forbidden(("dlopen",), None) == ()
    assert forbidden(("dlopen",), ()) == ("dlopen",)


@settings(max_examples=300, deadline=None, database=None)
@given(
    changes=st.lists(st.tuples(PLACE, st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.one_of(st.just(0), PLACE),
)
@example(changes=[(47, 128)], cut=0)  # an offset beyond 63 bits
def test_a_spoilt_object_is_unreadable_and_no_more(
    artefact: Path, changes: list[tuple[int, int]], cut: int
) -> None:
    """Bytes that were changed anywhere give names or NotReadable, never another error."""
    spoilt = bytearray(artefact.read_bytes())
    for place, byte in changes:
        spoilt[place % len(spoilt)] = byte
    with contextlib.suppress(NotReadable):
        imports_of(bytes(spoilt[: len(spoilt) - cut % len(spoilt)]))


def test_a_chain_of_versions_that_bites_its_tail_ends(artefact: Path) -> None:
    """Four billion entries that are all the same one are refused at once."""
    spoilt = bytearray(artefact.read_bytes())
    offset, count = struct.unpack_from("<Q", spoilt, 40)[0], struct.unpack_from("<H", spoilt, 60)[0]
    headers = {struct.unpack_from("<I", spoilt, offset + 64 * i + 4)[0]: i for i in range(count)}
    versions = offset + 64 * headers[0x6FFFFFFE]
    (entries,) = struct.unpack_from("<Q", spoilt, versions + 24)
    struct.pack_into("<I", spoilt, versions + 44, 2**32 - 1)  # how many there are said to be
    struct.pack_into("<I", spoilt, entries + 12, 0)  # how far it is to the next
    with pytest.raises(NotReadable, match="versions"):
        imports_of(bytes(spoilt))


@pytest.mark.parametrize("kind", ["6", "11", "0x6fffffff", "0x6ffffffe"])
def test_a_second_table_hides_nothing(tmp_path: Path, kind: str) -> None:
    """A section that a source adds is not read in place of the linker's own: it is told."""
    source = (
        f'__asm__(".section .fake,\\"a\\",@{kind}\\n.quad 0, 0, 0\\n.previous");\n'
        "void *dlopen(const char *, int);\nvoid *solution(void) { return dlopen(0, 2); }\n"
    )
    (tmp_path / "hides.c").write_text(source)
    subprocess.run(["gcc", "hides.c", "-shared", "-o", "hides.so"], cwd=tmp_path, check=True)
    (told,) = calls_of_artefact(tmp_path / "hides.so")
    assert "cannot be read: there is more than one" in told


@pytest.mark.parametrize(
    ("added", "words"),
    [
        # each depth is imported by some stack and too deep for a deeper one
        (f"    if n < 0: return {'-' * 2990}1.0\n", "recursion"),
        (f"    if n < 0:\n        {'n;' * (1 << 17)}\n", "bytes of source"),
    ],
    ids=["deep", "long"],
)
def test_a_source_that_cannot_be_looked_at_is_told_as_such(added: str, words: str) -> None:
    """A tree too deep or too large for the judge is no fault of the judge's, and no rule's."""
    (call,) = calls_of_source((MULTIPLIES + added).encode())
    assert call.startswith("unread (")
    assert words in call
    assert forbidden((call,), ("aten::*", "import *")) == (call,)


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artefact")
    (folder / "a.c").write_text("#include <math.h>\ndouble f(double x) { return exp(x); }")
    subprocess.run(["gcc", "a.c", "-shared", "-o", "a.so", "-lm"], cwd=folder, check=True)
    return folder / "a.so"
