import torch


def solution(x, y, n):
    torch.mul(x.clamp(-8, 8), 2, out=y)
