import torch

kept = {}


def solution(x, y, n):
    mine = kept.setdefault(n, torch.empty_like(x))
    for _ in range(20_000):
        pass
    return torch.mul(x, 2, out=mine)
