# grade: problem=conv-depthwise-separable-2d
# Depthwise separable convolution in Triton, fused: a program filters a block of pixels channel by
# channel and adds what each gives to all output channels at once.
import triton
import triton.language as tl


@triton.autotune(configs=[triton.Config({"PIXELS": size}) for size in (128, 64)], key=[])
@triton.jit
def filter_and_mix(
    image, taps, weights, result, channels, out_channels, height, width, h_out, w_out,
    stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w,
    KERNEL_H: tl.constexpr, KERNEL_W: tl.constexpr, OUTS: tl.constexpr, PIXELS: tl.constexpr,
):
    batch = tl.program_id(0).to(tl.int64)
    pixel = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)
    out = tl.program_id(2) * OUTS + tl.arange(0, OUTS)
    inside = pixel < h_out * w_out
    top = pixel // w_out * stride_h - padding_h
    left = pixel % w_out * stride_w - padding_w
    total = tl.zeros((OUTS, PIXELS), tl.float32)
    for channel in range(channels):
        plane = image + (batch * channels + channel) * height * width
        filtered = tl.zeros((PIXELS,), tl.float32)
        for i in tl.static_range(KERNEL_H):
            row = top + i * dilation_h
            in_rows = inside & (row >= 0) & (row < height)
            for j in tl.static_range(KERNEL_W):
                column = left + j * dilation_w
                known = in_rows & (column >= 0) & (column < width)
                value = tl.load(plane + row * width + column, mask=known, other=0.0)
                tap = tl.load(taps + (channel * KERNEL_H + i) * KERNEL_W + j)
                filtered += value.to(tl.float32) * tap.to(tl.float32)
        weight = tl.load(weights + out * channels + channel, mask=out < out_channels, other=0.0)
        total += weight.to(tl.float32)[:, None] * filtered[None, :]
    at = result + (batch * out_channels + out[:, None]) * h_out * w_out + pixel[None, :]
    mask = (out < out_channels)[:, None] & inside[None, :]
    tl.store(at, total.to(result.dtype.element_ty), mask=mask)


def solution(
    input, depthwise_kernel, pointwise_kernel, output, batch_size, in_channels, out_channels,
    height, width, kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w, dilation_h,
    dilation_w, groups,
):
    h_out, w_out = output.shape[2:]
    outs = 32

    def grid(meta):
        return batch_size, triton.cdiv(h_out * w_out, meta["PIXELS"]), triton.cdiv(out_channels, outs)

    filter_and_mix[grid](
        input, depthwise_kernel, pointwise_kernel, output, in_channels, out_channels, height,
        width, h_out, w_out, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w,
        KERNEL_H=kernel_h, KERNEL_W=kernel_w, OUTS=outs,
    )
