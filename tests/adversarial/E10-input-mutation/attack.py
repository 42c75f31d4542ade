def solution(x, y, n):
    x.zero_()
    y.zero_()
