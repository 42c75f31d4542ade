"""Rows of exponentials: softmax and cross entropy."""

import torch
from torch import Tensor

from tests.studies.corpus import arithmetic as a
from tests.studies.corpus.mistakes import kernels
from tests.studies.corpus.records import Given, Operator

# ---- softmax -------------------------------------------------------------------------------------


def _softmax(g: Given, exp: a.Change, by: a.Change) -> Tensor:
    e = exp(g.x - g.x.amax(-1, keepdim=True))
    return e / by(e)[:, None]


def _online(g: Given) -> Tensor:
    top, total = torch.full((g.rows, 1), -torch.inf), torch.zeros(g.rows, 1)
    for piece in g.x.split(32, dim=-1):
        now = torch.maximum(top, piece.amax(-1, keepdim=True))
        total = total * torch.exp(top - now) + torch.exp(piece - now).sum(-1, keepdim=True)
        top = now
    return torch.exp(g.x - top) * (1 / total)


def _in_steps(g: Given) -> Tensor:
    """Four operators, each of which rounds what it writes."""
    e = g.round(torch.exp(g.round(g.x - g.x.amax(-1, keepdim=True))))
    return e / g.round(e.sum(-1, keepdim=True))


def _sum_in_half(g: Given) -> Tensor:
    e = torch.exp(g.x - g.x.amax(-1, keepdim=True))
    return e / a.sequential_rounding(e, g.round)[:, None]


def _without_last(g: Given) -> Tensor:
    e = torch.exp(g.x - g.x.amax(-1, keepdim=True))
    return e / e[:, :-1].sum(-1, keepdim=True)


SOFTMAX = Operator(
    slug="softmax",
    front="""
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: rows, type: size_t, pointer: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [rows, n], y: [rows, n]}
dtypes: [float32, float16, bfloat16]
tolerance: {reduction: n}
cases:
  sample: [{name: few, rows: 3, n: 5}]
  test: [{name: odd, rows: 33, n: 257}, {name: long, rows: 9, n: 4099}]
""",
    reference="def reference(x, rows, n):\n    return x.softmax(-1)\n",
    kernels=kernels(
        lambda g: g.x.softmax(-1),
        honest={
            "sequential": lambda g: _softmax(g, torch.exp, a.sequential),
            "pairwise": lambda g: _softmax(g, torch.exp, a.pairwise),
            "fast exponential": lambda g: _softmax(g, a.exp_fast, a.lanes),
            "online": _online,
            "by its logarithm": lambda g: torch.exp(g.x - g.x.logsumexp(-1, keepdim=True)),
            "reciprocal by Newton": lambda g: (
                (e := torch.exp(g.x - g.x.amax(-1, keepdim=True)))
                * a.reciprocal_newton(a.lanes(e))[:, None]
            ),
        },
        open_={"exponential by powers of 2": lambda g: _softmax(g, a.exp_by_two, a.lanes)},
        wrong={
            "maximum not subtracted": lambda g: g.x.exp() / g.x.exp().sum(-1, keepdim=True),
            "maximum of all rows, less 80": lambda g: (
                torch.exp(g.x - g.x.max() - 80)
                / torch.exp(g.x - g.x.max() - 80).sum(-1, keepdim=True)
            ),
            "sum without the last": _without_last,
            "sum of the first half": lambda g: (
                (e := torch.exp(g.x - g.x.amax(-1, keepdim=True)))
                / e[:, : (g.n + 1) // 2].sum(-1, keepdim=True)
            ),
            "exponential of three terms": lambda g: _softmax(g, a.exp_three_terms, a.lanes),
            "exponential by bits": lambda g: _softmax(g, a.exp_by_bits, a.lanes),
            "exponential by squaring": lambda g: _softmax(g, a.exp_squared, a.lanes),
            "exponential in float16": lambda g: _softmax(
                g, lambda x: a.fp16(torch.exp(x)), a.lanes
            ),
            "sum in bfloat16": lambda g: _softmax(g, torch.exp, a.in_bf16),
            "sum in float16": lambda g: _softmax(g, torch.exp, a.in_fp16),
            "not divided": lambda g: _softmax(g, torch.exp, lambda e: torch.ones(len(e))),
            "along the other axis": lambda g: g.x.softmax(0),
            "uniform": lambda g: torch.full_like(g.x, 1 / g.n),
            "sigmoid": lambda g: torch.sigmoid(g.x),
        },
        half_honest={
            "float32 inside": lambda g: _softmax(g, torch.exp, a.lanes),
            "online, float32 inside": _online,
            "each step rounded": _in_steps,
        },
        half_wrong={
            "sum in the dtype": _sum_in_half,
            "sum without the last": _without_last,
            "exponential by bits": lambda g: _softmax(g, a.exp_by_bits, a.lanes),
            "maximum not subtracted": lambda g: g.x.exp() / g.x.exp().sum(-1, keepdim=True),
            "uniform": lambda g: torch.full_like(g.x, 1 / g.n),
        },
        half_open={
            "store truncates": lambda g: a.toward_zero(g.x.softmax(-1), g.round),
        },
    ),
)

# ---- cross entropy -------------------------------------------------------------------------------


def _entropy(g: Given, exp: a.Change, by: a.Change) -> Tensor:
    off = g.x - g.x.amax(-1, keepdim=True)
    return torch.log(by(exp(off))) - _picked(off, g.target)


def _picked(x: Tensor, target: Tensor) -> Tensor:
    return x.gather(-1, target[:, None])[:, 0]


CROSS_ENTROPY = Operator(
    slug="cross-entropy",
    front="""
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: target, type: int64_t, pointer: true, const: true}
  - {name: loss, type: "[VAR]", pointer: true, const: false}
  - {name: rows, type: size_t, pointer: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [rows, n], target: [rows], loss: [rows]}
inputs: {target: {integers: [0, n - 1]}}
tolerance: {reduction: n}
cases:
  sample: [{name: few, rows: 3, n: 5}]
  test: [{name: odd, rows: 65, n: 129}, {name: words, rows: 9, n: 4099}]
""",
    reference="from torch.nn.functional import cross_entropy\n\n\n"
    "def reference(x, target, rows, n):\n"
    "    return cross_entropy(x, target, reduction='none')\n",
    kernels=kernels(
        lambda g: _entropy(g, torch.exp, a.lanes),
        honest={
            "sequential": lambda g: _entropy(g, torch.exp, a.sequential),
            "pairwise": lambda g: _entropy(g, torch.exp, a.pairwise),
            "fast exponential": lambda g: _entropy(g, a.exp_fast, a.lanes),
            "logsumexp less the picked": lambda g: g.x.logsumexp(-1) - _picked(g.x, g.target),
        },
        open_={"exponential by powers of 2": lambda g: _entropy(g, a.exp_by_two, a.lanes)},
        wrong={
            "maximum not subtracted": lambda g: (
                g.x.exp().sum(-1).log() - _picked(g.x, g.target)
            ),
            "log of the rounded softmax": lambda g: -torch.log(
                a.fp16(_picked(g.x.softmax(-1), g.target))
            ),
            "log of softmax + 1e-5": lambda g: -torch.log(
                _picked(g.x.softmax(-1), g.target) + 1e-5
            ),
            "target off by one": lambda g: _entropy(
                Given(g.values | {"target": (g.target + 1) % g.n}, g.round), torch.exp, a.lanes
            ),
            "mean over rows": lambda g: (
                _entropy(g, torch.exp, a.lanes).mean().expand(g.rows).clone()
            ),
            "exponential of three terms": lambda g: _entropy(g, a.exp_three_terms, a.lanes),
            "last class dropped": lambda g: _entropy(g, torch.exp, lambda e: e[:, :-1].sum(-1)),
            "labels smoothed by 1e-3": lambda g: (
                0.999 * _entropy(g, torch.exp, a.lanes)
                - 0.001 * g.x.log_softmax(-1).mean(-1)
            ),
            "sums in float16": lambda g: _entropy(g, torch.exp, a.in_fp16),
        },
    ),
)  # fmt: skip

OPERATORS = (SOFTMAX, CROSS_ENTROPY)
