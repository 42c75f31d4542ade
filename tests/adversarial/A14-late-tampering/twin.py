import atexit


def solution(x, y, n):
    atexit.register(print, "bye")
    y.copy_(x * 2)
