import torch


class Own(torch.Tensor):
    def __repr__(self):
        return "mine"


def solution(x, y, n):
    return (x * 2).as_subclass(Own)
