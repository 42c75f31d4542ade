def solution(x, y, n):
    y.copy_((x.double() * 2).float())
