"""What a file that can be shown still needs before it can be graded, each as a block to paste."""

from harness.dtypes import DTYPES
from harness.records import Param, Problem, Role

_OUTPUT = '  - {name: y, type: "[VAR]", pointer: true, const: false}'
_EXAMPLE = f"""parameters:
  - {{name: x, type: "[VAR]", pointer: true, const: true}}
{_OUTPUT}
  - {{name: n, type: size_t, pointer: false}}"""
_EXAMPLE_PARAMS = (
    Param(name="x", dtype=None, pointer=True, const=True),
    Param(name="y", dtype=None, pointer=True, const=False),
    Param(name="n", dtype=DTYPES["size_t"], pointer=False, const=False),
)


def missing_to_grade(problem: Problem) -> tuple[str, ...]:
    """Keys of the front matter first, then what belongs into the text."""
    params = problem.params or _EXAMPLE_PARAMS
    missing = []
    if not problem.params:
        missing.append(_EXAMPLE)
    elif not any(param.role.is_written for param in params):
        missing.append(f"an output at its place in `parameters`, with its shape, like\n{_OUTPUT}")
    tensors = [param.name for param in params if param.pointer]
    if tensors and not problem.shapes:
        lines = "\n".join(f"  {tensor}: [{_size(params)}]" for tensor in tensors)
        missing.append(f"shapes:\n{lines}")
    if not problem.cases:
        scalars = (param for param in params if param.role is Role.SCALAR)
        sizes = ", ".join(f"{scalar.name}: {_value(scalar)}" for scalar in scalars)
        missing.append(f"cases:\n  test:\n    - {{{sizes}}}")
    if problem.reference is None:
        arguments = ", ".join(param.name for param in params if param.role is not Role.OUTPUT)
        missing.append(
            f"in the text, or as the file reference/{problem.slug.replace('-', '_')}.py:\n\n"
            "## Reference\n```python\nimport torch\n\n\n"
            f"def reference({arguments}):\n    return ...\n```"
        )
    return tuple(missing)


def _size(params: tuple[Param, ...]) -> str:
    """A scalar that can be a size, or a number."""
    wholes = (
        param.name for param in params
        if not param.pointer and param.dtype is not None and param.dtype.kind == "int"
    )  # fmt: skip
    return next(wholes, "64")


def _value(scalar: Param) -> int:
    return 1 if scalar.dtype is DTYPES["bool"] else 7
