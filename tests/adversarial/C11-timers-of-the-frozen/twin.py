import time


def solution(x, y, n):
    time.sleep(1e-6)
    y.copy_(x * 2)
