"""Where problems are found, and what a file with only a signature borrows."""

import os
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.problem.catalogue import BUNDLED, folders, gradable, load_problem, slugs
from harness.problem.dialect import render_base_dialect
from harness.records import Problem

OWN = ("conv-depthwise-2d-square-input-sq-kernel", "conv-depthwise-separable-2d")
SEEDS = os.environ.get("GRADE_SEEDS")


def _write(folder: Path, slug: str, title: str = "mine") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{slug}.md"
    path.write_text(f"---\nslug: {slug}\ntitle: {title}\n---\n")
    return path


# ---- where --------------------------------------------------------------------------------------


def test_the_bundled_problems_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an empty folder the catalogue is the bundled one."""
    monkeypatch.chdir(tmp_path)
    assert folders() == (BUNDLED,)
    assert set(OWN) <= slugs().keys()
    assert load_problem(OWN[0]).path == BUNDLED / f"{OWN[0]}.md"


def test_a_folder_of_problems_here_comes_before_the_bundled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """./problems hides a bundled problem of the same slug, and leaves the others."""
    _write(tmp_path / "problems", "local")
    _write(tmp_path / "problems", OWN[0], "hiding")
    monkeypatch.chdir(tmp_path)
    assert load_problem("local").title == "mine"
    assert slugs()[OWN[0]] == Path("problems") / f"{OWN[0]}.md"
    assert load_problem(OWN[1]).path == BUNDLED / f"{OWN[1]}.md"


def test_a_folder_that_is_named_comes_before_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--problems wins over ./problems, and that over the bundled ones."""
    _write(tmp_path / "problems", "both", "here")
    _write(tmp_path / "problems", "only-here")
    _write(tmp_path / "named", "both", "named")
    monkeypatch.chdir(tmp_path)
    assert load_problem("both", problems=tmp_path / "named").title == "named"
    assert "only-here" in slugs(tmp_path / "named")
    assert load_problem(OWN[1], problems=tmp_path / "named").slug == OWN[1]


def test_a_folder_that_is_none_is_a_user_error(tmp_path: Path) -> None:
    """--problems with a wrong path says so."""
    with pytest.raises(UserError, match=r"--problems .*nowhere: not a folder"):
        load_problem(OWN[0], problems=tmp_path / "nowhere")


def test_files_that_are_no_problems_are_not_listed(tmp_path: Path) -> None:
    """Only Markdown files whose name is a slug."""
    _write(tmp_path / "some", "good")
    (tmp_path / "some" / "README.md").write_text("Read me.")
    (tmp_path / "some" / "notes.txt").write_text("Notes.")
    assert slugs(tmp_path / "some").keys() - slugs().keys() == {"good"}


@pytest.mark.parametrize("shape", ["{folder}/local.md", "./{name}/local.md"])
def test_a_problem_may_be_named_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    """A path is taken as a path, wherever it leads."""
    _write(tmp_path / "elsewhere", "local")
    monkeypatch.chdir(tmp_path)
    name = shape.format(folder=tmp_path / "elsewhere", name="elsewhere")
    assert load_problem(name).slug == "local"


@pytest.mark.parametrize(
    "name", ["../problems/x", "/etc/passwd/x", "nowhere.md", "a/\0", "a/" * 3000]
)
def test_a_path_to_nothing_is_a_user_error(name: str) -> None:
    """No path, however odd, is anything worse."""
    with pytest.raises(UserError, match="cannot be read"):
        load_problem(name)


def test_an_unknown_slug_suggests_the_nearest() -> None:
    """The message names where it looked and what was probably meant."""
    with pytest.raises(UserError) as caught:
        load_problem("conv-depthwise-seperable-2d")
    assert "no problem `conv-depthwise-seperable-2d` in" in str(caught.value)
    assert str(caught.value).endswith("did you mean conv-depthwise-separable-2d?")


@pytest.mark.parametrize("name", ["", "..", "*", "xyzzy", "..\\x"])
def test_a_slug_is_looked_up_and_never_joined_into_a_path(name: str) -> None:
    """What is no slug of the catalogue is unknown, whatever it would mean as a path."""
    with pytest.raises(UserError, match=r"no problem .*see `grade problems list`"):
        load_problem(name)


def test_what_a_file_says_itself_is_not_borrowed(tmp_path: Path) -> None:
    """A file that borrows its cases keeps its own dtypes and tolerance, and is another problem."""
    text = render_base_dialect(load_problem(OWN[0]))
    plain, own = tmp_path / "plain.md", tmp_path / "own.md"
    plain.write_text(text)
    own.write_text(
        text.replace("parameters:", "dtypes: [bfloat16]\ntolerance: exact\nparameters:", 1)
    )
    borrowed, kept = load_problem(plain), load_problem(own)
    assert kept.cases == borrowed.cases == load_problem(OWN[0]).cases
    assert borrowed.dtypes == load_problem(OWN[0]).dtypes
    assert borrowed.sha256 == load_problem(OWN[0]).sha256
    assert kept.dtypes == ("bfloat16",)
    assert kept.tolerance.exact
    assert kept.sha256 != borrowed.sha256


@pytest.mark.parametrize("line", ["inputs: {output: normal}", "flops: 7", "let: {a: 1}"])
def test_half_a_problem_is_refused(tmp_path: Path, line: str) -> None:
    """What belongs to cases cannot stand without them: it would be dropped in silence."""
    text = render_base_dialect(load_problem(OWN[0]))
    (tmp_path / "half.md").write_text(text.replace("parameters:", f"{line}\nparameters:", 1))
    with pytest.raises(UserError, match="without shapes and cases"):
        load_problem(tmp_path / "half.md")


# ---- the reference ------------------------------------------------------------------------------


def test_a_reference_stands_in_the_folder_beside(tmp_path: Path) -> None:
    """`reference/<slug_in_snake>.py` beside the folder of problems is found."""
    _write(tmp_path / "problems", "my-own")
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "my_own.py").write_text("def reference(): ...\n")
    found = load_problem("my-own", problems=tmp_path / "problems").reference
    assert found is not None
    assert found.path == (tmp_path / "reference" / "my_own.py").resolve()
    assert found.source == "def reference(): ...\n"


@pytest.mark.parametrize("place", ["reference", "some/reference"])
def test_a_reference_stands_beside_the_folder_or_inside(place: str, tmp_path: Path) -> None:
    """The folder `reference` may be the sibling or a child of the problem's folder."""
    path = _write(tmp_path / "some", "my-own")
    (tmp_path / place).mkdir()
    (tmp_path / place / "my_own.py").write_text("def reference(): ...\n")
    found = load_problem(path).reference
    assert found is not None
    assert found.source == "def reference(): ...\n"


def test_a_file_beside_the_problem_is_not_its_reference(tmp_path: Path) -> None:
    """That is where people put a submission: it must not become what is right."""
    path = _write(tmp_path / "some", "my-own")
    (tmp_path / "some" / "my_own.py").write_text("def reference(): ...\n")
    assert load_problem(path).reference is None


BAD_MODULES = {
    "does not parse": (
        "def reference(x):\n    return = x",
        2,
        12,
        "not valid Python: invalid syntax",
    ),
    "defines something else": (
        "def answer(x):\n    return x",
        1,
        1,
        "defines no function `reference`",
    ),
}


@pytest.mark.parametrize(
    ("source", "line", "column", "what"), BAD_MODULES.values(), ids=BAD_MODULES
)
@pytest.mark.parametrize("is_fenced", [True, False], ids=["in the text", "beside"])
def test_a_bad_reference_is_told_with_its_place(
    tmp_path: Path, source: str, line: int, column: int, what: str, is_fenced: bool
) -> None:
    """A fault in the module is told when the problem is read, in whichever file it stands."""
    path = where = _write(tmp_path / "some", "my-own")
    if is_fenced:
        before = path.read_text() + "\n## Reference\n```python\n"
        path.write_text(f"{before}{source}\n```\n")
        line += before.count("\n")
    else:
        where = tmp_path / "reference" / "my_own.py"
        where.parent.mkdir()
        where.write_text(source)
    with pytest.raises(UserError) as caught:
        load_problem(path)
    assert str(caught.value).startswith(f"{where.resolve()}:{line}:{column}: the reference ")
    assert what in str(caught.value).splitlines()[0]


def test_another_reference_is_another_problem(tmp_path: Path) -> None:
    """The problem's hash covers its reference: what was graded is both together."""
    path = _write(tmp_path / "some", "my-own")
    (tmp_path / "reference").mkdir()
    hashes = set()
    for source in ("def reference(): ...\n", "def reference(): ...  # changed\n"):
        (tmp_path / "reference" / "my_own.py").write_text(source)
        hashes.add(load_problem(path).sha256)
    assert len(hashes) == 2


def test_two_references_are_one_too_many(tmp_path: Path) -> None:
    """A block in the file and a module beside it: the user decides, not we."""
    path = _write(tmp_path / "some", "my-own")
    path.write_text(path.read_text() + "## Reference\n```python\ndef reference(): ...\n```\n")
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "my_own.py").write_text("def reference(): ...\n")
    with pytest.raises(UserError, match=r"two references.*my_own\.py; keep one"):
        load_problem(path)


# ---- borrowing ----------------------------------------------------------------------------------


def _assert_borrows(problem: Problem, slug: str, path: Path) -> None:
    twin = load_problem(BUNDLED / f"{slug}.md")
    for noun in ("params", "let", "shapes", "require", "cases", "flops", "tolerance", "reference"):
        assert getattr(problem, noun) == getattr(twin, noun)
    assert problem.borrowed_from is not None
    assert problem.borrowed_from.samefile(BUNDLED / f"{slug}.md")
    assert problem.path == path
    assert gradable(problem) is problem


@pytest.mark.parametrize("slug", OWN)
def test_a_base_dialect_file_borrows_from_its_twin(tmp_path: Path, slug: str) -> None:
    """Signature and prose alone: shapes, cases and reference come from the catalogue."""
    path = tmp_path / "anything.txt"
    path.write_text(render_base_dialect(load_problem(slug)).replace("Depthwise", "Renamed"))
    problem = load_problem(path)
    _assert_borrows(problem, slug, path)
    assert problem.title.startswith("Renamed")


@pytest.mark.parametrize("slug", OWN)
def test_a_base_dialect_file_in_a_folder_of_problems_borrows_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slug: str
) -> None:
    """It hides its twin by name, and still finds it."""
    (tmp_path / "problems").mkdir()
    path = tmp_path / "problems" / f"{slug}.md"
    path.write_text(render_base_dialect(load_problem(slug)))
    monkeypatch.chdir(tmp_path)
    _assert_borrows(load_problem(slug), slug, Path("problems") / f"{slug}.md")


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ('"kernel"', '"weights"', ("-const [VAR]* kernel", "+const [VAR]* weights")),
        ('"size_t"', '"int"', ("-size_t batch_size", "+int32_t batch_size")),
        ('const: "true"', 'const: "false"', ("-const [VAR]* input", "+[VAR]* input")),
    ],
)
def test_another_signature_cannot_borrow(
    tmp_path: Path, old: str, new: str, lines: tuple[str, str]
) -> None:
    """A file that differs in one parameter is told the difference, line by line."""
    path = tmp_path / "mine.md"
    path.write_text(render_base_dialect(load_problem(OWN[0])).replace(old, new, 1))
    with pytest.raises(UserError, match="cannot borrow shapes and cases") as caught:
        load_problem(path)
    told = str(caught.value).splitlines()
    assert [line for line in told if line[0] in "-+" and line[:3] not in {"---", "+++"}] == [*lines]


def test_an_own_slug_borrows_nothing(tmp_path: Path) -> None:
    """A new problem with only a signature loads as it is."""
    path = tmp_path / "new.md"
    path.write_text(render_base_dialect(load_problem(OWN[0])).replace(OWN[0], "quite-new"))
    problem = load_problem(path)
    assert problem.borrowed_from is None
    assert not problem.shapes
    assert not problem.cases


def test_prose_alone_borrows_nothing(tmp_path: Path) -> None:
    """A text about a problem of the catalogue is shown as it is."""
    path = tmp_path / f"{OWN[0]}.md"
    path.write_text("# About it\n\nWords.\n")
    problem = load_problem(path)
    assert (problem.slug, problem.title, problem.params) == (OWN[0], "About it", ())


@pytest.mark.skipif(SEEDS is None, reason="GRADE_SEEDS names no folder with the seed files")
@pytest.mark.parametrize("number", ["000", "001"])
def test_the_seed_files_load_as_they_are(number: str) -> None:
    """The files that the project started from, byte for byte, borrow from their twins."""
    (path,) = Path(SEEDS or "").glob(f"{number}*.txt")
    problem = load_problem(path)
    _assert_borrows(problem, problem.slug, path)
    assert problem.author == "rotem"
    assert path.read_text().rstrip().endswith(problem.body)
