import sys


def solution(x, y, n):
    depth, frame = 0, sys._getframe()
    while frame := frame.f_back:
        depth += 1
    assert depth
    y.copy_(x * 2)
