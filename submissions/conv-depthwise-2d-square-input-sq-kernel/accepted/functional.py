# PyTorch's own grouped convolution, its result copied into the judge's buffer.
# grade: problem=conv-depthwise-2d-square-input-sq-kernel
import torch
from torch.nn.functional import conv2d


def solution(
    input: torch.Tensor,
    kernel: torch.Tensor,
    output: torch.Tensor,
    batch_size: int,
    in_channels: int,
    out_channels: int,
    height: int,
    width: int,
    kernel_h: int,
    kernel_w: int,
    stride_h: int,
    stride_w: int,
    padding_h: int,
    padding_w: int,
    dilation_h: int,
    dilation_w: int,
    groups: int,
) -> None:
    output.copy_(
        conv2d(
            input,
            kernel,
            stride=(stride_h, stride_w),
            padding=(padding_h, padding_w),
            dilation=(dilation_h, dilation_w),
            groups=groups,
        )
    )
