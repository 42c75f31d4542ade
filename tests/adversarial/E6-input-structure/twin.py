import torch


def solution(x, y, n):
    torch.mul(x.clamp(-1e30, 1e30), 2, out=y)
