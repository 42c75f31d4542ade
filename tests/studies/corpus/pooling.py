"""Images pooled, and normalised by known statistics."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad

from tests.studies.corpus import arithmetic as a
from tests.studies.corpus.images import CASES, SIZES, changed
from tests.studies.corpus.mistakes import kernels
from tests.studies.corpus.records import Given, Operator

# ---- pooling -------------------------------------------------------------------------------------

POOLED = f"""
parameters:
  - {{name: x, type: "[VAR]", pointer: true, const: true}}
  - {{name: y, type: "[VAR]", pointer: true, const: false}}
{SIZES}
let: {{h_out: (h - 1)//2 + 1, w_out: (w - 1)//2 + 1}}
shapes: {{x: [batch, c, h, w], y: [batch, c, h_out, w_out]}}
{CASES}"""


def _nine_pooled(g: Given, by: a.Change) -> Tensor:
    wide = pad(g.x, (1, 1, 1, 1))
    return by(wide.unfold(-2, 3, 2).unfold(-2, 3, 2).flatten(-2))


AVERAGE = Operator(
    slug="average-pool",
    front=POOLED,
    reference="from torch.nn.functional import avg_pool2d\n\n\n"
    "def reference(x, batch, c, h, w):\n    return avg_pool2d(x, 3, 2, 1)\n",
    kernels=kernels(
        lambda g: avg_pool2d(g.x, 3, 2, 1),
        honest={
            "sequential, divided": lambda g: _nine_pooled(g, a.sequential) / 9,
            "times a ninth": lambda g: _nine_pooled(g, a.sequential) * (1 / 9),
            "rows, then columns": lambda g: a.sequential(
                a.sequential(pad(g.x, (1, 1, 1, 1)).unfold(-2, 3, 2).unfold(-2, 3, 2))) / 9,
        },
        wrong={
            "padding not counted": lambda g: avg_pool2d(g.x, 3, 2, 1, count_include_pad=False),
            "stride in one axis": lambda g: avg_pool2d(g.x, 3, 1, 1)[
                ..., : (g.h - 1) // 2 + 1, : (g.w - 1) // 2 + 1],
            "times 0.111": lambda g: _nine_pooled(g, a.sequential) * 0.111,
            "times 0.11111": lambda g: _nine_pooled(g, a.sequential) * 0.11111,
            "largest": lambda g: max_pool2d(g.x, 3, 2, 1),
            "sums in float16": lambda g: _nine_pooled(g, a.in_fp16) / 9,
            "padding off by one": lambda g: avg_pool2d(pad(g.x, (0, 2, 0, 2)), 3, 2),
        },
    ),
)  # fmt: skip

MAXIMUM = Operator(
    slug="max-pool",
    front=f"{POOLED}\ntolerance: exact\n",
    reference="from torch.nn.functional import max_pool2d\n\n\n"
    "def reference(x, batch, c, h, w):\n    return max_pool2d(x, 3, 2, 1)\n",
    kernels=kernels(
        lambda g: max_pool2d(g.x, 3, 2, 1),
        honest={
            "rows, then columns": lambda g: pad(g.x, (1, 1, 1, 1), value=-torch.inf)
            .unfold(-2, 3, 2).unfold(-2, 3, 2).amax(-1).amax(-1),
            "channels last": lambda g: max_pool2d(
                g.x.contiguous(memory_format=torch.channels_last), 3, 2, 1),
        },
        wrong={
            "padded with zeros": lambda g: _nine_pooled(g, lambda t: t.amax(-1)),
            "windows of 2": lambda g: max_pool2d(pad(g.x, (0, 1, 0, 1), value=-9e9), 2, 2)[
                ..., : (g.h - 1) // 2 + 1, : (g.w - 1) // 2 + 1],
            "largest magnitude": lambda g: max_pool2d(g.x.abs(), 3, 2, 1),
            "average": lambda g: avg_pool2d(g.x, 3, 2, 1),
        },
    ),
)  # fmt: skip

# ---- batch normalisation with known statistics ---------------------------------------------------


def _batchnorm(
    g: Given, eps: float = 1e-5, rsqrt: a.Change = torch.rsqrt, unit: a.Change = lambda t: t
) -> Tensor:
    scale = unit(g.weight * rsqrt(g.variance + eps))
    shift = unit(g.bias - g.mean * scale)
    return g.x * scale[:, None, None] + shift[:, None, None]


def _batchnorm_plain(g: Given) -> Tensor:
    mean, root = g.mean[:, None, None], (g.variance + 1e-5).sqrt()[:, None, None]
    return (g.x - mean) / root * g.weight[:, None, None] + g.bias[:, None, None]


BATCHNORM = Operator(
    slug="batch-norm",
    front=f"""
parameters:
  - {{name: x, type: "[VAR]", pointer: true, const: true}}
  - {{name: mean, type: "[VAR]", pointer: true, const: true}}
  - {{name: variance, type: "[VAR]", pointer: true, const: true}}
  - {{name: weight, type: "[VAR]", pointer: true, const: true}}
  - {{name: bias, type: "[VAR]", pointer: true, const: true}}
  - {{name: y, type: "[VAR]", pointer: true, const: false}}
{SIZES}
shapes: {{x: [batch, c, h, w], mean: [c], variance: [c], weight: [c], bias: [c], y: [batch, c, h, w]}}
inputs: {{variance: {{uniform: [0, 2]}}}}
{CASES}""",  # noqa: E501 — YAML in a row
    reference="from torch.nn.functional import batch_norm\n\n\n"
    "def reference(x, mean, variance, weight, bias, batch, c, h, w):\n"
    "    return batch_norm(x, mean, variance, weight, bias, eps=1e-5)\n",
    kernels=kernels(
        _batchnorm_plain,
        honest={
            "in the order of the formula": _batchnorm_plain,
            "scale and shift prepared": _batchnorm,
        },
        open_={
            # was called honest until it was measured: 2.14 ulp
            "root by bits, three steps": lambda g: _batchnorm(
                g, rsqrt=lambda v: a.rsqrt_by_bits(v, 3)),
        },
        wrong={
            "eps forgotten": lambda g: _batchnorm(g, eps=0),
            "eps of 1e-3": lambda g: _batchnorm(g, eps=1e-3),
            "eps of 1e-6": lambda g: _batchnorm(g, eps=1e-6),
            "root by bits, one step": lambda g: _batchnorm(
                g, rsqrt=lambda v: a.rsqrt_by_bits(v, 1)),
            "root by bits, two steps": lambda g: _batchnorm(
                g, rsqrt=lambda v: a.rsqrt_by_bits(v, 2)),
            "scale and shift in float16": lambda g: _batchnorm(g, unit=a.fp16),
            "scale and shift in bfloat16": lambda g: _batchnorm(g, unit=a.bf16),
            "statistics of the batch": lambda g: torch.nn.functional.batch_norm(
                g.x, None, None, g.weight, g.bias, training=True, eps=1e-5),
            "divided by the variance": lambda g: _batchnorm(g, rsqrt=lambda v: 1 / v),
            "bias forgotten": lambda g: _batchnorm(g) - g.bias[:, None, None],
            "parameters of the next channel": lambda g: _batchnorm(
                changed(g, lambda t: t.roll(1, 0), "weight")),
        },
    ),
)  # fmt: skip

OPERATORS = (AVERAGE, MAXIMUM, BATCHNORM)
