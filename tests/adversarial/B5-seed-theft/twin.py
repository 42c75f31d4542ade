import torch

generator = torch.Generator().manual_seed(torch.initial_seed())
noise = torch.randn(16, generator=generator)


def solution(x, y, n):
    y.copy_(2 * x + 0 * noise[0])
