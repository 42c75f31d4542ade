"""Whether a Python submission launches Triton kernels, by its text alone."""

import ast


def is_triton(source: bytes) -> bool:
    """It imports Triton anywhere; what cannot be parsed does not."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # the runner will say what is wrong with it
    return any(_imports_triton(node) for node in ast.walk(tree))


def _imports_triton(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] == "triton" for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.level == 0 and (node.module or "").partition(".")[0] == "triton"
    return False
