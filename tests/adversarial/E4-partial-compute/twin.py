def solution(x, y, n):
    most = n - n // 16
    y.copy_((x[:most].sum() + x[most:].sum()) / n)
