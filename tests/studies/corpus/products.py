"""Products of matrices: one, many, by a vector."""

import torch
from torch import Tensor

from tests.studies.corpus import arithmetic as a
from tests.studies.corpus.mistakes import kernels
from tests.studies.corpus.records import Given, Operator, Run

# ---- one product ---------------------------------------------------------------------------------


def _terms(g: Given) -> Tensor:
    """Every product that is summed, in the last axis."""
    return g.a[:, None, :] * g.b.T[None, :, :]


def _summed(by: a.Change) -> Run:
    return lambda g: by(_terms(g))


def _blocks(g: Given, size: int = 64) -> Tensor:
    """K in blocks, each by the library."""
    total = torch.zeros(g.m, g.n)
    for start in range(0, g.k, size):
        total = total + g.a[:, start : start + size] @ g.b[start : start + size]
    return total


def _tree(g: Given) -> Tensor:
    """Split-K in eight, added as atomics would."""
    return a.shuffled(
        torch.stack([x @ y for x, y in zip(g.a.chunk(8, 1), g.b.chunk(8, 0), strict=True)], dim=-1)
    )


def _fma(g: Given) -> Tensor:
    return a.fused([(g.a[:, i, None], g.b[None, i]) for i in range(g.k)])


def _three(a_: Tensor, b: Tensor, short: a.Change) -> Tensor:
    """Three products of two short halves each: what tensor units need for single precision."""
    a1, b1 = short(a_), short(b)
    a2, b2 = short(a_ - a1), short(b - b1)
    return a1 @ b1 + (a1 @ b2 + a2 @ b1)


def _six(a_: Tensor, b: Tensor) -> Tensor:
    """Three bfloat16 a number, six products."""
    parts = []
    for x in (a_, b):
        first = a.bf16(x)
        second = a.bf16(x - first)
        parts.append((first, second, a.bf16(x - first - second)))
    (a1, a2, a3), (b1, b2, b3) = parts
    return a1 @ b1 + ((a1 @ b2 + a2 @ b1) + (a2 @ b2 + a1 @ b3 + a3 @ b1))


def _strassen(g: Given) -> Tensor:
    """One level, of even parts."""
    m, k, n = (-(-size // 2) * 2 for size in (g.m, g.k, g.n))
    pad = torch.nn.functional.pad
    x, y = pad(g.a, (0, k - g.k, 0, m - g.m)), pad(g.b, (0, n - g.n, 0, k - g.k))
    (x11, x12), (x21, x22) = (row.chunk(2, 1) for row in x.chunk(2, 0))
    (y11, y12), (y21, y22) = (row.chunk(2, 1) for row in y.chunk(2, 0))
    p1, p2 = (x11 + x22) @ (y11 + y22), (x21 + x22) @ y11
    p3, p4 = x11 @ (y12 - y22), x22 @ (y21 - y11)
    p5, p6, p7 = (x11 + x12) @ y22, (x21 - x11) @ (y11 + y12), (x12 - x22) @ (y21 + y22)
    top = torch.cat([p1 + p4 - p5 + p7, p3 + p5], 1)
    return torch.cat([top, torch.cat([p2 + p4, p1 - p2 + p3 + p6], 1)], 0)[: g.m, : g.n]


def _tile_missing(g: Given) -> Tensor:
    """The last tile of 16 columns is of the tile before."""
    y: Tensor = g.a @ g.b
    y[:, -1] = y[:, -2] if g.n > 1 else 0
    return y


def _int8_rows(g: Given) -> Tensor:
    """A scale for each row and column, as quantised products have."""
    scales = g.a.abs().amax(1, keepdim=True) / 127, g.b.abs().amax(0, keepdim=True) / 127
    x, y = (torch.round(t / s.clamp(min=1e-30)) for t, s in zip((g.a, g.b), scales, strict=True))
    return (x @ y) * scales[0] * scales[1]


PARAMETERS = """
parameters:
  - {name: a, type: "[VAR]", pointer: true, const: true}
  - {name: b, type: "[VAR]", pointer: true, const: true}
  - {name: c, type: "[VAR]", pointer: true, const: false}
"""

MATMUL = Operator(
    slug="matmul",
    front=f"""{PARAMETERS}
  - {{name: m, type: size_t, pointer: false}}
  - {{name: n, type: size_t, pointer: false}}
  - {{name: k, type: size_t, pointer: false}}
shapes: {{a: [m, k], b: [k, n], c: [m, n]}}
dtypes: [float32, float16, bfloat16]
tolerance: {{reduction: k}}
cases:
  sample: [{{name: few, m: 3, n: 4, k: 5}}]
  test: [{{name: odd, m: 33, n: 17, k: 129}}, {{name: square, m: 64, n: 64, k: 64}},
         {{name: deep, m: 12, n: 20, k: 4099}}]
""",
    reference="def reference(a, b, m, n, k):\n    return a @ b\n",
    kernels=kernels(
        lambda g: g.a @ g.b,
        honest={
            "sequential over K": _summed(a.sequential),
            "pairwise over K": _summed(a.pairwise),
            "8 lanes over K": _summed(a.lanes),
            "fused multiply-add": _fma,
            "K in blocks of 64": _blocks,
            "split-K by atomics": _tree,
            "three TF32 products": lambda g: _three(g.a, g.b, a.tf32),
            "six bfloat16 products": lambda g: _six(g.a, g.b),
            "transposed": lambda g: (g.b.T @ g.a.T).T,
        },
        open_={"Strassen, one level": _strassen},
        wrong={
            "sums in float16": _summed(a.in_fp16),
            "sums in bfloat16": _summed(a.in_bf16),
            "products in float16": lambda g: a.fp16(_terms(g)).sum(-1),
            "three bfloat16 products": lambda g: _three(g.a, g.b, a.bf16),
            "int8 by rows": _int8_rows,
            "one side in TF32": lambda g: a.tf32(g.a) @ g.b,
            "last of K dropped": lambda g: g.a[:, :-1] @ g.b[:-1],
            "tail of K beyond 4 skipped": lambda g: (
                g.a[:, : g.k // 4 * 4] @ g.b[: g.k // 4 * 4]
            ),
            "first half of K": lambda g: g.a[:, : (g.k + 1) // 2] @ g.b[: (g.k + 1) // 2],
            "half of K, doubled": lambda g: 2 * (g.a[:, ::2] @ g.b[::2]),
            "last column is its neighbour": _tile_missing,
            "one term of K twice": lambda g: g.a @ g.b + g.a[:, :1] @ g.b[:1],
            "negative": lambda g: -(g.a @ g.b),
            "1 % low": lambda g: 0.99 * (g.a @ g.b),
        },
        half_honest={
            "float32 sums": _summed(a.sequential),
            "float32 sums, blocks": _blocks,
            "float32 sums, split-K": _tree,
        },
        half_open={
            # what PyTorch allows cuBLAS by default in float16
            "split-K, parts rounded": lambda g: g.round(
                g.a[:, ::2] @ g.b[::2]
            ) + g.round(g.a[:, 1::2] @ g.b[1::2]),
        },
        half_wrong={
            "sums in the dtype": lambda g: a.sequential_rounding(_terms(g), g.round),
            "products and sums of 16 in the dtype": lambda g: a.sequential_rounding(
                a.padded(_terms(g), 16).unflatten(-1, (-1, 16)), g.round
            ).sum(-1),
            "last of K dropped": lambda g: g.a[:, :-1] @ g.b[:-1],
            "half of K, doubled": lambda g: 2 * (g.a[:, ::2] @ g.b[::2]),
            "int8 by rows": _int8_rows,
            "1 % low": lambda g: 0.99 * (g.a @ g.b),
        },
    ),
)  # fmt: skip

# ---- many products -------------------------------------------------------------------------------

BATCHED = Operator(
    slug="batched-matmul",
    front=f"""{PARAMETERS}
  - {{name: batch, type: size_t, pointer: false}}
  - {{name: m, type: size_t, pointer: false}}
  - {{name: n, type: size_t, pointer: false}}
  - {{name: k, type: size_t, pointer: false}}
shapes: {{a: [batch, m, k], b: [batch, k, n], c: [batch, m, n]}}
tolerance: {{reduction: k}}
cases:
  sample: [{{name: few, batch: 2, m: 3, n: 4, k: 5}}]
  test: [{{name: odd, batch: 5, m: 9, n: 17, k: 65}}, {{name: deep, batch: 3, m: 8, n: 8, k: 1031}}]
""",
    reference="def reference(a, b, batch, m, n, k):\n    return a @ b\n",
    kernels=kernels(
        lambda g: g.a @ g.b,
        honest={
            "sequential over K": lambda g: a.sequential(_many(g)),
            "pairwise over K": lambda g: a.pairwise(_many(g)),
            "one at a time": lambda g: torch.stack(
                [x @ y for x, y in zip(g.a, g.b, strict=True)]
            ),
        },
        wrong={
            "sums in float16": lambda g: a.in_fp16(_many(g)),
            "sums in bfloat16": lambda g: a.in_bf16(_many(g)),
            "first of b for all": lambda g: g.a @ g.b[:1],
            "last batch missing": lambda g: (g.a @ g.b) * (
                torch.arange(g.batch) < g.batch - 1
            )[:, None, None],
            "last of K dropped": lambda g: g.a[..., :-1] @ g.b[:, :-1],
            "tail of K beyond 4 skipped": lambda g: (
                g.a[..., : g.k // 4 * 4] @ g.b[:, : g.k // 4 * 4]
            ),
        },
    ),
)  # fmt: skip


def _many(g: Given) -> Tensor:
    return g.a[:, :, None, :] * g.b.transpose(1, 2)[:, None]


# ---- a matrix and a vector -----------------------------------------------------------------------

GEMV = Operator(
    slug="matrix-vector",
    front="""
parameters:
  - {name: a, type: "[VAR]", pointer: true, const: true}
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: m, type: size_t, pointer: false}
  - {name: k, type: size_t, pointer: false}
shapes: {a: [m, k], x: [k], y: [m]}
tolerance: {reduction: k}
cases:
  sample: [{name: few, m: 3, k: 5}]
  test: [{name: odd, m: 65, k: 127}, {name: deep, m: 33, k: 16411}]
""",
    reference="def reference(a, x, m, k):\n    return a @ x\n",
    kernels=kernels(
        lambda g: g.a @ g.x,
        honest={
            name: (lambda g, by=by: by(g.a * g.x))
            for name, by in a.ORDERS.items()
            if name in {"sequential", "pairwise", "8 lanes", "128 threads, then a tree"}
        }
        | {"split in 4": lambda g: a.split(g.a * g.x, a.lanes)},
        wrong={
            "sums in float16": lambda g: a.in_fp16(g.a * g.x),
            "sums in bfloat16": lambda g: a.in_bf16(g.a * g.x),
            "products in bfloat16": lambda g: a.bf16(g.a * g.x).sum(-1),
            "vector in TF32": lambda g: g.a @ a.tf32(g.x),
            "last of K dropped": lambda g: g.a[:, :-1] @ g.x[:-1],
            "sampled, one in 16": lambda g: 16 * (g.a[:, ::16] @ g.x[::16]),
            "last row is its neighbour": lambda g: g.a[
                torch.arange(g.m).clamp(max=g.m - 2)
            ] @ g.x,
        },
    ),
)  # fmt: skip

OPERATORS = (MATMUL, BATCHED, GEMV)
