def solution(x, y, n):
    y.copy_(x.mean())
