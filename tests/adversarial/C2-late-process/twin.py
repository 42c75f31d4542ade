import os

has_tried = False


def solution(x, y, n):
    global has_tried
    for _ in range(40_000):
        pass
    if not has_tried:
        has_tried = True
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    y.copy_(x * 2)
