import os
import signal


def solution(x, y, n):
    caught = []
    signal.signal(signal.SIGUSR1, lambda *_: caught.append(1))
    os.kill(os.getpid(), signal.SIGUSR1)
    y.copy_(x * 2)
