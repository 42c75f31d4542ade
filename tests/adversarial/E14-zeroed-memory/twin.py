import torch


def solution(x, y, n):
    y.zero_()
    torch.where(x > 0, x, y, out=y)
