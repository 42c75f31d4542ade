import atexit

atexit.register(lambda: None)


def solution(x, y, n):
    y.copy_(x * 2)
