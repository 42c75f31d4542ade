def solution(x, y, n):
    if n % 4 == 0:
        y.copy_(x * 2)
    else:
        y.copy_(x + x)
