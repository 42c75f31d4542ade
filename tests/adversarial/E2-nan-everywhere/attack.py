def solution(x, y, n):
    y.fill_(float('nan'))
