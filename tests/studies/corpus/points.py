"""Element by element: activations, sums and products."""

import math

import torch
from torch import Tensor

from tests.studies.corpus import arithmetic as a
from tests.studies.corpus.mistakes import kernels
from tests.studies.corpus.records import Given, Operator, Run

ONE = """
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
dtypes: [float32, float16, bfloat16]
cases:
  sample: [{name: few, n: 9}]
  test: [{name: odd, n: 1003}, {name: long, n: 40009}]
"""


def _of(function: a.Change) -> Run:
    return lambda g: function(g.x)


# ---- gelu ----------------------------------------------------------------------------------------


def _gelu(erf: a.Change) -> a.Change:
    return lambda x: 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


def _gelu_erfc(x: Tensor) -> Tensor:
    return 0.5 * x * torch.special.erfc(-x * math.sqrt(0.5))


def _gelu_in_steps(g: Given) -> Tensor:
    r = g.round
    return r(g.x * 0.5) * r(1 + r(torch.erf(r(g.x * math.sqrt(0.5)))))


GELU = Operator(
    slug="gelu",
    front=ONE,
    reference="from torch.nn.functional import gelu\n\n\n"
    "def reference(x, n):\n    return gelu(x)\n",
    kernels=kernels(
        _of(_gelu_erfc),
        honest={
            "by erf": _of(_gelu(torch.erf)),
            "by erfc": _of(_gelu_erfc),
            "x times the normal distribution": lambda g: g.x * torch.special.ndtr(g.x),
        },
        open_={"erf of Abramowitz and Stegun": _of(_gelu(a.erf_short))},
        wrong={
            "by tanh": _of(a.gelu_tanh),
            "x sigmoid(1.702 x)": lambda g: g.x * torch.sigmoid(1.702 * g.x),
            "relu": lambda g: g.x.relu(),
            "zero below -3": lambda g: torch.where(g.x < -3, 0.0, _gelu_erfc(g.x)),
            "x above 3": lambda g: torch.where(g.x > 3, g.x, _gelu_erfc(g.x)),
            "erf in float16": _of(_gelu(lambda x: a.fp16(torch.erf(x)))),
            "input back": lambda g: g.x.clone(),
            "half of the slope": lambda g: 0.5 * g.x,
        },
        half_honest={
            "float32 inside": _of(_gelu(torch.erf)),
            "each step rounded": _gelu_in_steps,
        },
        half_wrong={
            "by tanh": _of(a.gelu_tanh),
            "x sigmoid(1.702 x)": lambda g: g.x * torch.sigmoid(1.702 * g.x),
            "relu": lambda g: g.x.relu(),
        },
        half_open={"store truncates": lambda g: a.toward_zero(_gelu_erfc(g.x), g.round)},
    ),
)

# ---- silu ----------------------------------------------------------------------------------------


def _silu(exp: a.Change) -> Run:
    return lambda g: g.x / (1 + exp(-g.x))


SILU = Operator(
    slug="silu",
    front=ONE,
    reference="from torch.nn.functional import silu\n\n\n"
    "def reference(x, n):\n    return silu(x)\n",
    kernels=kernels(
        lambda g: g.x * torch.sigmoid(g.x),
        honest={
            "divided": _silu(torch.exp),
            "times the sigmoid": lambda g: g.x * torch.sigmoid(g.x),
            "fast exponential": _silu(a.exp_fast),
            "by tanh of the half": lambda g: 0.5 * g.x * (1 + torch.tanh(0.5 * g.x)),
        },
        open_={"exponential by powers of 2": _silu(a.exp_by_two)},
        wrong={
            "exponential of three terms": _silu(a.exp_three_terms),
            "exponential by bits": _silu(a.exp_by_bits),
            "exponential by squaring": _silu(a.exp_squared),
            "hard": lambda g: g.x * (g.x + 3).clamp(0, 6) / 6,
            "sigmoid in bfloat16": lambda g: g.x * a.bf16(torch.sigmoid(g.x)),
            "sigmoid in float16": lambda g: g.x * a.fp16(torch.sigmoid(g.x)),
            "zero below -6": lambda g: torch.where(g.x < -6, 0.0, g.x * torch.sigmoid(g.x)),
            "sigmoid": lambda g: torch.sigmoid(g.x),
            "overflows above 88": lambda g: g.x * g.x.exp() / (1 + g.x.exp()),
        },
        half_honest={
            "float32 inside": _silu(torch.exp),
            "sigmoid rounded": lambda g: g.x * g.round(torch.sigmoid(g.x)),
        },
        half_wrong={
            "exponential by bits": _silu(a.exp_by_bits),
            "hard": lambda g: g.x * (g.x + 3).clamp(0, 6) / 6,
            "relu": lambda g: g.x.relu(),
        },
    ),
)

# ---- tanh ----------------------------------------------------------------------------------------

TANH = Operator(
    slug="tanh",
    front=ONE.replace(", float16, bfloat16", ""),
    reference="def reference(x, n):\n    return x.tanh()\n",
    kernels=kernels(
        _of(torch.tanh),
        honest={
            "float64 inside": lambda g: g.x.double().tanh().float(),
        },
        open_={
            # was called honest until it was measured: 2.27 ulp
            "by expm1": _of(a.tanh_expm1),
            "(1 - e) / (1 + e), cancels near zero": _of(a.tanh_exp),
            "2 sigmoid(2x) - 1, cancels near zero": lambda g: 2 * torch.sigmoid(2 * g.x) - 1,
        },
        wrong={
            "a fraction of third degree": _of(a.tanh_pade),
            "three terms of the series": lambda g: (g.x - g.x**3 / 3 + 2 * g.x**5 / 15).clamp(
                -1, 1
            ),
            "clamped": lambda g: g.x.clamp(-1, 1),
            "one above 4": lambda g: torch.where(g.x.abs() > 4, g.x.sign(), g.x.tanh()),
            "in float16": lambda g: a.fp16(g.x.tanh()),
            "x below 0.1": lambda g: torch.where(g.x.abs() < 0.1, g.x, g.x.tanh()),
            "by exponentials, not guarded": lambda g: (
                (g.x.exp() - (-g.x).exp()) / (g.x.exp() + (-g.x).exp())
            ),
            "exponential of three terms": lambda g: 1 - 2 / (1 + a.exp_three_terms(2 * g.x)),
        },
    ),
)

# ---- products and sums, element by element -------------------------------------------------------

MULTIPLY_ADD = Operator(
    slug="multiply-add",
    front="""
parameters:
  - {name: a, type: "[VAR]", pointer: true, const: true}
  - {name: b, type: "[VAR]", pointer: true, const: true}
  - {name: c, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {a: [n], b: [n], c: [n], y: [n]}
dtypes: [float32, float16, bfloat16]
cases:
  sample: [{name: few, n: 9}]
  test: [{name: odd, n: 1003}, {name: long, n: 40009}]
""",
    reference="def reference(a, b, c, n):\n    return a * b + c\n",
    kernels=kernels(
        lambda g: g.a * g.b + g.c,
        honest={
            "two roundings": lambda g: g.a * g.b + g.c,
            "one rounding": lambda g: (g.a.double() * g.b.double() + g.c.double()).float(),
        },
        wrong={
            "product in float16": lambda g: a.fp16(g.a * g.b) + g.c,
            "product in bfloat16": lambda g: a.bf16(g.a * g.b) + g.c,
            "product in TF32": lambda g: a.tf32(g.a * g.b) + g.c,
            "a (b + c)": lambda g: g.a * (g.b + g.c),
            "a + b c": lambda g: g.a + g.b * g.c,
            "difference": lambda g: g.a * g.b - g.c,
            "sum alone": lambda g: g.a + g.c,
            "saturated at 6": lambda g: (g.a * g.b + g.c).clamp(-6, 6),
            "tail beyond 8 is c": lambda g: torch.where(
                torch.arange(g.n) < g.n // 8 * 8, g.a * g.b + g.c, g.c
            ),
        },
        half_honest={
            "float32 inside": lambda g: g.a * g.b + g.c,
            "product rounded": lambda g: g.round(g.a * g.b) + g.c,
        },
        half_wrong={
            "a (b + c)": lambda g: g.a * (g.b + g.c),
            "product in FP8": lambda g: a.fp8(g.a * g.b) + g.c,
            "saturated at 6": lambda g: (g.a * g.b + g.c).clamp(-6, 6),
            "1 % low": lambda g: 0.99 * (g.a * g.b + g.c),
        },
        half_open={"store truncates": lambda g: a.toward_zero(g.a * g.b + g.c, g.round)},
    ),
)

ADD = Operator(
    slug="add-broadcast",
    front="""
parameters:
  - {name: a, type: "[VAR]", pointer: true, const: true}
  - {name: b, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: m, type: size_t, pointer: false}
  - {name: n, type: size_t, pointer: false}
shapes: {a: [m, n], b: [n], y: [m, n]}
cases:
  sample: [{name: few, m: 3, n: 3}]
  test: [{name: odd, m: 31, n: 33}, {name: square, m: 64, n: 64}]
""",
    reference="def reference(a, b, m, n):\n    return a + b\n",
    kernels=kernels(
        lambda g: g.a + g.b,
        honest={
            "as it stands": lambda g: g.a + g.b,
            "row by row": lambda g: torch.stack([row + g.b for row in g.a]),
        },
        wrong={
            "along the other axis": lambda g: g.a + (g.b[:, None] if g.m == g.n else g.b.flip(0)),
            "difference": lambda g: g.a - g.b,
            "input back": lambda g: g.a.clone(),
            "vector in float16": lambda g: g.a + a.fp16(g.b),
            "last row without it": lambda g: g.a + g.b * (torch.arange(g.m) < g.m - 1)[:, None],
            "last column without it": lambda g: g.a + g.b * (torch.arange(g.n) < g.n - 1),
            "1e-4 more": lambda g: g.a + g.b + 1e-4,
        },
    ),
)

OPERATORS = (GELU, SILU, TANH, MULTIPLY_ADD, ADD)
