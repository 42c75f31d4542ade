"""Convolutions of images: over all channels, each by itself, point by point."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from tests.studies.corpus import arithmetic as a
from tests.studies.corpus.mistakes import kernels
from tests.studies.corpus.records import Given, Operator

CASES = """
cases:
  sample: [{name: few, batch: 1, c: 2, h: 5, w: 5}]
  test: [{name: odd, batch: 2, c: 5, h: 13, w: 11}, {name: larger, batch: 1, c: 24, h: 28, w: 28}]
"""
SIZES = """
  - {name: batch, type: size_t, pointer: false}
  - {name: c, type: size_t, pointer: false}
  - {name: h, type: size_t, pointer: false}
  - {name: w, type: size_t, pointer: false}
"""
FILTERED = f"""
parameters:
  - {{name: x, type: "[VAR]", pointer: true, const: true}}
  - {{name: taps, type: "[VAR]", pointer: true, const: true}}
  - {{name: y, type: "[VAR]", pointer: true, const: false}}
{SIZES}"""
REFERENCE = "from torch.nn.functional import conv2d\n\n\n"

# ---- 3 x 3, over all channels --------------------------------------------------------------------


def _patches(g: Given) -> Tensor:
    """(batch, pixels, terms), the channel outermost."""
    return torch.nn.functional.unfold(g.x, 3, padding=1).transpose(1, 2)


def _conv(g: Given, by: a.Change) -> Tensor:
    terms = _patches(g)[:, :, None] * g.taps.flatten(1)
    return by(terms).transpose(1, 2).unflatten(-1, (g.h, g.w))


def _as_product(g: Given) -> Tensor:
    return (_patches(g) @ g.taps.flatten(1).T).transpose(1, 2).unflatten(-1, (g.h, g.w))


_INTO = {
    2: torch.tensor([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]),
    4: torch.tensor([
        [4.0, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
    ]),
}  # fmt: skip
_TAPS = {
    2: torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]),
    4: torch.tensor([
        [6.0, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24],
    ]) / 24,
}  # fmt: skip
_BACK = {
    2: torch.tensor([[1.0, 1, 1, 0], [0, 1, -1, -1]]),
    4: torch.tensor([
        [1.0, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1],
    ]),
}  # fmt: skip


def _winograd(g: Given, m: int, inside: a.Change = lambda t: t) -> Tensor:
    """F(m x m, 3 x 3); `inside` is what is done to the transformed numbers."""
    wide = pad(g.x, (1, 1 + -g.w % m, 1, 1 + -g.h % m))
    tiles = wide.unfold(-2, m + 2, m).unfold(-2, m + 2, m)
    tiles = inside(_INTO[m] @ tiles @ _INTO[m].T)
    taps = inside(_TAPS[m] @ g.taps @ _TAPS[m].T)
    product = torch.einsum("bchwij,ocij->bohwij", tiles, taps)
    pieces = _BACK[m] @ product @ _BACK[m].T
    return _joined(pieces)[..., : g.h, : g.w]


def _joined(pieces: Tensor) -> Tensor:
    return pieces.transpose(-3, -2).flatten(-4, -3).flatten(-2, -1)


def _fft(g: Given) -> Tensor:
    size = (g.h + 2, g.w + 2)
    spectrum = torch.einsum(
        "bchw,ochw->bohw", torch.fft.rfft2(g.x, size), torch.fft.rfft2(g.taps.flip(-2, -1), size)
    )
    return torch.fft.irfft2(spectrum, size)[..., 1 : g.h + 1, 1 : g.w + 1]


def _conv3(g: Given) -> Tensor:
    return conv2d(g.x, g.taps, padding=1)


def _shifted(g: Given, *, by: tuple[int, int, int, int]) -> Tensor:
    return conv2d(pad(g.x, by), g.taps)[..., : g.h, : g.w]


def _tap_missing(taps: Tensor) -> Tensor:
    taps = taps.clone()
    taps[..., -1, -1] = 0
    return taps


def changed(g: Given, change: Callable[[Tensor], Tensor], name: str = "taps") -> Given:
    return Given(g.values | {name: change(g.values[name])}, g.round)


CONV_WRONG = {
    "last row missing": lambda y: torch.cat([y[:, :, :-1], torch.zeros_like(y[:, :, -1:])], 2),
    "last row is its neighbour": lambda y: torch.cat([y[:, :, :-1], y[:, :, -2:-1]], 2),
    "border missing": lambda y: pad(y[..., 1:-1, 1:-1], (1, 1, 1, 1)),
    "1 % low": lambda y: 0.99 * y,
}

CONV = Operator(
    slug="conv-3x3",
    front=f"""{FILTERED}
  - {{name: o, type: size_t, pointer: false}}
shapes: {{x: [batch, c, h, w], taps: [o, c, 3, 3], y: [batch, o, h, w]}}
tolerance: {{reduction: 9*c}}
cases:
  sample: [{{name: few, batch: 1, c: 2, o: 3, h: 5, w: 5}}]
  test: [{{name: odd, batch: 2, c: 5, o: 3, h: 13, w: 11}},
         {{name: deep, batch: 1, c: 64, o: 8, h: 14, w: 14}}]
""",
    reference=f"{REFERENCE}def reference(x, taps, batch, c, h, w, o):\n"
    "    return conv2d(x, taps, padding=1)\n",
    kernels=kernels(
        _conv3,
        honest={
            "sequential": lambda g: _conv(g, a.sequential),
            "pairwise": lambda g: _conv(g, a.pairwise),
            "as a matrix product": _as_product,
            "channels last": lambda g: conv2d(
                g.x.contiguous(memory_format=torch.channels_last), g.taps, padding=1),
            "Winograd F(2x2, 3x3)": lambda g: _winograd(g, 2),
            "by Fourier transform": _fft,
        },
        open_={"Winograd F(4x4, 3x3)": lambda g: _winograd(g, 4)},
        wrong={
            name: (lambda g, change=change: change(_conv3(g)))
            for name, change in CONV_WRONG.items()
        } | {
            "sums in float16": lambda g: _conv(g, a.in_fp16),
            "sums in bfloat16": lambda g: _conv(g, a.in_bf16),
            "Winograd, transformed in float16": lambda g: _winograd(g, 2, a.fp16),
            "Winograd, transformed in TF32": lambda g: _winograd(g, 2, a.tf32),
            "padding off by one": lambda g: _shifted(g, by=(0, 2, 0, 2)),
            "borders repeated": lambda g: conv2d(
                pad(g.x, (1, 1, 1, 1), mode="replicate"), g.taps),
            "taps flipped": lambda g: _conv3(changed(g, lambda t: t.flip(-2, -1))),
            "taps transposed": lambda g: _conv3(changed(g, lambda t: t.transpose(-2, -1))),
            "last tap missing": lambda g: _conv3(changed(g, _tap_missing)),
            "last channel missing": lambda g: conv2d(g.x[:, :-1], g.taps[:, :-1], padding=1),
            "half of the channels": lambda g: conv2d(
                g.x[:, : (g.c + 1) // 2], g.taps[:, : (g.c + 1) // 2], padding=1),
            "taps in int8": lambda g: _conv3(changed(g, a.int8)),
        },
    ),
)  # fmt: skip

# ---- 3 x 3, every channel by itself --------------------------------------------------------------


def _own(g: Given) -> Tensor:
    return conv2d(g.x, g.taps, padding=1, groups=g.c)


def _nine(g: Given) -> list[tuple[Tensor, Tensor]]:
    wide = pad(g.x, (1, 1, 1, 1))
    return [
        (wide[..., i : i + g.h, j : j + g.w], g.taps[:, 0, i, j, None, None])
        for i in range(3)
        for j in range(3)
    ]


def _own_terms(g: Given) -> Tensor:
    return torch.stack([x * t for x, t in _nine(g)], dim=-1)


def _own_winograd(g: Given) -> Tensor:
    wide = pad(g.x, (1, 1 + g.w % 2, 1, 1 + g.h % 2))
    tiles = _INTO[2] @ wide.unfold(-2, 4, 2).unfold(-2, 4, 2) @ _INTO[2].T
    taps = (_TAPS[2] @ g.taps[:, 0] @ _TAPS[2].T)[:, None, None]
    return _joined(_BACK[2] @ (tiles * taps) @ _BACK[2].T)[..., : g.h, : g.w]


def _own_fft(g: Given) -> Tensor:
    size = (g.h + 2, g.w + 2)
    spectrum = torch.fft.rfft2(g.x, size) * torch.fft.rfft2(g.taps[:, 0].flip(-2, -1), size)
    return torch.fft.irfft2(spectrum, size)[..., 1 : g.h + 1, 1 : g.w + 1]


DEPTHWISE = Operator(
    slug="conv-depthwise-3x3",
    front=f"""{FILTERED}
shapes: {{x: [batch, c, h, w], taps: [c, 1, 3, 3], y: [batch, c, h, w]}}
dtypes: [float32, float16, bfloat16]
tolerance: {{reduction: 9}}
{CASES}""",
    reference=f"{REFERENCE}def reference(x, taps, batch, c, h, w):\n"
    "    return conv2d(x, taps, padding=1, groups=c)\n",
    kernels=kernels(
        _own,
        honest={
            "sequential": lambda g: a.sequential(_own_terms(g)),
            "rows first": lambda g: a.pairwise(
                a.sequential(_own_terms(g).unflatten(-1, (3, 3)))),
            "fused multiply-add": lambda g: a.fused(_nine(g)),
            "Winograd F(2x2, 3x3)": _own_winograd,
            "by Fourier transform": _own_fft,
        },
        wrong={
            name: (lambda g, change=change: change(_own(g)))
            for name, change in CONV_WRONG.items()
        } | {
            "sums in float16": lambda g: a.in_fp16(_own_terms(g)),
            "sums in bfloat16": lambda g: a.in_bf16(_own_terms(g)),
            "taps in float16": lambda g: _own(changed(g, a.fp16)),
            "last tap missing": lambda g: _own(changed(g, _tap_missing)),
            "taps of the next channel": lambda g: _own(changed(g, lambda t: t.roll(1, 0))),
            "padding off by one": lambda g: conv2d(
                pad(g.x, (0, 2, 0, 2)), g.taps, groups=g.c),
        },
        half_honest={
            "float32 sums": lambda g: a.sequential(_own_terms(g)),
            "products rounded, float32 sums": lambda g: g.round(_own_terms(g)).sum(-1),
        },
        half_wrong={
            "last tap missing": lambda g: _own(changed(g, _tap_missing)),
            "taps of the next channel": lambda g: _own(changed(g, lambda t: t.roll(1, 0))),
            "1 % low": lambda g: 0.99 * _own(g),
        },
        # nine terms: Winograd's transforms are as long, and nobody would sum them otherwise
        half_open={
            "sums in the dtype": lambda g: a.sequential_rounding(_own_terms(g), g.round),
        },
    ),
)  # fmt: skip

# ---- 1 x 1 ---------------------------------------------------------------------------------------


def _mixed(g: Given) -> Tensor:
    return conv2d(g.x, g.taps[..., None, None])


def _mix_terms(g: Given) -> Tensor:
    return g.x.permute(0, 2, 3, 1)[:, None] * g.taps[None, :, None, None]


POINTWISE = Operator(
    slug="conv-1x1",
    front=f"""{FILTERED}
  - {{name: o, type: size_t, pointer: false}}
shapes: {{x: [batch, c, h, w], taps: [o, c], y: [batch, o, h, w]}}
tolerance: {{reduction: c}}
cases:
  sample: [{{name: few, batch: 1, c: 2, o: 3, h: 3, w: 3}}]
  test: [{{name: odd, batch: 2, c: 33, o: 5, h: 7, w: 5}},
         {{name: deep, batch: 1, c: 515, o: 8, h: 7, w: 7}}]
""",
    reference=f"{REFERENCE}def reference(x, taps, batch, c, h, w, o):\n"
    "    return conv2d(x, taps[..., None, None])\n",
    kernels=kernels(
        _mixed,
        honest={
            "sequential": lambda g: a.sequential(_mix_terms(g)),
            "8 lanes": lambda g: a.lanes(_mix_terms(g)),
            "as a matrix product": lambda g: torch.einsum("oc,bchw->bohw", g.taps, g.x),
            "split in 4": lambda g: a.split(_mix_terms(g), a.lanes),
        },
        wrong={
            "sums in float16": lambda g: a.in_fp16(_mix_terms(g)),
            "sums in bfloat16": lambda g: a.in_bf16(_mix_terms(g)),
            "taps in TF32": lambda g: _mixed(changed(g, a.tf32)),
            "last channel missing": lambda g: _mixed(
                changed(changed(g, lambda t: t[:, :-1]), lambda t: t[:, :-1], "x")),
            "channels beyond 8 skipped": lambda g: _mixed(changed(g, lambda t: torch.where(
                torch.arange(g.c) < g.c // 8 * 8, t, 0.0))),
            "last column is its neighbour": lambda g: _mixed(changed(
                g, lambda x: torch.cat([x[..., :-1], x[..., -2:-1]], -1), "x")),
        },
    ),
)  # fmt: skip

OPERATORS = (CONV, DEPTHWISE, POINTWISE)
