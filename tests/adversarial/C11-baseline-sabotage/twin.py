import torch


def solution(x, y, n):
    for _ in range(5_000):
        pass
    torch.add(x, x, out=y)
