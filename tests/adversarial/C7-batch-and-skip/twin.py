def solution(x, y, n):
    for _ in range(5_000):
        pass
    y.copy_(x * 2)
