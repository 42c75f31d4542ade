import torch


def solution(x, y, n):
    index = torch.arange(n) % (1 << 32)
    y[index] = 2 * x[index]
