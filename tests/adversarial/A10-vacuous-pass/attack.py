def solution(x, y, n):
    return ()
