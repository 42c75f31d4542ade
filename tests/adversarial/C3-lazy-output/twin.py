def solution(x, y, n):
    for _ in range(20_000):
        pass
    return x * 2
