import torch

factor = torch.full((), 2.0)


def solution(x, y, n):
    torch.mul(x, factor, out=y)
