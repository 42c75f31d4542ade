def solution(x, y, n):
    y.zero_()
