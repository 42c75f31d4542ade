"""A submission as it is read: bytes, language, header; and files that are none."""

import hashlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from harness.errors import UserError
from harness.records import Language, Submission
from harness.submission import LANGUAGES, MAX_BYTES, read_submission


def _read(folder: Path, source: str | bytes, name: str = "mine.cpp") -> Submission:
    path = folder / name
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return read_submission(path)


@pytest.mark.parametrize("suffix", LANGUAGES)
def test_the_suffix_is_the_language(tmp_path: Path, suffix: str) -> None:
    """Every suffix that we know, and the bytes as they are."""
    source = b"int x;\r\n\xff\x00"
    found = _read(tmp_path, source, f"mine{suffix}")
    assert found.language is LANGUAGES[suffix]
    assert found.source == source
    assert found.sha256 == hashlib.sha256(source).hexdigest()
    assert (found.problem, found.dtype, found.device) == (None, None, None)


def test_c_is_not_cpp() -> None:
    """The two have compilers of their own."""
    assert LANGUAGES[".c"] is Language.C
    assert LANGUAGES[".cc"] is LANGUAGES[".cpp"] is Language.CPP


# ---- headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "# grade: problem=some-slug dtype=float16 device=cpu",
        "// grade: problem=some-slug dtype=float16 device=cpu",
        "//grade:problem=some-slug   dtype=float16\tdevice=cpu  ",
        "/* grade: problem=some-slug dtype=float16 device=cpu */",
        "/*\n * grade: problem=some-slug dtype=float16 device=cpu\n */",
        "/*\n * A kernel.\n * grade: problem=some-slug dtype=float16 device=cpu*/",
        "#!/usr/bin/env python\n\n  # grade: device=cpu\n# grade: problem=some-slug dtype=float16",
        "\ufeff# grade: problem=some-slug dtype=float16 device=cpu",
        "# grade: problem=some-slug dtype=float16 device=cpu\r",
        "# caf\xe9\n# grade: problem=some-slug dtype=float16 device=cpu",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_header_is_read(tmp_path: Path, header: str, encoding: str) -> None:
    """In the comments of every language, on one line or several."""
    found = _read(tmp_path, f"{header}\nint x;\n".encode(encoding, "ignore"))
    assert (found.problem, found.dtype, found.device) == ("some-slug", "float16", "cpu")


def test_a_header_may_ask_for_one_thing(tmp_path: Path) -> None:
    """What it does not mention stays open."""
    found = _read(tmp_path, "// grade: dtype=bfloat16\n")
    assert (found.problem, found.dtype, found.device) == (None, "bfloat16", None)


@pytest.mark.parametrize(
    "source",
    [
        "# grade:\nimport torch\n",
        'x = "grade: problem=other"\n',
        "# downgrade: problem=other\n",
        "# see grade: problem=other\n",
        "\n" * 40 + "# grade: problem=other\n",
    ],
)
def test_other_lines_are_no_headers(tmp_path: Path, source: str) -> None:
    """An empty header, code, other words and what stands far down ask for nothing."""
    found = _read(tmp_path, source, "mine.py")
    assert (found.problem, found.dtype, found.device) == (None, None, None)


def test_a_few_flags_may_be_asked_for(tmp_path: Path) -> None:
    """Those that speak of arithmetic and of code are kept, in their order."""
    found = _read(tmp_path, "// grade: flags=-O2,-ffast-math dtype=float16\n")
    assert found.flags == ("-O2", "-ffast-math")
    assert found.dtype == "float16"
    assert _read(tmp_path, "int x;\n").flags == ()


@pytest.mark.parametrize(
    "flag",
    ["-march=x86-64", "-fplugin=evil.so", "-include", "-I/etc", "-lm", "-Wl,-z,lazy", "-O2 ;rm",
     "@file", "-fopenmp", "-specs=x", "-B.", "-o", "-ffast-math\0-lm", "-wrapper"],
)  # fmt: skip
def test_other_flags_are_refused_by_name(tmp_path: Path, flag: str) -> None:
    """What reads, links, loads or runs anything, and what names a machine, is the harness's own."""
    with pytest.raises(UserError, match=r"flags=|cannot be read at") as caught:
        _read(tmp_path, f"// grade: flags=-O2,{flag}\n")
    assert "-ffast-math" in str(caught.value) or "flags=…" in str(caught.value)


def test_flags_are_for_compilers(tmp_path: Path) -> None:
    """A Python file has none to give."""
    with pytest.raises(UserError, match="C and C"):
        _read(tmp_path, "# grade: flags=-O2\n", "mine.py")


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ("problm=some", "problm=some"),
        ("problem", "problem"),
        ("problem=", "problem="),
        ("problem = some", "problem"),
        ("dtype=float16, device=cpu", None),
        ("dtype=float16 and device=cpu", "and"),
        ("=x", "=x"),
    ],
)
def test_a_header_that_cannot_be_read_is_a_user_error(
    tmp_path: Path, header: str, word: str | None
) -> None:
    """The message shows the word and how to write it; a stray comma belongs to its value."""
    if word is None:
        assert _read(tmp_path, f"# grade: {header}\n").dtype == "float16,"
        return
    with pytest.raises(UserError) as caught:
        _read(tmp_path, f"# grade: {header}\n")
    assert str(caught.value).endswith(
        f"mine.cpp: `grade: {header}` cannot be read at `{word}`;"
        " write problem=… dtype=… device=… flags=…"
    )


def test_a_hostile_header_costs_no_time(tmp_path: Path) -> None:
    """A megabyte of blanks inside a header is read in one pass, not in its third power."""
    blanks = " " * (MAX_BYTES - 100)
    with _at_most(20), pytest.raises(UserError, match="cannot be read at `a`"):
        _read(tmp_path, f"# grade: a{blanks}b")


# ---- files that are none ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mine", "mine.txt", "mine.CPP", "mine.py.bak", ".cpp"])
def test_an_unknown_suffix_is_told_with_those_we_know(tmp_path: Path, name: str) -> None:
    """Before the file is even opened."""
    with pytest.raises(UserError, match=r"a submission ends in \.cpp, \.cc, \.c, \.cu, \.py$"):
        read_submission(tmp_path / name)


@pytest.mark.parametrize("source", ["", "\n", " \t\r\n"])
def test_an_empty_file_is_told(tmp_path: Path, source: str) -> None:
    """Blanks are nothing."""
    with pytest.raises(UserError, match="the file is empty"):
        _read(tmp_path, source)


def test_a_file_over_the_size_limit_is_told(tmp_path: Path) -> None:
    """The limit itself is admitted, one byte more is not."""
    assert len(_read(tmp_path, b"x" * MAX_BYTES).source) == MAX_BYTES
    with pytest.raises(UserError, match=f"{MAX_BYTES + 1} bytes; a submission has at most"):
        _read(tmp_path, b"x" * (MAX_BYTES + 1))


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Whoever hangs is interrupted, so that a failing test fails instead of hanging."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"signal {number} in {frame}")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_fifo_is_told_and_does_not_hang(tmp_path: Path) -> None:
    """Nobody writes into it, and still there is an answer."""
    os.mkfifo(tmp_path / "mine.cpp")
    with _at_most(20), pytest.raises(UserError, match="not a regular file"):
        read_submission(tmp_path / "mine.cpp")


def test_a_folder_is_told(tmp_path: Path) -> None:
    """Even one with the right suffix."""
    (tmp_path / "mine.cpp").mkdir()
    with pytest.raises(UserError, match=r"cannot be read \(Is a directory\)"):
        read_submission(tmp_path / "mine.cpp")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("/dev/zero", "not a regular file"),
        ("/proc/self/mem", "cannot be read"),
        ("nowhere", r"cannot be read \(No such file or directory\)"),
        ("mine.cpp", r"cannot be read \(Too many levels of symbolic links\)"),
    ],
)
def test_a_link_to_what_is_no_file_is_told(tmp_path: Path, target: str, says: str) -> None:
    """Devices, unreadable files, nothing, and a link to itself."""
    (tmp_path / "mine.cpp").symlink_to(target)
    with pytest.raises(UserError, match=says):
        read_submission(tmp_path / "mine.cpp")


@pytest.mark.parametrize("name", ["a\0b.cpp", "x" * 300 + ".cpp"])
def test_an_impossible_name_is_told(tmp_path: Path, name: str) -> None:
    """A name that no file can have."""
    with pytest.raises(UserError, match="cannot be read"):
        read_submission(tmp_path / name)
