import torch

torch.set_flush_denormal(True)


def solution(x, y, n):
    torch.mul(x, 1e-39, out=y)
