"""The element types that a signature may name: one table."""

import struct
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class DType:
    name: str
    c: str
    size_bytes: int
    kind: str  # "float", "int" or "bytes": bytes are packed payloads, compared exactly
    eps: float = 0.0  # distance from 1 to the next number, for floats

    @property
    def is_half(self) -> bool:
        return self.is_float and self.size_bytes < 4

    @property
    def is_float(self) -> bool:
        return self.kind == "float"


def _dtypes() -> dict[str, DType]:
    floats = (
        ("float64", "double", 8, 2.0**-52),
        ("float32", "float", 4, 2.0**-23),
        ("float16", "_Float16", 2, 2.0**-10),
        ("bfloat16", "grade_bfloat16", 2, 2.0**-7),
    )
    table = [DType(name=n, c=c, size_bytes=s, kind="float", eps=e) for n, c, s, e in floats]
    for bits in (8, 16, 32, 64):
        for prefix in ("int", "uint"):
            name = f"{prefix}{bits}"
            table.append(DType(name=name, c=f"{name}_t", size_bytes=bits // 8, kind="int"))
    table += [
        DType(name="size_t", c="size_t", size_bytes=8, kind="int"),
        DType(name="bool", c="bool", size_bytes=1, kind="int"),
        DType(name="float8", c="uint8_t", size_bytes=1, kind="bytes"),
        DType(name="float4", c="uint8_t", size_bytes=1, kind="bytes"),
    ]
    return {dtype.name: dtype for dtype in table}


DTYPES = MappingProxyType(_dtypes())


_CODES = {"float64": "<d", "float32": "<f", "float16": "<e"}


def scalar_bits(value: float, dtype: DType) -> int:
    """A scalar as it lies in memory, in its own type: what C++ and Python get is the same."""
    if not dtype.is_float:
        return int(value) % (1 << 64)
    if dtype.name == "bfloat16":  # the upper half of a float32, rounded to nearest, ties to even
        word = int.from_bytes(struct.pack("<f", value), "little")
        return (word + 0x7FFF + (word >> 16 & 1)) >> 16
    return int.from_bytes(struct.pack(_CODES[dtype.name], value), "little")


def scalar_value(bits: int, dtype: DType) -> int | float:
    data = bits.to_bytes(8, "little")[: dtype.size_bytes]
    if not dtype.is_float:
        return int.from_bytes(data, "little", signed=dtype.name.startswith("int"))
    value: float
    if dtype.name == "bfloat16":
        (value,) = struct.unpack("<f", b"\0\0" + data)
    else:
        (value,) = struct.unpack(_CODES[dtype.name], data)
    return value


def rounded(value: float, dtype: DType) -> int | float:
    """A scalar as its type holds it: what every arm and the truth itself compute with."""
    return scalar_value(scalar_bits(value, dtype), dtype)
