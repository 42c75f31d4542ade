import time


def solution(x, y, n):
    began = time.perf_counter()
    for _ in range(10_000):
        pass
    y.copy_(x * 2)
    assert time.perf_counter() >= began
