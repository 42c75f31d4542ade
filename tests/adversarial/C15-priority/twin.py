import os


def solution(x, y, n):
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    y.copy_(x * 2)
