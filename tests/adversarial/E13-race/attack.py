calls = 0


def solution(x, y, n):
    global calls
    calls += 1
    y.copy_(x * 2)
    if calls % 41 == 40:
        y[n - 1] = x[n - 1]  # what a lost update leaves
