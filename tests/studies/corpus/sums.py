"""Sums of long rows: sum, mean and variance, running sum, logarithm of a sum of exponentials."""

import torch
from torch import Tensor

from tests.studies.corpus import arithmetic as a
from tests.studies.corpus.mistakes import kernels
from tests.studies.corpus.records import Answer, Given, Operator

ROWS = """
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: rows, type: size_t, pointer: false}
  - {name: n, type: size_t, pointer: false}
"""

# ---- sum -----------------------------------------------------------------------------------------


def _last_row_missing(g: Given) -> Tensor:
    y = g.x.sum(-1)
    y[-1] = 0
    return y


SUM = Operator(
    slug="row-sum",
    front=f"""{ROWS}
shapes: {{x: [rows, n], y: [rows]}}
tolerance: {{reduction: n}}
dtypes: [float32, float16, bfloat16]
cases:
  sample: [{{name: few, rows: 3, n: 9}}]
  test:
    - {{name: odd, rows: 5, n: 1027}}
    - {{name: long, rows: 3, n: 65539}}
    - {{name: million, rows: 2, n: 1000003}}
""",
    reference="def reference(x, rows, n):\n    return x.sum(-1)\n",
    kernels=kernels(
        lambda g: g.x.sum(-1),
        honest={name: (lambda g, by=by: by(g.x)) for name, by in a.ORDERS.items()}
        | {"split in 4": lambda g: a.split(g.x, a.sequential)},
        wrong={
            "sums in float16": lambda g: a.in_fp16(g.x),
            "sums in bfloat16": lambda g: a.in_bf16(g.x),
            "last element dropped": lambda g: g.x[:, :-1].sum(-1),
            "tail beyond 8 skipped": lambda g: g.x[:, : g.n // 8 * 8].sum(-1),
            "first half only": lambda g: g.x[:, : g.n // 2].sum(-1),
            "every second, doubled": lambda g: 2 * g.x[:, ::2].sum(-1),
            "mean": lambda g: g.x.mean(-1),
            "of absolute values": lambda g: g.x.abs().sum(-1),
            "last row missing": _last_row_missing,
            "one block of 256 twice": lambda g: g.x.sum(-1) + g.x[:, :256].sum(-1),
            "partial sums in bfloat16": lambda g: a.bf16(
                a.sequential(a.padded(g.x, 256).unflatten(-1, (-1, 256)))
            ).sum(-1),
            "partial sums in float16": lambda g: a.fp16(
                a.sequential(a.padded(g.x, 256).unflatten(-1, (-1, 256)))
            ).sum(-1),
        },
        half_honest={
            "float32, sequential": lambda g: a.sequential(g.x),
            "float32, 8 lanes": lambda g: a.lanes(g.x),
            "float64 inside": lambda g: a.in_double(g.x),
        },
        half_wrong={
            "sums in the dtype": lambda g: a.sequential_rounding(g.x, g.round),
            "last element dropped": lambda g: g.x[:, :-1].sum(-1),
            "every second, doubled": lambda g: 2 * g.x[:, ::2].sum(-1),
        },
    ),
)

# ---- mean and variance ---------------------------------------------------------------------------


def _two_pass(g: Given, by: a.Change) -> Answer:
    mean = by(g.x) / g.n
    return mean, by((g.x - mean[:, None]) ** 2) / g.n


def _one_pass(g: Given) -> Answer:
    mean = a.lanes(g.x) / g.n
    return mean, a.lanes(g.x * g.x) / g.n - mean * mean


def _welford(g: Given) -> Answer:
    mean, m2 = torch.zeros(g.rows), torch.zeros(g.rows)
    for i in range(g.n):
        off = g.x[:, i] - mean
        mean = mean + off / (i + 1)
        m2 = m2 + off * (g.x[:, i] - mean)
    return mean, m2 / g.n


def _merged(g: Given) -> Answer:
    """Chan: chunks' moments, merged one after the other."""
    count, mean, m2 = 0, torch.zeros(g.rows), torch.zeros(g.rows)
    for piece in g.x.split(64, dim=-1):
        size = piece.shape[-1]
        own = a.lanes(piece) / size
        off, total = own - mean, count + size
        m2 = m2 + a.lanes((piece - own[:, None]) ** 2) + off * off * (count * size / total)
        mean, count = mean + off * (size / total), total
    return mean, m2 / g.n


def _moments(x: Tensor, correction: float = 0) -> Answer:
    return x.mean(-1), x.var(-1, correction=correction)


MOMENTS = Operator(
    slug="mean-variance",
    front="""
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: mean, type: "[VAR]", pointer: true, const: false}
  - {name: variance, type: "[VAR]", pointer: true, const: false}
  - {name: rows, type: size_t, pointer: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [rows, n], mean: [rows], variance: [rows]}
tolerance: {reduction: n}
cases:
  sample: [{name: few, rows: 3, n: 7}]
  test: [{name: odd, rows: 33, n: 129}, {name: long, rows: 9, n: 4099}]
""",
    reference="def reference(x, rows, n):\n    return x.mean(-1), x.var(-1, unbiased=False)\n",
    kernels=kernels(
        lambda g: _moments(g.x),
        honest={
            "two passes, sequential": lambda g: _two_pass(g, a.sequential),
            "two passes, pairwise": lambda g: _two_pass(g, a.pairwise),
            "two passes, compensated": lambda g: _two_pass(g, a.kahan),
            "one pass, E[x^2] - E[x]^2": _one_pass,
            "Welford": _welford,
            "Welford in chunks, merged": _merged,
        },
        wrong={
            "unbiased": lambda g: _moments(g.x, 1),
            "deviation for variance": lambda g: (g.x.mean(-1), g.x.std(-1, correction=0)),
            "mean not subtracted": lambda g: (g.x.mean(-1), (g.x**2).mean(-1)),
            "last element dropped": lambda g: _moments(g.x[:, :-1]),
            "every second": lambda g: _moments(g.x[:, ::2]),
            "sums in float16": lambda g: _two_pass(g, a.in_fp16),
            "sums in bfloat16": lambda g: _two_pass(g, a.in_bf16),
            "mean rounded to float16": lambda g: (
                a.fp16(g.x.mean(-1)),
                ((g.x - a.fp16(g.x.mean(-1)[:, None])) ** 2).mean(-1),
            ),
        },
    ),
)

# ---- running sum ---------------------------------------------------------------------------------


def _running(x: Tensor) -> Tensor:
    return torch.from_numpy(x.numpy().cumsum(axis=-1, dtype="float32"))


def _by_blocks(g: Given, carried: a.Change, size: int = 64) -> Tensor:
    inside = _running(a.padded(g.x, size).unflatten(-1, (-1, size)))
    ends = carried(_running(inside[..., -1]))
    inside[:, 1:] += ends[:, :-1, None]
    return inside.flatten(-2)[:, : g.n]


def _doubling(g: Given) -> Tensor:
    """Hillis and Steele."""
    y, step = g.x.clone(), 1
    while step < g.n:
        y[:, step:] = y[:, step:] + y[:, :-step].clone()
        step *= 2
    return y


def _exclusive(g: Given) -> Tensor:
    y = g.x.cumsum(-1).roll(1, -1)
    y[:, 0] = 0
    return y


CUMSUM = Operator(
    slug="running-sum",
    front=f"""{ROWS}
shapes: {{x: [rows, n], y: [rows, n]}}
tolerance: {{reduction: n}}
cases:
  sample: [{{name: few, rows: 2, n: 5}}]
  test: [{{name: odd, rows: 7, n: 1001}}, {{name: long, rows: 2, n: 65539}}]
""",
    reference="def reference(x, rows, n):\n    return x.cumsum(-1)\n",
    kernels=kernels(
        lambda g: g.x.cumsum(-1),
        honest={
            "sequential": lambda g: _running(g.x),
            "blocks, then carries": lambda g: _by_blocks(g, lambda c: c),
            "by doubling": _doubling,
            "float64 inside": lambda g: g.x.double().cumsum(-1).float(),
        },
        wrong={
            "exclusive": _exclusive,
            "carries lost": lambda g: _by_blocks(g, torch.zeros_like),
            "carries in bfloat16": lambda g: _by_blocks(g, a.bf16),
            "carries in float16": lambda g: _by_blocks(g, a.fp16),
            "last carry late": lambda g: _by_blocks(g, lambda c: c.roll(1, -1)),
            "sums in float16": lambda g: torch.from_numpy(
                g.x.half().numpy().cumsum(axis=-1, dtype="float16").astype("float32")
            ),
            "backwards": lambda g: g.x.flip(-1).cumsum(-1).flip(-1),
            "along the other axis": lambda g: g.x.cumsum(0),
        },
    ),
)

# ---- logarithm of a sum of exponentials ----------------------------------------------------------


def _logsumexp(g: Given, exp: a.Change, by: a.Change) -> Tensor:
    top = g.x.amax(-1)
    return top + torch.log(by(exp(g.x - top[:, None])))


def _online(g: Given) -> Tensor:
    top, total = torch.full((g.rows,), -torch.inf), torch.zeros(g.rows)
    for piece in g.x.split(32, dim=-1):
        now = torch.maximum(top, piece.amax(-1))
        total = total * torch.exp(top - now) + torch.exp(piece - now[:, None]).sum(-1)
        top = now
    return top + torch.log(total)


LOGSUMEXP = Operator(
    slug="log-sum-exp",
    front=f"""{ROWS}
shapes: {{x: [rows, n], y: [rows]}}
tolerance: {{reduction: n}}
cases:
  sample: [{{name: few, rows: 3, n: 5}}]
  test: [{{name: odd, rows: 33, n: 257}}, {{name: long, rows: 9, n: 4099}}]
""",
    reference="def reference(x, rows, n):\n    return x.logsumexp(-1)\n",
    kernels=kernels(
        lambda g: g.x.logsumexp(-1),
        honest={
            "sequential": lambda g: _logsumexp(g, torch.exp, a.sequential),
            "pairwise": lambda g: _logsumexp(g, torch.exp, a.pairwise),
            "fast exponential": lambda g: _logsumexp(g, a.exp_fast, a.lanes),
            "online": _online,
        },
        open_={"exponential by powers of 2": lambda g: _logsumexp(g, a.exp_by_two, a.lanes)},
        wrong={
            "maximum not subtracted": lambda g: g.x.exp().sum(-1).log(),
            "maximum only": lambda g: g.x.amax(-1),
            "maximum not added": lambda g: g.x.logsumexp(-1) - g.x.amax(-1),
            "last element dropped": lambda g: g.x[:, :-1].logsumexp(-1),
            "first half only": lambda g: g.x[:, : (g.n + 1) // 2].logsumexp(-1),
            "exponential of three terms": lambda g: _logsumexp(g, a.exp_three_terms, a.lanes),
            "exponential by bits": lambda g: _logsumexp(g, a.exp_by_bits, a.lanes),
            "exponential in float16": lambda g: _logsumexp(
                g, lambda x: a.fp16(torch.exp(x)), a.lanes
            ),
            "sums in bfloat16": lambda g: _logsumexp(g, torch.exp, a.in_bf16),
            "terms below 1e-4 dropped": lambda g: _logsumexp(
                g, lambda x: torch.where(x < -9.2, 0.0, x.exp()), a.lanes
            ),
        },
    ),
)

OPERATORS = (SUM, MOMENTS, CUMSUM, LOGSUMEXP)
