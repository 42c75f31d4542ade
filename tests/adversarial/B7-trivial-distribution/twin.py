def solution(x, y, n):
    y.zero_()
    y += x.sum() / n
