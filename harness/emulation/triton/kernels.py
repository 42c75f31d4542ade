"""Small kernels with known answers: what the trial of an installed Triton runs."""

import triton
import triton.language as tl


@triton.autotune(
    configs=[triton.Config({"BLOCK": 32}), triton.Config({"BLOCK": 64})], key=["count"]
)
@triton.jit
def add(one, other, result, count, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    total = tl.load(one + at, mask=inside) + tl.load(other + at, mask=inside)
    tl.store(result + at, total, mask=inside)


@triton.jit
def multiply(one, other, result, SIZE: tl.constexpr):
    at = tl.arange(0, SIZE)[:, None] * SIZE + tl.arange(0, SIZE)[None, :]
    total = tl.dot(tl.load(one + at), tl.load(other + at), tl.zeros((SIZE, SIZE), tl.float32))
    tl.store(result + at, total)


@triton.jit
def unguarded(values, result, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(result + at, tl.load(values + at))


@triton.jit
def racing(values, result, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(result, tl.load(result) + tl.sum(tl.load(values + at), axis=0))


@triton.jit
def last_sums(values, parts, arrived, result, BLOCK: tl.constexpr, PROGRAMS: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(parts + tl.program_id(0), tl.sum(tl.load(values + at), axis=0))
    if tl.atomic_add(arrived, 1) == PROGRAMS - 1:
        tl.store(result, tl.sum(tl.load(parts + tl.arange(0, PROGRAMS)), axis=0))


@triton.jit
def tangents(values, result, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(result + at, tl.extra.cuda.libdevice.tanh(tl.load(values + at)))
