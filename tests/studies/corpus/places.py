"""Whole numbers: the place of the largest, rows by their number, quantisation."""

import torch
from torch import Tensor

from tests.studies.corpus.mistakes import kernels
from tests.studies.corpus.records import Given, Operator

# ---- whole numbers -------------------------------------------------------------------------------


def _scanned(g: Given) -> Tensor:
    """Blocks of 64, each with its first best; then the first best block."""
    best, place = torch.full((g.rows,), -torch.inf), torch.zeros(g.rows, dtype=torch.int64)
    for start in range(0, g.n, 64):
        piece = g.x[:, start : start + 64]
        own, where = piece.amax(-1), (piece == piece.amax(-1, keepdim=True)).int().argmax(-1)
        place = torch.where(own > best, start + where, place)
        best = torch.maximum(best, own)
    return place


def _last_best(x: Tensor) -> Tensor:
    return x.shape[-1] - 1 - x.flip(-1).argmax(-1)


ARGMAX = Operator(
    slug="argmax",
    front="""
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: place, type: int64_t, pointer: true, const: false}
  - {name: rows, type: size_t, pointer: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [rows, n], place: [rows]}
cases:
  sample: [{name: few, rows: 3, n: 5}]
  test: [{name: odd, rows: 129, n: 257}, {name: long, rows: 300, n: 4099}]
""",
    reference="def reference(x, rows, n):\n    return x.argmax(-1)\n",
    kernels=kernels(
        lambda g: g.x.argmax(-1),
        honest={
            "in blocks": _scanned,
            "by sorting": lambda g: torch.argsort(g.x, dim=-1, descending=True, stable=True)[:, 0],
        },
        wrong={
            "last of equals": lambda g: _last_best(g.x),
            "one further": lambda g: g.x.argmax(-1) + 1,
            "of magnitudes": lambda g: g.x.abs().argmax(-1),
            "smallest": lambda g: g.x.argmin(-1),
            "last element not looked at": lambda g: g.x[:, :-1].argmax(-1),
            "first half": lambda g: g.x[:, : (g.n + 1) // 2].argmax(-1),
        },
        is_whole=True,
    ),
)

GATHER = Operator(
    slug="gather-rows",
    front="""
parameters:
  - {name: table, type: "[VAR]", pointer: true, const: true}
  - {name: index, type: int64_t, pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: v, type: size_t, pointer: false}
  - {name: d, type: size_t, pointer: false}
  - {name: n, type: size_t, pointer: false}
shapes: {table: [v, d], index: [n], y: [n, d]}
inputs: {index: {integers: [0, v - 1]}}
tolerance: exact
cases:
  sample: [{name: few, v: 3, d: 2, n: 5}]
  test: [{name: odd, v: 129, d: 17, n: 65}, {name: words, v: 1000, d: 64, n: 33}]
""",
    reference="def reference(table, index, v, d, n):\n    return table[index]\n",
    kernels=kernels(
        lambda g: g.table[g.index],
        honest={
            "row by row": lambda g: torch.stack([g.table[int(i)] for i in g.index]),
            "by a product with ones": lambda g: (
                torch.nn.functional.one_hot(g.index, g.v).float() @ g.table
            ),
        },
        wrong={
            "one row further": lambda g: g.table[(g.index + 1) % g.v],
            "index cut to 7 bits": lambda g: g.table[g.index % 128],
            "sorted": lambda g: g.table[g.index.sort().values],
            "last row missing": lambda g: g.table[g.index] * (torch.arange(g.n) < g.n - 1)[:, None],
            "index of the one before": lambda g: g.table[g.index.roll(1)],
        },
    ),
)

QUANTISE = Operator(
    slug="quantise",
    front="""
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: int8_t, pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
cases:
  sample: [{name: few, n: 9}]
  test: [{name: odd, n: 1003}, {name: long, n: 40009}]
""",
    reference="import torch\n\n\ndef reference(x, n):\n"
    "    return torch.round(x * 4).clamp(-128, 127).to(torch.int8)\n",
    kernels=kernels(
        lambda g: torch.round(g.x * 4).clamp(-128, 127).to(torch.int8),
        honest={
            "clamped first": lambda g: torch.round((g.x * 4).clamp(-128, 127)).to(torch.int8),
            "by the magic number": lambda g: (
                ((g.x * 4).clamp(-128, 127) + 12582912.0) - 12582912.0
            ).to(torch.int8),
        },
        wrong={
            "toward zero": lambda g: (g.x * 4).clamp(-128, 127).to(torch.int8),
            "down": lambda g: torch.floor(g.x * 4).clamp(-128, 127).to(torch.int8),
            "halves away from zero": lambda g: (
                (g.x * 4).sign() * torch.floor((g.x * 4).abs() + 0.5)
            ).clamp(-128, 127).to(torch.int8),
            "halves up": lambda g: torch.floor(g.x * 4 + 0.5).clamp(-128, 127).to(torch.int8),
            "clamped at 127 both ways": lambda g: torch.round(g.x * 4)
            .clamp(-127, 127).to(torch.int8),
            "wrapped, not clamped": lambda g: torch.round(g.x * 4).to(torch.int64).to(torch.int8),
        },
        is_whole=True,
    ),
)  # fmt: skip

OPERATORS = (ARGMAX, GATHER, QUANTISE)
