from operator import mul


def solution(x, y, n):
    y.copy_(mul(x, 2))
