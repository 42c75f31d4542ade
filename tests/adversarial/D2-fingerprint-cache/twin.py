def solution(x, y, n):
    for _ in range(3_000):
        pass
    y.copy_(x * 2)
