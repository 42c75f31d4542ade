import sys


def solution(x, y, n):
    for _ in range(3_000):
        pass
    assert sys._getframe().f_back
    y.copy_(x * 2)
