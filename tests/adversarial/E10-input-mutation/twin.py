def solution(x, y, n):
    x = x.clone()
    x.mul_(2)
    y.copy_(x)
