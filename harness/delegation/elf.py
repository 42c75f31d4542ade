"""
What a shared object asks of others: libraries, and symbols that the runtime does not define.

Only the tables that tell it are read, by hand and within bounds: the bytes come from a stranger's
source, if through our linker. A source can add sections, so a second table of a kind is told as
such: one of the two is there to be read in place of the other.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SYMBOLS = 1 << 16
MAX_VERSIONS = 1 << 15  # as many as there are numbers for them
MAX_NAME = 1 << 14  # mangled names of templates are long
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_DYNAMIC = struct.Struct("<qQ")
_TABLE, _DYNSYM, _VERSIONS, _VERNEED = 6, 11, 0x6FFFFFFF, 0x6FFFFFFE
_TABLES = (_TABLE, _DYNSYM, _VERSIONS, _VERNEED)
_NEEDED, _UNDEFINED, _WEAK = 1, 0, 2
_NEED = struct.Struct("<HHIII")
_NEED_VERSION = struct.Struct("<IHHII")


class NotReadable(ValueError):  # noqa: N818 — what it is, not what went wrong with us
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    libraries: tuple[str, ...]
    symbols: tuple[tuple[str, str], ...]  # each with the library that defines its version, or ""


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    offset: int
    size: int
    link: int
    info: int


def imports_of(data: bytes) -> Imports:
    try:
        sections = _sections(data)
        by_kind = {section.kind: section for section in sections}
        kinds = [section.kind for section in sections]
        if any(kinds.count(kind) > 1 for kind in _TABLES):
            raise ValueError("there is more than one")
        return Imports(
            libraries=tuple(_libraries(data, sections, by_kind)),
            symbols=tuple(_symbols(data, sections, by_kind)),
        )
    except (struct.error, IndexError, KeyError, ValueError, OverflowError) as error:
        raise NotReadable(f"its dynamic table cannot be read: {error}") from error


def _sections(data: bytes) -> list[_Section]:
    ident, *_, offset, _, _, _, _, size, count, _ = _HEADER.unpack_from(data)
    if ident[:6] != b"\x7fELF\x02\x01" or size != _SECTION.size:
        raise ValueError("not a little-endian 64-bit ELF file")
    found = []
    for i in range(count):
        _, kind, _, _, begin, length, link, info, _, _ = _SECTION.unpack_from(
            data, offset + i * size
        )
        found.append(_Section(kind, begin, length, link, info))
    return found


def _text(data: bytes, strings: _Section, offset: int) -> str:
    begin = strings.offset + offset
    end = data.index(b"\0", begin, min(strings.offset + strings.size, begin + MAX_NAME))
    return data[begin:end].decode("utf-8", "replace")


def _libraries(
    data: bytes, sections: list[_Section], by_kind: dict[int, _Section]
) -> Iterator[str]:
    table = by_kind[_TABLE]
    for tag, value in _DYNAMIC.iter_unpack(data[table.offset : table.offset + table.size]):
        if tag == _NEEDED:
            yield _text(data, sections[table.link], value)


def _symbols(
    data: bytes, sections: list[_Section], by_kind: dict[int, _Section]
) -> Iterator[tuple[str, str]]:
    """The undefined ones; weak ones may stay so, and are nobody's call."""
    table, versions = by_kind[_DYNSYM], by_kind.get(_VERSIONS)
    owners = _owners_of_versions(data, sections, by_kind)
    count = table.size // _SYMBOL.size
    if count > MAX_SYMBOLS:
        raise ValueError(f"{count} symbols")
    for i in range(1, count):
        name, info, _, section, _, _ = _SYMBOL.unpack_from(data, table.offset + i * _SYMBOL.size)
        if section == _UNDEFINED and info >> 4 != _WEAK:
            version = 0
            if versions is not None:
                (version,) = struct.unpack_from("<H", data, versions.offset + 2 * i)
            yield _text(data, sections[table.link], name), owners.get(version & 0x7FFF, "")


def _owners_of_versions(
    data: bytes, sections: list[_Section], by_kind: dict[int, _Section]
) -> dict[int, str]:
    """Which library each version number stands for."""
    found: dict[int, str] = {}
    table = by_kind.get(_VERNEED)
    if table is None:
        return found
    at, total = table.offset, 0
    for _ in range(table.info):
        _, count, file, first, following = _NEED.unpack_from(data, at)
        library, entry = _text(data, sections[table.link], file), at + first
        total += 1 + count  # entries may name each other again and again
        if total > MAX_VERSIONS:
            raise ValueError(f"more than {MAX_VERSIONS} versions")
        for _ in range(count):
            _, _, number, _, step = _NEED_VERSION.unpack_from(data, entry)
            found[number] = library
            entry += step
        at += following
    return found
