import torch

torch.doubled = lambda x, y: torch.mul(x, 2, out=y)


def solution(x, y, n):
    torch.doubled(x, y)
