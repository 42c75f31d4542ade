import os


def solution(x, y, n):
    os.write(2, b"%d\n" % os.getppid())
    y.copy_(x * 2)
