import torch

TABLE = torch.tensor([0.5, 1.0, 2.0])


def solution(x, y, n):
    y.copy_(x * TABLE[2])
