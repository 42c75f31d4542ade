"""The judge that kernel writers trust. `grade` and `load_problem` are its library."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.pipeline import grade as grade
    from harness.problem.catalogue import load_problem as load_problem

__all__ = ["grade", "load_problem"]


def __getattr__(name: str) -> Any:
    # on demand: `grade --help` and completion must not pay for numpy
    if name == "grade":
        from harness.pipeline import grade  # noqa: PLC0415 — see above

        return grade
    if name == "load_problem":
        from harness.problem.catalogue import load_problem  # noqa: PLC0415 — see above

        return load_problem
    raise AttributeError(f"module 'harness' has no attribute {name!r}")
