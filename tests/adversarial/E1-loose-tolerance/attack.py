def solution(x, y, n):
    y.copy_(x * 2.01)
