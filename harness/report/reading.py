"""Documents read strictly as records: what is not as it should be is named by its place."""

import dataclasses
import json
import math
import types
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from harness.errors import UserError

Record = TypeVar("Record")
WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


class Misread(Exception):  # noqa: N818 — says of a document what is wrong with it
    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where or 'the document'} {problem}")


def load_document(path: Path) -> dict[str, Any]:
    """A JSON object from a file, or an error that names both."""
    try:
        if not path.is_file():
            raise UserError(f"{path}: not a file")
        document = json.loads(path.read_bytes(), parse_constant=_refuse)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UserError(f"{path}: not a JSON object")
    return document


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def as_record(kind: type[Record], value: Any, where: str = "") -> Record:
    """Every field of a frozen dataclass, by name; what has a default may be missing."""
    if not isinstance(value, dict):
        raise Misread(where, "is not an object")
    hints = get_type_hints(kind)
    found = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        place = f"{where}.{field.name}" if where else field.name
        if field.name in value:
            found[field.name] = _as(hints[field.name], value[field.name], place)
        elif field.default is dataclasses.MISSING:
            raise Misread(place, "is missing")
    return kind(**found)


def _as(kind: Any, value: Any, where: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return None if value is None else _as(inner[0], value, where)
    if origin is tuple:
        return _as_tuple(inner, value, where)
    if dataclasses.is_dataclass(kind):
        return as_record(kind, value, where)  # type: ignore[arg-type]
    if issubclass(kind, Enum):
        if value not in list(kind):
            raise Misread(where, f"is none of {', '.join(map(str, kind))}")
        return kind(value)
    return _as_plain(kind, value, where)


def _as_tuple(inner: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise Misread(where, "is not a list")
    kinds = inner[:1] * len(value) if inner[1:] == (...,) else inner
    if len(value) != len(kinds):
        raise Misread(where, f"has {len(value)} items, not {len(kinds)}")
    return tuple(
        _as(kind, item, f"{where}[{number}]")
        for number, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _as_plain(kind: Any, value: Any, where: str) -> Any:
    wanted = (int, float) if kind is float else kind
    # a bool is an int to Python, and to nobody else
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        raise Misread(where, f"is not {WORDS[kind]}")
    try:
        if kind is float and not math.isfinite(value):  # 1e999
            raise OverflowError
        return kind(value)
    except OverflowError:
        raise Misread(where, "is too large a number") from None
