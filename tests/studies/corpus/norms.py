"""Rows normalised: by mean and variance, by the root mean square."""

import torch
from torch import Tensor

from tests.studies.corpus import arithmetic as a
from tests.studies.corpus.mistakes import kernels
from tests.studies.corpus.records import Given, Operator

# ---- layer normalisation -------------------------------------------------------------------------


def _layer(
    g: Given, by: a.Change, *, eps: float = 1e-5, less: int = 0, rsqrt: a.Change = torch.rsqrt
) -> Tensor:
    off = g.x - (by(g.x) / g.n)[:, None]
    variance = by(off * off) / (g.n - less)
    return off * rsqrt(variance + eps)[:, None] * g.weight + g.bias


def _layer_one_pass(g: Given) -> Tensor:
    mean = a.lanes(g.x) / g.n
    scale = torch.rsqrt(a.lanes(g.x * g.x) / g.n - mean * mean + 1e-5)
    return (g.x - mean[:, None]) * scale[:, None] * g.weight + g.bias


def _layer_fused(g: Given) -> Tensor:
    """One multiplication and one addition an element, prepared."""
    mean = a.pairwise(g.x) / g.n
    scale = torch.rsqrt(a.pairwise((g.x - mean[:, None]) ** 2) / g.n + 1e-5)[:, None] * g.weight
    return a.fused([(torch.ones(()), g.bias - mean[:, None] * scale), (g.x, scale)])


def _layer_in_steps(g: Given) -> Tensor:
    """Statistics in float32, as PyTorch keeps them; what is written between is rounded."""
    r, mean = g.round, g.x.mean(-1, keepdim=True)
    scale = torch.rsqrt(((g.x - mean) ** 2).mean(-1, keepdim=True) + 1e-5)
    return r(r(r(g.x - mean) * scale) * g.weight) + g.bias


def _layer_squares_rounded(g: Given) -> Tensor:
    r = g.round
    off = r(g.x - r(g.x.mean(-1, keepdim=True)))
    scale = r(torch.rsqrt(r(r(off * off).mean(-1, keepdim=True)) + 1e-5))
    return r(r(off * scale) * g.weight) + g.bias


NORM_CASES = """
cases:
  sample: [{name: few, rows: 3, n: 7}]
  test: [{name: odd, rows: 33, n: 129}, {name: model, rows: 17, n: 768}, {name: long, rows: 5, n: 4099}]
"""  # noqa: E501 — YAML in a row

LAYERNORM = Operator(
    slug="layer-norm",
    front=f"""
parameters:
  - {{name: x, type: "[VAR]", pointer: true, const: true}}
  - {{name: weight, type: "[VAR]", pointer: true, const: true}}
  - {{name: bias, type: "[VAR]", pointer: true, const: true}}
  - {{name: y, type: "[VAR]", pointer: true, const: false}}
  - {{name: rows, type: size_t, pointer: false}}
  - {{name: n, type: size_t, pointer: false}}
shapes: {{x: [rows, n], weight: [n], bias: [n], y: [rows, n]}}
dtypes: [float32, float16, bfloat16]
tolerance: {{reduction: n}}
{NORM_CASES}""",
    reference="from torch.nn.functional import layer_norm\n\n\n"
    "def reference(x, weight, bias, rows, n):\n"
    "    return layer_norm(x, (n,), weight, bias, 1e-5)\n",
    kernels=kernels(
        lambda g: _layer(g, a.lanes),
        honest={
            "two passes, sequential": lambda g: _layer(g, a.sequential),
            "two passes, pairwise": lambda g: _layer(g, a.pairwise),
            "one pass, E[x^2] - E[x]^2": _layer_one_pass,
            "scale and shift prepared, FMA": _layer_fused,
        },
        open_={
            # was called honest until it was measured: 2.14 ulp
            "root by bits, three steps": lambda g: _layer(
                g, a.lanes, rsqrt=lambda v: a.rsqrt_by_bits(v, 3)
            ),
        },
        wrong={
            "eps forgotten": lambda g: _layer(g, a.lanes, eps=0),
            "eps of 1e-6": lambda g: _layer(g, a.lanes, eps=1e-6),
            "unbiased variance": lambda g: _layer(g, a.lanes, less=1),
            "root by bits, one step": lambda g: _layer(
                g, a.lanes, rsqrt=lambda v: a.rsqrt_by_bits(v, 1)
            ),
            "root by bits, two steps": lambda g: _layer(
                g, a.lanes, rsqrt=lambda v: a.rsqrt_by_bits(v, 2)
            ),
            "eps outside the root": lambda g: _layer(
                g, a.lanes, eps=0, rsqrt=lambda v: 1 / (v.sqrt() + 1e-5)
            ),
            "bias forgotten": lambda g: _layer(g, a.lanes) - g.bias,
            "weight forgotten": lambda g: _layer(
                g.mapped(lambda t: t if t.dim() > 1 else torch.ones_like(t)), a.lanes
            ) - 1 + g.bias,
            "mean not subtracted": lambda g: (
                g.x * torch.rsqrt(g.x.var(-1, correction=0, keepdim=True) + 1e-5) * g.weight
                + g.bias
            ),
            "sums in float16": lambda g: _layer(g, a.in_fp16),
            "sums in bfloat16": lambda g: _layer(g, a.in_bf16),
            "statistics of the first half": lambda g: (
                (g.x - (h := g.x[:, : g.n // 2 + 1]).mean(-1, keepdim=True))
                * torch.rsqrt(h.var(-1, correction=0, keepdim=True) + 1e-5) * g.weight + g.bias
            ),
        },
        half_honest={
            "float32 inside": lambda g: _layer(g, a.lanes),
            "one pass, float32 inside": _layer_one_pass,
            "each step rounded": _layer_in_steps,
        },
        half_wrong={
            "sums in the dtype": lambda g: _layer(
                g, lambda t: a.sequential_rounding(t, g.round)
            ),
            "eps forgotten": lambda g: _layer(g, a.lanes, eps=0),
            "unbiased variance": lambda g: _layer(g, a.lanes, less=1),
            "bias forgotten": lambda g: _layer(g, a.lanes) - g.bias,
        },
        # was called honest at first, as rounding each step: but PyTorch's own keeps its statistics
        # in float32, and squares of numbers beyond 255 are infinite in float16
        half_open={"squares and statistics rounded too": _layer_squares_rounded},
    ),
)  # fmt: skip

# ---- root mean square ----------------------------------------------------------------------------


def _rms(
    g: Given, by: a.Change, *, eps: float = 1e-6, rsqrt: a.Change = torch.rsqrt, less: int = 0
) -> Tensor:
    scale = rsqrt(by(g.x * g.x) / (g.n - less) + eps)
    return g.x * scale[:, None] * g.weight


def _rms_in_steps(g: Given) -> Tensor:
    """The square and its mean in float32, as models do; what is normalised is rounded."""
    return g.round(g.x * torch.rsqrt((g.x * g.x).mean(-1, keepdim=True) + 1e-6)) * g.weight


RMSNORM = Operator(
    slug="rms-norm",
    front=f"""
parameters:
  - {{name: x, type: "[VAR]", pointer: true, const: true}}
  - {{name: weight, type: "[VAR]", pointer: true, const: true}}
  - {{name: y, type: "[VAR]", pointer: true, const: false}}
  - {{name: rows, type: size_t, pointer: false}}
  - {{name: n, type: size_t, pointer: false}}
shapes: {{x: [rows, n], weight: [n], y: [rows, n]}}
dtypes: [float32, float16, bfloat16]
tolerance: {{reduction: n}}
{NORM_CASES}""",
    reference="from torch.nn.functional import rms_norm\n\n\n"
    "def reference(x, weight, rows, n):\n    return rms_norm(x, (n,), weight, 1e-6)\n",
    kernels=kernels(
        lambda g: _rms(g, a.lanes),
        honest={
            "sequential": lambda g: _rms(g, a.sequential),
            "pairwise": lambda g: _rms(g, a.pairwise),
            "compensated": lambda g: _rms(g, a.kahan),
            "divided by the root": lambda g: _rms(g, a.lanes, rsqrt=lambda v: 1 / v.sqrt()),
        },
        open_={
            # was called honest until it was measured: 2.14 ulp
            "root by bits, three steps": lambda g: _rms(
                g, a.lanes, rsqrt=lambda v: a.rsqrt_by_bits(v, 3)
            ),
        },
        wrong={
            "eps forgotten": lambda g: _rms(g, a.lanes, eps=0),
            "eps of 1e-5": lambda g: _rms(g, a.lanes, eps=1e-5),
            "root by bits, one step": lambda g: _rms(
                g, a.lanes, rsqrt=lambda v: a.rsqrt_by_bits(v, 1)
            ),
            "root by bits, two steps": lambda g: _rms(
                g, a.lanes, rsqrt=lambda v: a.rsqrt_by_bits(v, 2)
            ),
            "root in float16": lambda g: _rms(
                g, a.lanes, rsqrt=lambda v: a.fp16(torch.rsqrt(v))
            ),
            "divided by n - 1": lambda g: _rms(g, a.lanes, less=1),
            "sum for mean": lambda g: (
                g.x * torch.rsqrt((g.x * g.x).sum(-1, keepdim=True) + 1e-6) * g.weight
            ),
            "mean subtracted": lambda g: (
                (g.x - g.x.mean(-1, keepdim=True))
                * torch.rsqrt((g.x * g.x).mean(-1, keepdim=True) + 1e-6) * g.weight
            ),
            "last element dropped": lambda g: g.x * torch.rsqrt(
                (g.x[:, :-1] ** 2).sum(-1, keepdim=True) / g.n + 1e-6
            ) * g.weight,
            "sums in float16": lambda g: _rms(g, a.in_fp16),
            "sums in bfloat16": lambda g: _rms(g, a.in_bf16),
        },
        half_honest={
            "float32 inside": lambda g: _rms(g, a.lanes),
            "normalised, rounded, weighted": _rms_in_steps,
        },
        half_wrong={
            "sums in the dtype": lambda g: _rms(g, lambda t: a.sequential_rounding(t, g.round)),
            "eps forgotten": lambda g: _rms(g, a.lanes, eps=0),
            "divided by n - 1": lambda g: _rms(g, a.lanes, less=1),
            "root by bits, no step": lambda g: _rms(
                g, a.lanes, rsqrt=lambda v: a.rsqrt_by_bits(v, 0)
            ),
        },
    ),
)  # fmt: skip

OPERATORS = (LAYERNORM, RMSNORM)
