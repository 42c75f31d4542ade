def solution(x, y, n):
    return x.half() * 2
