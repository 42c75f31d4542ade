"""Attention, and distances between rows."""

import math

import torch
from torch import Tensor

from tests.studies.corpus import arithmetic as a
from tests.studies.corpus.mistakes import kernels
from tests.studies.corpus.products import PARAMETERS
from tests.studies.corpus.records import Given, Operator

# ---- attention -----------------------------------------------------------------------------------


def _attention(g: Given, exp: a.Change = torch.exp, by: a.Change = a.lanes) -> Tensor:
    scores = g.q @ g.k.transpose(1, 2) / math.sqrt(g.d)
    e = exp(scores - scores.amax(-1, keepdim=True))
    return (e / by(e)[..., None]) @ g.v


def _flash(g: Given, size: int = 16) -> Tensor:
    """Blocks of keys; divided by the sum at the end."""
    top = torch.full((g.batch, g.s, 1), -torch.inf)
    total, y = torch.zeros_like(top), torch.zeros(g.batch, g.s, g.d)
    for keys, values in zip(g.k.split(size, 1), g.v.split(size, 1), strict=True):
        scores = (g.q * (1 / math.sqrt(g.d))) @ keys.transpose(1, 2)
        now = torch.maximum(top, scores.amax(-1, keepdim=True))
        e, old = torch.exp(scores - now), torch.exp(top - now)
        total, y = total * old + e.sum(-1, keepdim=True), y * old + e @ values
        top = now
    return y / total


def _rescaled_never(g: Given) -> Tensor:
    """Online, but what was summed before a new maximum is not scaled."""
    scores = g.q @ g.k.transpose(1, 2) / math.sqrt(g.d)
    e = torch.exp(scores - scores.cummax(-1).values)
    return (e / e.sum(-1, keepdim=True)) @ g.v


def _scores(g: Given, scores: Tensor) -> Tensor:
    return scores.softmax(-1) @ g.v


def _attention_in_steps(g: Given) -> Tensor:
    scores = g.round(g.round(g.q @ g.k.transpose(1, 2)) / math.sqrt(g.d))
    return g.round(scores.softmax(-1)) @ g.v


def _attention_unshifted(g: Given) -> Tensor:
    e = torch.exp(g.q @ g.k.transpose(1, 2) / math.sqrt(g.d))
    return e / e.sum(-1, keepdim=True) @ g.v


def _sparse(g: Given, least: float) -> Tensor:
    weights = (g.q @ g.k.transpose(1, 2) / math.sqrt(g.d)).softmax(-1)
    return torch.where(weights < least, 0.0, weights) @ g.v


ATTENTION = Operator(
    slug="attention",
    front="""
parameters:
  - {name: q, type: "[VAR]", pointer: true, const: true}
  - {name: k, type: "[VAR]", pointer: true, const: true}
  - {name: v, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: batch, type: size_t, pointer: false}
  - {name: s, type: size_t, pointer: false}
  - {name: d, type: size_t, pointer: false}
shapes: {q: [batch, s, d], k: [batch, s, d], v: [batch, s, d], y: [batch, s, d]}
dtypes: [float32, float16, bfloat16]
tolerance: {reduction: s + d}
cases:
  sample: [{name: few, batch: 1, s: 5, d: 4}]
  test: [{name: odd, batch: 3, s: 67, d: 32}, {name: long, batch: 2, s: 257, d: 64}]
""",
    reference="import math\n\n\ndef reference(q, k, v, batch, s, d):\n"
    "    return (q @ k.transpose(1, 2) / math.sqrt(d)).softmax(-1) @ v\n",
    kernels=kernels(
        _attention,
        honest={
            "in steps": _attention,
            "flash, blocks of 16": _flash,
            "flash, blocks of 64": lambda g: _flash(g, 64),
            "fast exponential": lambda g: _attention(g, a.exp_fast),
            "library": lambda g: torch.nn.functional.scaled_dot_product_attention(g.q, g.k, g.v),
        },
        open_={"exponential by powers of 2": lambda g: _attention(g, a.exp_by_two)},
        wrong={
            "never rescaled": _rescaled_never,
            "maximum not subtracted": _attention_unshifted,
            "not scaled": lambda g: _scores(g, g.q @ g.k.transpose(1, 2)),
            "scaled by d": lambda g: _scores(g, g.q @ g.k.transpose(1, 2) / g.d),
            "causal": lambda g: _scores(
                g, (g.q @ g.k.transpose(1, 2) / math.sqrt(g.d)).masked_fill(
                    torch.ones(g.s, g.s).triu(1).bool(), -torch.inf)),
            "scores in float16": lambda g: _scores(
                g, a.fp16(g.q @ g.k.transpose(1, 2)) / math.sqrt(g.d)),
            "weights in bfloat16": lambda g: a.bf16(
                (g.q @ g.k.transpose(1, 2) / math.sqrt(g.d)).softmax(-1)) @ g.v,
            "weights below 1e-4 dropped": lambda g: _sparse(g, 1e-4),
            "keys and queries swapped": lambda g: _scores(
                g, g.k @ g.q.transpose(1, 2) / math.sqrt(g.d)),
            "last key dropped": lambda g: (
                g.q @ g.k[:, :-1].transpose(1, 2) / math.sqrt(g.d)).softmax(-1) @ g.v[:, :-1],
            "window of 64 keys": lambda g: (
                g.q @ g.k[:, :64].transpose(1, 2) / math.sqrt(g.d)).softmax(-1) @ g.v[:, :64]
                if g.s > 64 else g.v.clone(),
            "mean of values": lambda g: g.v.mean(1, keepdim=True).expand_as(g.v).clone(),
            "exponential of three terms": lambda g: _attention(g, a.exp_three_terms),
        },
        half_honest={
            "flash, float32 inside": _flash,
            "weights rounded, as tensor units read them": lambda g: g.round(
                (g.q @ g.k.transpose(1, 2) / math.sqrt(g.d)).softmax(-1)) @ g.v,
            "each step rounded": _attention_in_steps,
        },
        half_wrong={
            "not scaled": lambda g: _scores(g, g.q @ g.k.transpose(1, 2)),
            "last key dropped": lambda g: (
                g.q @ g.k[:, :-1].transpose(1, 2) / math.sqrt(g.d)).softmax(-1) @ g.v[:, :-1],
            "weights in FP8": lambda g: a.fp8(
                (g.q @ g.k.transpose(1, 2) / math.sqrt(g.d)).softmax(-1)) @ g.v,
            "never rescaled": _rescaled_never,
            "exponential by bits": lambda g: _attention(g, a.exp_by_bits),
        },
    ),
)  # fmt: skip


# ---- distances -----------------------------------------------------------------------------------


def _apart(g: Given, by: a.Change) -> Tensor:
    return by((g.a[:, None] - g.b[None]) ** 2).sqrt()


def _expanded(g: Given) -> Tensor:
    squares = (g.a**2).sum(-1)[:, None] + (g.b**2).sum(-1)[None]
    return (squares - 2 * (g.a @ g.b.T)).clamp(min=0).sqrt()


DISTANCES = Operator(
    slug="distances",
    front=f"""{PARAMETERS}
  - {{name: m, type: size_t, pointer: false}}
  - {{name: n, type: size_t, pointer: false}}
  - {{name: d, type: size_t, pointer: false}}
shapes: {{a: [m, d], b: [n, d], c: [m, n]}}
tolerance: {{reduction: d}}
cases:
  sample: [{{name: few, m: 3, n: 4, d: 2}}]
  test: [{{name: odd, m: 33, n: 17, d: 65}}, {{name: deep, m: 20, n: 20, d: 1027}}]
""",
    reference="def reference(a, b, m, n, d):\n"
    "    return (a[:, None] - b[None]).square().sum(-1).sqrt()\n",
    kernels=kernels(
        lambda g: _apart(g, a.lanes),
        honest={
            "sequential": lambda g: _apart(g, a.sequential),
            "pairwise": lambda g: _apart(g, a.pairwise),
            "library": lambda g: torch.cdist(
                g.a, g.b, compute_mode="donot_use_mm_for_euclid_dist"),
        },
        open_={"expanded, a^2 + b^2 - 2ab": _expanded},
        wrong={
            "squared": lambda g: _apart(g, a.lanes) ** 2,
            "sum of absolute differences": lambda g: (g.a[:, None] - g.b[None]).abs().sum(-1),
            "expanded, product in TF32": lambda g: (
                (g.a**2).sum(-1)[:, None] + (g.b**2).sum(-1)[None]
                - 2 * (a.tf32(g.a) @ a.tf32(g.b).T)).clamp(min=0).sqrt(),
            "last coordinate dropped": lambda g: (
                (g.a[:, None, :-1] - g.b[None, :, :-1]) ** 2).sum(-1).sqrt(),
            "sums in float16": lambda g: _apart(g, a.in_fp16),
            "sums in bfloat16": lambda g: _apart(g, a.in_bf16),
            "differences in float16": lambda g: (
                a.fp16(g.a[:, None] - g.b[None]) ** 2).sum(-1).sqrt(),
            "root in float16": lambda g: a.fp16(_apart(g, a.lanes)),
            "plus eps of 1e-3": lambda g: (
                ((g.a[:, None] - g.b[None]) ** 2).sum(-1) + 1e-3).sqrt(),
        },
    ),
)  # fmt: skip

OPERATORS = (ATTENTION, DISTANCES)
