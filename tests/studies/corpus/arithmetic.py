"""Precisions, orders of a sum, and functions as kernels approximate them; all in float32."""

import math
from collections.abc import Callable

import ml_dtypes
import numpy as np
import torch
from torch import Tensor

Change = Callable[[Tensor], Tensor]

# ---- precisions ----------------------------------------------------------------------------------


def fp16(x: Tensor) -> Tensor:
    return x.half().float()


def bf16(x: Tensor) -> Tensor:
    return x.bfloat16().float()


def tf32(x: Tensor) -> Tensor:
    """Ten bits behind the leading one, rounded to nearest even."""
    return _short(x, 13)


def fp8(x: Tensor) -> Tensor:
    """E4M3, saturated."""
    return x.clamp(-448, 448).to(torch.float8_e4m3fn).float()


def int8(x: Tensor) -> Tensor:
    """One scale for the whole tensor."""
    scale = x.abs().max().clamp(min=1e-30) / 127
    return torch.round(x / scale) * scale


def toward_zero(x: Tensor, round_: Change) -> Tensor:
    """Rounded to the dtype by cutting, as a quick store does: off by one ulp at most."""
    nearest = x.to(dtype_of(round_))
    beyond = nearest.abs() > x.abs()  # compared in float32: halves promote
    word = nearest.view(torch.int16) - beyond.short()
    return word.view(nearest.dtype).float()


def dtype_of(round_: Change) -> torch.dtype:
    """The half precision that a rounding rounds to."""
    is_float16 = bool(round_(torch.tensor(1 + 2.0**-10)) != 1)
    return torch.float16 if is_float16 else torch.bfloat16


def _short(x: Tensor, bits: int) -> Tensor:
    word = x.contiguous().view(torch.int32)
    half = (1 << (bits - 1)) - 1
    return ((word + half + ((word >> bits) & 1)) & -(1 << bits)).view(torch.float32)


# ---- sums over the last axis ---------------------------------------------------------------------


def sequential(x: Tensor) -> Tensor:
    """One accumulator, one term after the other."""
    return torch.from_numpy(np.add.accumulate(x.numpy(), axis=-1)[..., -1].copy())


def backwards(x: Tensor) -> Tensor:
    return sequential(x.flip(-1))


def pairwise(x: Tensor) -> Tensor:
    while x.shape[-1] > 1:
        x = padded(x, 2)
        x = x[..., ::2] + x[..., 1::2]
    return x[..., 0]


def blocked(x: Tensor, size: int = 256) -> Tensor:
    """Blocks one after the other, then their sums."""
    return sequential(sequential(padded(x, size).unflatten(-1, (-1, size))))


def lanes(x: Tensor, count: int = 8) -> Tensor:
    """As vector registers do: `count` running sums, folded at the end."""
    return pairwise(sequential(padded(x, count).unflatten(-1, (-1, count)).transpose(-1, -2)))


def many_threads(x: Tensor) -> Tensor:
    """A GPU's block: 128 strided running sums, then a tree."""
    return lanes(x, 128)


def kahan(x: Tensor) -> Tensor:
    """Compensated, in 64 lanes."""
    steps = padded(x, 64).unflatten(-1, (-1, 64))
    total = torch.zeros_like(steps[..., 0, :])
    lost = torch.zeros_like(total)
    for step in range(steps.shape[-2]):
        term = steps[..., step, :] - lost
        raised = total + term
        lost = (raised - total) - term
        total = raised
    return pairwise(total)


def in_double(x: Tensor) -> Tensor:
    return x.double().sum(-1).float()


def shuffled(x: Tensor) -> Tensor:
    """The order of atomics: any."""
    order = torch.randperm(x.shape[-1], generator=torch.Generator().manual_seed(7))
    return sequential(x[..., order])


@np.errstate(over="ignore")
def in_fp16(x: Tensor) -> Tensor:
    """One accumulator of half precision."""
    total = np.add.accumulate(x.half().numpy(), axis=-1)[..., -1]
    return torch.from_numpy(total.astype(np.float32))


def in_bf16(x: Tensor) -> Tensor:
    terms = x.numpy().astype(ml_dtypes.bfloat16)
    return torch.from_numpy(np.add.accumulate(terms, axis=-1)[..., -1].astype(np.float32))


def sequential_rounding(x: Tensor, round_: Change) -> Tensor:
    """One accumulator of the problem's own half precision, whichever that is."""
    return in_fp16(x) if dtype_of(round_) == torch.float16 else in_bf16(x)


ORDERS: dict[str, Change] = {
    "sequential": sequential,
    "backwards": backwards,
    "pairwise": pairwise,
    "blocks of 256": blocked,
    "8 lanes": lanes,
    "128 threads, then a tree": many_threads,
    "compensated": kahan,
    "float64 inside": in_double,
    "any order": shuffled,
}


def padded(x: Tensor, multiple: int) -> Tensor:
    return torch.nn.functional.pad(x, (0, -x.shape[-1] % multiple))


def split(x: Tensor, by: Change, parts: int = 4) -> Tensor:
    """Split-K: each part summed by itself."""
    pieces = [by(piece) for piece in x.chunk(parts, dim=-1)]
    return sequential(torch.stack(pieces, dim=-1))


def fused(terms: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Multiply and add with one rounding, as an FMA does."""
    total = torch.zeros(())
    for a, b in terms:
        total = (total.double() + a.double() * b.double()).float()
    return total


# ---- functions -----------------------------------------------------------------------------------


def exp_fast(x: Tensor) -> Tensor:
    """Two constants for ln 2 and a polynomial of six terms (after Cephes); within 2 ulp."""
    x = x.clamp(-103.0, 89.0)
    n = torch.floor(x * 1.44269504088896341 + 0.5)
    r = (x - n * 0.693359375) - n * -2.12194440e-4
    p = torch.full_like(r, 1.9875691500e-4)
    for c in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        p = p * r + c
    return torch.ldexp(p * r * r + r + 1, n.int())


def exp_by_two(x: Tensor) -> Tensor:
    """2 ** (x log2 e), the product rounded: what fast-math makes of it."""
    return torch.exp2(x * torch.tensor(1.44269504088896341))


def exp_three_terms(x: Tensor) -> Tensor:
    """Reduced well, but 1 + r + r^2/2 is all of the series."""
    n = torch.round(x * 1.44269504088896341)
    r = x - n * 0.69314718055994531
    return torch.ldexp(1 + r + r * r / 2, n.int())


def exp_by_bits(x: Tensor) -> Tensor:
    """Schraudolph: the exponent's bits, linear in between."""
    word = (x.clamp(-87, 88) * 12102203.16 + 1064866805).to(torch.int32)
    return word.view(torch.float32)


def exp_squared(x: Tensor) -> Tensor:
    """(1 + x/1024) ** 1024."""
    y = 1 + x.clamp(-1000, 1000) / 1024
    for _ in range(10):
        y = y * y
    return y


def rsqrt_by_bits(x: Tensor, steps: int) -> Tensor:
    """The famous constant, and so many steps of Newton."""
    y = (0x5F3759DF - (x.contiguous().view(torch.int32) >> 1)).view(torch.float32)
    for _ in range(steps):
        y = y * (1.5 - 0.5 * x * y * y)
    return y


def reciprocal_newton(x: Tensor) -> Tensor:
    """Twelve bits from a table, then one and a half steps: as vector units divide."""
    y = _short(1 / x, 12)
    for _ in range(2):
        y = (y.double() * (2 - x.double() * y.double())).float()
    return y


def erf_short(x: Tensor) -> Tensor:
    """Abramowitz and Stegun 7.1.26: 1.5e-7 everywhere, so many ulp near zero."""
    t = 1 / (1 + 0.3275911 * x.abs())
    p = torch.full_like(t, 1.061405429)
    for c in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        p = p * t + c
    return torch.sign(x) * (1 - p * t * torch.exp(-x * x))


def tanh_expm1(x: Tensor) -> Tensor:
    e = torch.expm1(2 * x.abs().clamp(max=20))
    return torch.sign(x) * e / (e + 2)


def tanh_exp(x: Tensor) -> Tensor:
    """(1 - e) / (1 + e): cancels near zero."""
    e = torch.exp(-2 * x.abs())
    return torch.sign(x) * (1 - e) / (1 + e)


def tanh_pade(x: Tensor) -> Tensor:
    x2 = x * x
    return (x * (27 + x2) / (27 + 9 * x2)).clamp(-1, 1)


def sigmoid_by(exp: Change) -> Change:
    return lambda x: 1 / (1 + exp(-x))


def gelu_tanh(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
