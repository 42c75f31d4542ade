import ctypes


def solution(x, y, n):
    y.copy_(x * 2)
    ctypes.memset(y.data_ptr() + 4 * n - 4, 0, 4)
    y[n - 1] = x[n - 1] * 2
