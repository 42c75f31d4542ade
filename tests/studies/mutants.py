"""
Does a test notice when the judge's arithmetic is changed? Each mutant has one small change.

    python tests/studies/mutants.py            every mutant; survivors are printed
    python tests/studies/mutants.py compare    of one module
    python tests/studies/mutants.py compare:41 of one line

`mutants.md` says of each survivor why it is one. Mutants are children of this process, which has
imported what is slow to import; each runs the tests of its module until one fails.
"""

import ast
import contextlib
import copy
import importlib.util
import os
import signal
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis.extra.numpy  # noqa: F401 — slow to import, so once
import ml_dtypes  # noqa: F401
import numpy  # noqa: F401, ICN001
import pytest

ROOT = Path(__file__).parents[2]
TESTS = {
    "oracle/compare": ("tests/oracle/test_compare.py", "tests/oracle/test_judge.py"),
    "oracle/tolerance": ("tests/oracle/test_tolerance.py",),
    "clock/statistics": ("tests/clock/test_statistics.py", "tests/clock/test_coverage.py"),
    "clock/scores": ("tests/clock/test_scores.py", "tests/clock/test_coverage.py"),
}
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider",
           "-W", "ignore::pytest.PytestAssertRewriteWarning")  # fmt: skip
PATIENCE_S = 120
OTHERS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,), ast.Pow: (ast.Mult,), ast.LShift: (ast.RShift,),
    ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,), ast.And: (ast.Or,), ast.Or: (ast.And,),
}  # fmt: skip
NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True, slots=True)
class Mutant:
    module: str
    line: int
    was: str
    now: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line}  `{self.was}` → `{self.now}`"


def mutants(module: str) -> Iterator[Mutant]:
    """Every change of a module, one at a time."""
    original = ast.parse((ROOT / "harness" / f"{module}.py").read_text())
    for number, node in enumerate(ast.walk(original)):
        for change in range(len(_changed(node))):
            tree = copy.deepcopy(original)
            site = list(ast.walk(tree))[number]
            was = ast.unparse(site)
            other = _changed(site)[change]
            site.__class__ = other.__class__
            site.__dict__ = other.__dict__
            if isinstance(site, ast.expr | ast.stmt):
                now = ast.unparse(site)
                yield Mutant(module, getattr(node, "lineno", 0), was, now, tree)


def _changed(node: ast.AST) -> list[ast.AST]:
    """What stands in a node's place in its mutants."""
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.IfExp):
        return [_with(node, body=node.orelse, orelse=node.body)]
    if isinstance(node, ast.Return) and node.value is not None:
        return [_with(node, value=ast.Constant(None))]
    return [*_otherwise_combined(node), *_otherwise_called(node), *_otherwise_valued(node)]


def _otherwise_combined(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in OTHERS.get(type(operator), ()):
                yield _with(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
        for other in OTHERS.get(type(node.op), ()):
            yield _with(node, op=other())


def _otherwise_called(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Name) and node.id in NAMES:
        yield _with(node, id=NAMES[node.id])
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield _with(node, attr=NAMES[node.attr])


def _otherwise_valued(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        is_flag = isinstance(node.value, bool)
        others = {not node.value} if is_flag else {node.value + 1, node.value * 0.5}
        yield from (_with(node, value=value) for value in sorted(others - {node.value}))


def _with(node: ast.AST, **fields: object) -> ast.AST:
    other = copy.copy(node)
    other.__dict__.update(fields)
    return other


def _is_noticed(mutant: Mutant) -> bool:
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE_S)
        with Path(os.devnull).open("w") as null:
            os.dup2(null.fileno(), 1)
            os.dup2(null.fileno(), 2)
        code = 1
        with contextlib.suppress(BaseException):
            _put_in_place(mutant)
            tests = [str(ROOT / path) for path in TESTS[mutant.module]]
            code = pytest.main([*OPTIONS, *tests])
        os._exit(int(code != 0))
    return bool(os.waitpid(child, 0)[1])


def _put_in_place(mutant: Mutant) -> None:
    """As the module that everybody imports from now on."""
    name = f"harness.{mutant.module.replace('/', '.')}"
    module = types.ModuleType(name)
    module.__spec__ = importlib.util.find_spec(name)
    sys.modules[name] = module
    exec(compile(ast.fix_missing_locations(mutant.tree), name, "exec"), module.__dict__)
    package, _, own = name.rpartition(".")
    setattr(importlib.import_module(package), own, module)


def main(chosen: str) -> None:
    wanted, _, line = chosen.partition(":")
    for module in TESTS:
        if wanted in module:
            _study(module, line)


def _study(module: str, line: str) -> None:
    same = ast.parse((ROOT / "harness" / f"{module}.py").read_text())
    assert not _is_noticed(Mutant(module, 0, "", "", same)), "the tests fail without a change"
    count = survivors = 0
    for mutant in mutants(module):
        if mutant.was in {"True", "False"} and mutant.line in _decorators(module):
            continue  # how a record is made, not what is computed
        if line and mutant.line != int(line):
            continue
        count += 1
        if not _is_noticed(mutant):
            survivors += 1
            print(mutant, flush=True)
    print(f"{module}: {count} mutants, {survivors} survive", flush=True)


def _decorators(module: str) -> set[int]:
    tree = ast.parse((ROOT / "harness" / f"{module}.py").read_text())
    return {
        decorator.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
    }


if __name__ == "__main__":
    os.chdir(ROOT)
    main(sys.argv[1] if len(sys.argv) > 1 else "")
