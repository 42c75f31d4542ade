# grade: problem=conv-depthwise-2d-square-input-sq-kernel
# Depthwise convolution in Triton: a program computes a block of the result, whatever planes it is of.
import triton
import triton.language as tl


@triton.jit
def filter_block(
    images, taps, result, count, multiplier, height, width, h_out, w_out, out_channels,
    stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w,
    KERNEL_H: tl.constexpr, KERNEL_W: tl.constexpr, BLOCK: tl.constexpr,
):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    plane = at // (h_out * w_out)
    top = at // w_out % h_out * stride_h - padding_h
    left = at % w_out * stride_w - padding_w
    image = images + plane // multiplier * height * width
    tap = taps + plane % out_channels * KERNEL_H * KERNEL_W
    total = tl.zeros((BLOCK,), tl.float32)
    for i in tl.static_range(KERNEL_H):
        row = top + i * dilation_h
        in_rows = inside & (row >= 0) & (row < height)
        for j in tl.static_range(KERNEL_W):
            column = left + j * dilation_w
            known = in_rows & (column >= 0) & (column < width)
            value = tl.load(image + row * width + column, mask=known, other=0.0)
            weight = tl.load(tap + i * KERNEL_W + j, mask=known, other=0.0)
            total += value.to(tl.float32) * weight.to(tl.float32)
    tl.store(result + at, total.to(result.dtype.element_ty), mask=inside)


def solution(
    input, kernel, output, batch_size, in_channels, out_channels, height, width, kernel_h,
    kernel_w, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w, groups,
):
    h_out, w_out = output.shape[2:]
    count, block = output.numel(), 512
    filter_block[(triton.cdiv(count, block),)](
        input, kernel, output, count, out_channels // in_channels, height, width, h_out, w_out,
        out_channels, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w,
        KERNEL_H=kernel_h, KERNEL_W=kernel_w, BLOCK=block,
    )
