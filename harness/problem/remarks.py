"""What is no fault of a problem file, and worth a look all the same."""

from collections.abc import Iterator

from harness.problem.spec import file_slug
from harness.records import Problem, Role


def remarks(problem: Problem) -> Iterator[str]:
    """Keys that nothing reads, a slug of another name, scalars that never vary: a sentence each."""
    for key, _ in problem.extra:
        yield f"the key `{key}` is kept, but nothing reads it"
    named = file_slug(problem.path)
    if named != problem.slug:
        yield f"the slug is `{problem.slug}`, but the file's place says `{named}`"
    yield from _constant_scalars(problem)


def _constant_scalars(problem: Problem) -> Iterator[str]:
    scalars = [param.name for param in problem.params if param.role is Role.SCALAR]
    if len(problem.cases) == 1 and scalars:
        yield "there is only one case: a kernel with its numbers written into it would pass"
        return
    given = [dict(case.scalars) for case in problem.cases]
    for name in scalars if given else ():
        if len(values := {scalars_of[name] for scalars_of in given}) == 1:
            (value,) = values
            yield f"`{name}` is {value:g} in every case: a kernel that ignores it would pass"
