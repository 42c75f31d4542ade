def solution(x, y, n):
    return (x.half() * 0).float() + x * 2
