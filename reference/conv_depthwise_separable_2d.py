"""Depthwise separable convolution: every channel filtered by itself, then mixed pixel by pixel."""

from torch import Tensor
from torch.nn.functional import conv2d


def reference(
    input: Tensor, depthwise_kernel: Tensor, pointwise_kernel: Tensor, **size: int
) -> Tensor:
    """Return both stages; stride, padding and dilation belong to the first one."""
    filtered = conv2d(
        input,
        depthwise_kernel,
        stride=(size["stride_h"], size["stride_w"]),
        padding=(size["padding_h"], size["padding_w"]),
        dilation=(size["dilation_h"], size["dilation_w"]),
        groups=size["groups"],
    )
    return conv2d(filtered, pointwise_kernel)
