# grade: problem=conv-depthwise-2d-square-input-sq-kernel
# Wrong: columns beyond the edge are not masked, so padding is what the next row holds.
import triton
import triton.language as tl


@triton.jit
def filter_plane(
    image, taps, result, multiplier, height, width, h_out, w_out,
    stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w,
    KERNEL_H: tl.constexpr, KERNEL_W: tl.constexpr, BLOCK: tl.constexpr,
):
    plane = tl.program_id(0)
    pixel = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = pixel < h_out * w_out
    top = pixel // w_out * stride_h - padding_h
    left = pixel % w_out * stride_w - padding_w
    channel = image + (plane // multiplier) * height * width
    total = tl.zeros((BLOCK,), tl.float32)
    for i in tl.static_range(KERNEL_H):
        row = top + i * dilation_h
        for j in tl.static_range(KERNEL_W):
            column = left + j * dilation_w
            pixels = row * width + column
            known = inside & (pixels >= 0) & (pixels < height * width)
            value = tl.load(channel + row * width + column, mask=known, other=0.0)
            tap = tl.load(taps + (plane * KERNEL_H + i) * KERNEL_W + j)
            total += value.to(tl.float32) * tap.to(tl.float32)
    at = result + plane * h_out * w_out + pixel
    tl.store(at, total.to(result.dtype.element_ty), mask=inside)


def solution(
    input, kernel, output, batch_size, in_channels, out_channels, height, width, kernel_h,
    kernel_w, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w, groups,
):
    h_out, w_out = output.shape[2:]
    block = 256
    # a plane of the result is a pair of image and filter; the filters of all images are the same
    for image in range(batch_size):
        filter_plane[(out_channels, triton.cdiv(h_out * w_out, block))](
            input[image], kernel, output[image], out_channels // in_channels, height, width,
            h_out, w_out, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w,
            KERNEL_H=kernel_h, KERNEL_W=kernel_w, BLOCK=block,
        )
