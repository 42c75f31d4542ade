import torch


def solution(x, y, n):
    torch.where(x > 0, x, y, out=y)
