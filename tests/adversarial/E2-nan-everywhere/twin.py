def solution(x, y, n):
    y.fill_(float('nan'))
    y.copy_(x * 2)
