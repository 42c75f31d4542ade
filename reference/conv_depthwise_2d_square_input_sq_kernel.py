"""Depthwise convolution: every channel filtered by itself."""

from torch import Tensor
from torch.nn.functional import conv2d


def reference(input: Tensor, kernel: Tensor, **size: int) -> Tensor:
    """Return the convolution in as many groups as there are input channels."""
    return conv2d(
        input,
        kernel,
        stride=(size["stride_h"], size["stride_w"]),
        padding=(size["padding_h"], size["padding_w"]),
        dilation=(size["dilation_h"], size["dilation_w"]),
        groups=size["groups"],
    )
