"""What a problem file may look like: every spelling that is found in the wild."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dtypes import DTYPES
from harness.errors import ProblemError, UserError
from harness.problem.source import MAX_BYTES
from harness.problem.spec import read_problem
from harness.records import Fault, Param, Problem, Role

Read = Callable[[str | bytes], Problem]

MANY = settings(max_examples=60, deadline=None, database=None)


def _one_param(read: Read, front: str) -> Param:
    (param,) = read(f"---\nslug: one\nparameters:\n  - {{name: x, {front}}}\n---\n").params
    return param


# ---- spellings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("true", ["true", "True", '"true"', "'True'", '"true "'])
@pytest.mark.parametrize("false", ["false", "False", '"false"', "'False'", '" false"'])
def test_booleans_may_be_quoted(read: Read, true: str, false: str) -> None:
    """Real and quoted booleans mean the same; the string "false" is not true."""
    param = _one_param(read, f"type: float, pointer: {true}, const: {false}")
    assert (param.pointer, param.const) == (True, False)
    param = _one_param(read, f"type: float, pointer: {false}, const: {true}")
    assert (param.pointer, param.const) == (False, True)


@pytest.mark.parametrize("key", ["const", "constant"])
@pytest.mark.parametrize("value", [True, False])
def test_const_and_constant_are_the_same(read: Read, key: str, value: bool) -> None:
    """Both spellings are read."""
    param = _one_param(read, f'type: float, pointer: true, {key}: "{str(value).lower()}"')
    assert param.const is value
    assert param.role is (Role.INPUT if value else Role.OUTPUT)


def test_const_and_constant_may_both_stand_if_they_agree(read: Read) -> None:
    """Saying the same thing twice is no fault."""
    assert _one_param(read, "type: float, pointer: true, const: true, constant: 'true'").const


@pytest.mark.parametrize(
    "spelling", ['"[VAR]"', "'[VAR]'", "[VAR]", "VAR", '"VAR"', "torch.Tensor"]
)
def test_the_variant_type_has_many_spellings(read: Read, spelling: str) -> None:
    """[VAR] quoted, bare (a YAML list) or without brackets, and torch.Tensor, are the variant."""
    param = _one_param(read, f"type: {spelling}, pointer: true, const: true")
    assert param.dtype is None


@pytest.mark.parametrize(
    ("front", "pointer", "const"),
    [
        ("", True, True),
        (", const: true", True, True),
        (", const: 'false'", True, False),
        (", pointer: true", True, True),
        (", pointer: true, constant: false", True, False),
    ],
)
def test_a_torch_tensor_is_read_unless_it_says_otherwise(
    read: Read, front: str, pointer: bool, const: bool
) -> None:
    """The one type that may leave `pointer` and `const` out: there the result is returned."""
    param = _one_param(read, f"type: torch.Tensor{front}")
    assert (param.pointer, param.const) == (pointer, const)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("float", "float32"), ("double", "float64"), ("half", "float16"), ("int", "int32"),
        ("uint64_t", "uint64"), ("int8_t", "int8"), ("uint32", "uint32"), ("size_t", "size_t"),
        ("bool", "bool"), ("bfloat16", "bfloat16"), ("float8", "float8"), ("float4", "float4"),
        ('"float16 "', "float16"), ("[float]", "float32"),
    ],
)  # fmt: skip
def test_types_have_the_names_of_c_and_of_numpy(read: Read, spelling: str, name: str) -> None:
    """Each spelling gives the element type of that name."""
    assert _one_param(read, f"type: {spelling}, pointer: true, const: true").dtype is DTYPES[name]


@pytest.mark.parametrize("line", ["\r\n", "\n"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\n\n"])
@pytest.mark.parametrize("dashes", ["---", "-----", "---  "])
def test_line_ends_and_margins_do_not_matter(
    read: Read, right: str, line: str, before: str, dashes: str
) -> None:
    """Windows line ends, a byte order mark, blank lines and longer rules read the same."""
    text = (before + right.replace("---", dashes)).replace("\n", line)
    assert read(text).params == read(right).params
    assert read(text).cases == read(right).cases
    assert read(text).body == "Scale it."


def test_the_order_of_parameters_is_kept(read: Read) -> None:
    """Scalars may stand before the output; nothing is sorted."""
    order = ["n", "out", "b", "m", "a"]
    kinds = dict.fromkeys("ab", "pointer: true, const: true") | {
        "out": "pointer: true, const: false"
    }
    lines = [
        f"  - {{name: {name}, type: int, {kinds.get(name, 'pointer: false')}}}" for name in order
    ]
    found = read("---\nslug: one\nparameters:\n" + "\n".join(lines) + "\n---\n").params
    assert [param.name for param in found] == order


def test_unknown_keys_are_kept(read: Read) -> None:
    """A top-level key that is no misspelling of ours survives as it was written."""
    problem = read('---\nslug: one\ngpus: ["B200", H200]\nweight: {a: [1, 2]}\nyear: 2026\n---\n')
    assert problem.extra == (("gpus", "[B200, H200]"), ("weight", "{a: [1, 2]}"), ("year", "2026"))


def test_what_is_left_out_has_a_default(read: Read) -> None:
    """A slug from the file's place, float32, IEEE precision, measured tolerance."""
    problem = read("---\nauthor: me\n---\nText")
    assert (problem.title, problem.body) == (problem.slug, "Text")
    assert (problem.dtypes, problem.precision, problem.allow) == (("float32",), "ieee", None)
    assert not problem.tolerance.exact
    assert problem.reference is None


PROSE = {
    "a title": ("# Sum  of rows #\n\nAdd.\n", "Sum  of rows"),
    "no title": ("Add the rows.\n", None),
    "smaller headings": ("## Input\n\nRows.\n", None),
    "code first": ("```sh\n# no title\n```\n# Sum\n", "Sum"),
    "a rule later": ("# Sum\n\nAdd.\n\n---\n\nslug: no key here\n", "Sum"),
    "an example of front matter": ("# Sum\n\n```\n---\nslug: some\n---\n```\n", "Sum"),
    "nothing": ("", None),
}


@pytest.mark.parametrize("name", PROSE)
def test_a_file_without_front_matter_is_a_description(tmp_path: Path, name: str) -> None:
    """It has the title of its first heading and the slug of its file, and can be shown."""
    text, title = PROSE[name]
    path = tmp_path / "row-sum.md"
    path.write_text(text)
    problem = read_problem(path)
    assert (problem.slug, problem.title) == ("row-sum", title or "row-sum")
    assert (problem.params, problem.cases, problem.reference) == ((), (), None)
    assert problem.body == text.strip()


@pytest.mark.parametrize(
    ("place", "slug"),
    [
        ("row-sum.md", "row-sum"),
        ("Row Sum.md", "row-sum"),
        ("some/row_sum.txt", "row_sum"),
        ("row-sum/problem.md", "row-sum"),
        ("Row Sum/README.md", "row-sum"),
        ("!.md", "problem"),
        (f"{'a' * 63}-b.md", "a" * 63),
    ],
)
def test_the_slug_may_be_that_of_the_place(tmp_path: Path, place: str, slug: str) -> None:
    """The name of the file, or of the folder where the file is the folder's only one."""
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("---\nauthor: me\n---\n")
    assert read_problem(path).slug == slug


def test_the_same_name_in_another_folder_is_another_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path means what it means now."""
    for slug in ("one", "two"):
        (tmp_path / slug).mkdir()
        (tmp_path / slug / "problem.md").write_text("Text.")
        monkeypatch.chdir(tmp_path / slug)
        assert read_problem(Path("problem.md")).slug == slug


def test_a_rule_in_the_prose_is_not_front_matter(read: Read, right: str) -> None:
    """Only the first two rules delimit; later ones belong to the body."""
    assert read(right + "\n---\nmore\n---\n").body == "Scale it.\n\n---\nmore\n---"


# ---- cases --------------------------------------------------------------------------------------


def test_a_case_fills_in_defaults_and_formulas(read: Read, right: str) -> None:
    """Defaults first, then the case's own; formulas over other scalars in whatever order."""
    text = right.replace("uint8_t, pointer: false}", "uint8_t, pointer: false}\n"
                         "  - {name: m, type: int, pointer: false}\n"
                         "  - {name: k, type: int, pointer: false}")  # fmt: skip
    text = text.replace("{n: 4, factor: 2}", "{m: 2*k + 1, k: n // 2, n: 4, factor: 2}")
    small, large = read(text).cases
    assert dict(small.scalars) == {"n": 4, "m": 5, "k": 2, "factor": 2}
    assert dict(large.scalars) == {"n": 8, "m": 9, "k": 4, "factor": 2}
    assert [name for name, _ in small.scalars] == ["n", "m", "k", "factor"]


def test_cases_without_a_name_get_one(read: Read, right: str) -> None:
    """The tier and the position name them, and the device where there is one."""
    text = right.replace("    - {name: small}\n", "    - {}\n").replace(
        "  test:\n", "  bench: {cuda: [{n: 6}], cpu: [{n: 2}]}\n  test:\n"
    )
    names = [(case.name, case.device) for case in read(text).cases]
    assert names == [
        ("test-1", "any"), ("large", "any"), ("bench-cuda-1", "cuda"), ("bench-cpu-1", "cpu"),
    ]  # fmt: skip


# ---- any text at all ----------------------------------------------------------------------------

SNIPPETS = st.sampled_from(
    [
        "{", "}", "[", "]", ":", "-", ",", "&a ", "*a", "!!python/name:os.system ", '"', "'", "\n",
        "  ", "\t", "1e999", ".inf", ".nan", "~", "? ", "| ", "> ", "%", "@", "`", "---\n", "<<: ",
        "\x85", "\u2028", "\ufeff", "\U0001f600", "0x1f", "0o7", "1:30", "9" * 5000, "\x00", "\x1b",
        '"\\UFFFFFFFF"', '"\\ud800"', '"\\e[31m"', "%YAML 1.1\n", "NO", "on", "-1", "2**63", "n",
        "null", "#", "\r", "[" * 30, "{a: " * 30, "1.5", "true", "\ud800",
    ]
)  # fmt: skip
EDITS = st.lists(
    st.tuples(st.integers(0, 700), st.integers(0, 12), SNIPPETS), min_size=1, max_size=4
)


@settings(max_examples=150, deadline=None, database=None)
@given(EDITS)
def test_a_damaged_file_is_read_or_refused(
    read: Read, right: str, edits: list[tuple[int, int, str]]
) -> None:
    """However a file is damaged, it loads or the user is told; nothing else is ever raised."""
    text = right
    for start, removed, snippet in edits:
        text = text[:start] + snippet + text[start + removed :]
    faults: tuple[Fault, ...] = ()
    try:
        read(text).title.encode()
    except ProblemError as error:
        faults = error.faults
    except UserError:
        pass
    assert all(fault.line >= 1 and fault.column >= 1 for fault in faults)


@MANY
@given(
    st.one_of(
        st.text(max_size=200),
        st.binary(max_size=200),
        st.text(max_size=200).map("---\n{}\n---".format),
    )
)
def test_arbitrary_text_is_read_or_refused(read: Read, text: str | bytes) -> None:
    """Neither text nor bytes of any kind raise anything but a UserError."""
    with contextlib.suppress(UserError):
        read(text)


# ---- files that are no files of ours ------------------------------------------------------------


def test_a_file_over_the_size_limit_is_refused(read: Read, right: str) -> None:
    """A byte more than the limit is too much; the limit itself is not."""
    full = right.encode() + b"x" * (MAX_BYTES - len(right.encode()))
    assert read(full).slug == "scale"
    with pytest.raises(UserError, match=rf"{MAX_BYTES + 1} bytes; a problem file has at most"):
        read(full + b"x")


def test_bytes_that_are_not_utf8_are_told_by_line(read: Read, right: str) -> None:
    """The message names the line and the byte."""
    with pytest.raises(UserError, match=r"problem\.md:3: not UTF-8 \(byte 0xe9\)"):
        read(right.encode().replace(b"title: Scale", b"title: Ecol\xe9"))


def test_a_nul_byte_is_told_by_line(read: Read, right: str) -> None:
    """A NUL anywhere is refused, with its line."""
    with pytest.raises(UserError, match=r"problem\.md:3: holds a NUL byte"):
        read(right.replace("Scale\n", "Sc\0le\n", 1))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/dev/null", "not a regular file"),
        ("/tmp", "not a regular file"),
        ("/proc/self/mem", "cannot be read"),
        ("/nowhere/at/all.md", "cannot be read"),
        ("a\0b.md", "cannot be read"),
    ],
)
def test_what_is_not_a_file_is_a_user_error(path: str, says: str) -> None:
    """Devices, folders, unreadable and missing files are told as such."""
    with pytest.raises(UserError, match=says):
        read_problem(Path(path))
