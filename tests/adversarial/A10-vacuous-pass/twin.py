def solution(x, y, n):
    return (x * 2,)
