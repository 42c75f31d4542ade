calls = 0


def solution(x, y, n):
    global calls
    calls += 1
    y.copy_(x * 2)
