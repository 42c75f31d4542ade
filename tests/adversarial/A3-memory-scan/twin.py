import gc


def solution(x, y, n):
    assert gc.get_objects()
    y.copy_(x * 2)
