"""The element types that a signature may name: one table."""

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
