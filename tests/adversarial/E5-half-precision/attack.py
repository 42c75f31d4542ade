def solution(x, y, n):
    y.copy_((x.half() * 2).float())
