"""
Whom a submission has work for it: libraries, operators, other modules. Told in every report, and
forbidden where the problem's `allow:` leaves it out. A matter of rules, never of safety: what does
not want to be seen can hide here, and gets nothing by it but a place in a list.
"""

import ast
import fnmatch
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.delegation.elf import NotReadable, imports_of
from harness.problem.source import parse_module
from harness.records import Fell, Verdict

# what every C++ program stands on
_RUNTIME = (
    "libc.so.*", "libm.so.*", "libstdc++.so.*", "libgcc_s.so.*", "libgomp.so.*", "libomp.so.*",
    "libpthread.so.*", "libmvec.so.*", "ld-linux*",
)  # fmt: skip
# with these, anything can be called that no table shows
_DOORS = (
    "dlopen", "dlmopen", "dlsym", "dlvsym", "system", "popen", "fork", "vfork", "exec*",
    "posix_spawn*", "syscall",
)  # fmt: skip
_PLAIN_MODULES = frozenset(
    """
    __future__ abc collections contextlib dataclasses enum functools itertools math operator torch
    triton typing
    """.split()  # noqa: SIM905 — a list of quoted words is harder to read
)
_DYNAMIC = frozenset({"__import__", "compile", "eval", "exec"})
MAX_SOURCE = 1 << 17  # bytes that are looked through: a tree takes a thousand times as many
# operators that make room or look at it in another way
_PLAIN_OPERATORS = (
    "aten::_reshape_alias", "aten::_to_copy", "aten::_unsafe_view", "aten::alias",
    "aten::as_strided", "aten::clone", "aten::contiguous", "aten::copy_", "aten::detach",
    "aten::empty*", "aten::expand", "aten::fill_", "aten::lift_fresh", "aten::new_empty*",
    "aten::permute", "aten::reshape", "aten::resolve_*", "aten::select", "aten::set_",
    "aten::slice", "aten::split*",
    "aten::squeeze", "aten::t", "aten::to", "aten::transpose", "aten::unbind", "aten::unsqueeze",
    "aten::view*", "aten::zero_", "aten::zeros*",
)  # fmt: skip


def calls_of_artefact(artefact: Path) -> tuple[str, ...]:
    """Libraries beyond the runtime, symbols from elsewhere, and the doors to more."""
    try:
        imports = imports_of(artefact.read_bytes())
    except NotReadable as error:
        return (str(error),)
    found = [name for name in imports.libraries if not _matches(name, _RUNTIME)]
    for symbol, library in imports.symbols:
        if _matches(symbol, _DOORS) or (library and not _matches(library, _RUNTIME)):
            found.append(symbol)
    return tuple(dict.fromkeys(sorted(found)))


def calls_of_source(source: bytes) -> tuple[str, ...]:
    """Modules that a Python submission imports beyond the plain ones; and dynamic code."""
    if len(source) > MAX_SOURCE:
        return (f"unread ({len(source)} bytes of source)",)
    try:
        tree = parse_module(source)
    except SyntaxError as error:  # it was imported, from less deep in a stack than we are
        return (f"unread ({error.msg})",)
    return tuple(dict.fromkeys(sorted(_named(tree))))


def _named(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=module, level=0) if module:
                modules = [module]
            case ast.Call(func=ast.Name(id=name)) if name in _DYNAMIC:
                yield f"{name}()"
                continue
            case _:
                continue
        yield from (f"import {m}" for m in modules if m.split(".")[0] not in _PLAIN_MODULES)


def calls_of_operators(operators: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in set(operators) if not _matches(name, _PLAIN_OPERATORS)))


def forbidden(calls: Iterable[str], allow: tuple[str, ...] | None) -> tuple[str, ...]:
    """Those that `allow` leaves out; None allows everything."""
    if allow is None:
        return ()
    return tuple(call for call in calls if not _matches(call.removeprefix("import "), allow))


def breach(calls: Iterable[str], allow: tuple[str, ...] | None) -> Fell | None:
    hits = forbidden(calls, allow)
    if not hits:
        return None
    allowed = ", ".join(allow or ()) or "nothing"
    return Fell(
        verdict=Verdict.RULES_VIOLATION,
        reason="policy",
        message=f"it is right, but calls {', '.join(hits)}; beside the plain, {allowed} is allowed",
    )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
