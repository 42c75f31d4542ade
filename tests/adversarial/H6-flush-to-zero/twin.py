import torch


def solution(x, y, n):
    torch.mul(x.double(), 1e-39).to(torch.float32, copy=True)
    y.copy_((x.double() * 1e-39).float())
