"""
Where problems are found: `--problems DIR`, then `./problems`, then the bundled ones.

A problem is named by slug (looked up among the files of a folder, never joined into a path) or by
the path of a Markdown file. Its reference stands in the folder `reference` beside the folder that
holds the problem, or inside it.
"""

import difflib
import hashlib
from dataclasses import replace
from pathlib import Path

from harness.errors import ProblemError, UserError
from harness.problem.fields import nearest
from harness.problem.missing import missing_to_grade
from harness.problem.reference import read_reference
from harness.problem.signature import signature_lines
from harness.problem.source import read_text
from harness.problem.spec import SLUG, read_problem
from harness.records import Fault, Problem

_PACKAGE = Path(__file__).resolve().parent.parent
# in a wheel the catalogue is inside the package, in a checkout beside it
BUNDLED = (
    _PACKAGE / "bundled" / "problems"
    if (_PACKAGE / "bundled").is_dir()
    else _PACKAGE.parent / "problems"
)


def folders(given: Path | None = None) -> tuple[Path, ...]:
    """The folders that are searched, the nearest first."""
    if given is not None and not given.is_dir():
        raise UserError(f"--problems {given}: not a folder")
    found = [folder for folder in (given, Path("problems")) if folder and folder.is_dir()]
    return (*(folder for folder in found if folder.resolve() != BUNDLED.resolve()), BUNDLED)


def slugs(given: Path | None = None) -> dict[str, Path]:
    """Every problem that can be named, with its file; a nearer folder hides a farther one."""
    found: dict[str, Path] = {}
    for folder in folders(given):
        for path in sorted(folder.glob("*.md")):
            if SLUG.fullmatch(path.stem):
                found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def load_problem(name: str | Path, *, problems: Path | None = None) -> Problem:
    """The problem of that slug or file, with its reference; what it lacks it may borrow."""
    path = find_problem(str(name), problems)
    problem = _with_reference(read_problem(path))
    has_signature_alone = problem.params and not problem.shapes and not problem.cases
    if has_signature_alone and problem.reference is None:
        problem = _borrowed(problem, problems)
    return problem


def gradable(problem: Problem) -> Problem:
    """The problem itself, or a UserError that names each missing key with a block to paste."""
    if missing := missing_to_grade(problem):
        blocks = "\n\n".join(missing)
        raise UserError(
            f"{problem.path}: this problem can be shown but not graded; it still needs, keys in"
            f" the front matter between the first two lines `---`,\n\n{blocks}"
        )
    return problem


def find_problem(name: str, problems: Path | None = None) -> Path:
    """The file that a slug or a path names."""
    if "/" in name or Path(name).suffix in {".md", ".txt"}:
        return Path(name)
    known = slugs(problems)
    if name in known:
        return known[name]
    here = Path(f"{name}.md")  # last: what is here never takes the place of what is known
    if SLUG.fullmatch(name) and here.is_file():
        return here
    longer = [slug for slug in known if name and slug.startswith(name)]
    near = longer[0] if longer else nearest(name, known)
    hint = f"did you mean {near}?" if near else "see `grade problems list`"
    where = ", ".join(str(folder) for folder in folders(problems))
    raise UserError(f"no problem `{name}` in {where}; {hint}")


def _with_reference(problem: Problem) -> Problem:
    module = f"{problem.slug.replace('-', '_')}.py"
    folder = problem.path.resolve().parent
    # never the file beside: that is where people put a submission
    places = (folder.parent / "reference" / module, folder / "reference" / module)
    beside = [path for path in places if path.is_file()]
    if problem.reference is not None and beside:
        raise UserError(
            f"{problem.path}: two references, the block under `## Reference`"
            f" and {beside[0]}; keep one"
        )
    if problem.reference is None and beside:
        source = read_text(beside[0])
        found = read_reference(source, beside[0])
        if isinstance(found, Fault):
            raise ProblemError(str(beside[0]), (found,), source)
        problem = replace(problem, reference=found)
    if problem.reference is None:
        return problem
    # what was graded is the text and the reference together
    both = f"{problem.sha256}\n{problem.reference.source}"
    return replace(problem, sha256=hashlib.sha256(both.encode()).hexdigest())


# what a file may say for itself, and borrow the rest
_KEPT = ("dtypes", "tolerance", "precision", "allow", "lazy")
_BELONGS_TO_CASES = ("let", "require", "inputs", "flops", "bytes")


def _refuse_half_a_problem(problem: Problem) -> None:
    if said := [f"`{key}`" for key in _BELONGS_TO_CASES if key in problem.given]:
        raise UserError(
            f"{problem.path}: it says {', '.join(said)} without shapes and cases, and those"
            f" of the catalogue's `{problem.slug}` come with their own\n"
            "      mend: remove it, or give the file shapes, cases and a reference"
        )


def _borrowed(problem: Problem, problems: Path | None) -> Problem:
    """A base-dialect file takes shapes, cases and reference from the catalogue's twin."""
    # the file may itself stand in a folder of problems and hide its twin in a farther one
    beside = (folder / f"{problem.slug}.md" for folder in folders(problems))
    twins = (path for path in beside if path.is_file() and not path.samefile(problem.path))
    twin_path = next(twins, None)
    if twin_path is None:
        return problem
    twin = _with_reference(read_problem(twin_path))
    mine, theirs = signature_lines(problem), signature_lines(twin)
    if mine != theirs:
        difference = "\n".join(
            difflib.unified_diff(theirs, mine, str(twin.path), str(problem.path), lineterm="", n=1)
        )
        raise UserError(
            f"{problem.path}: its signature differs from the catalogue's `{problem.slug}`, so it"
            f" cannot borrow shapes and cases:\n{difference}\n"
            "      mend: make the parameters agree, or give the file its own slug, shapes and cases"
        )
    _refuse_half_a_problem(problem)
    kept = {key: getattr(problem, key) for key in _KEPT if key in problem.given}
    both = f"{twin.sha256}\n{kept}" if kept else ""
    return replace(
        twin,
        **kept,
        title=problem.title,
        author=problem.author,
        difficulty=problem.difficulty,
        tags=problem.tags,
        body=problem.body,
        path=problem.path,
        sha256=hashlib.sha256(both.encode()).hexdigest() if kept else twin.sha256,
        borrowed_from=twin.path,
    )
