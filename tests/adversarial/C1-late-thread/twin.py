import threading


def work(x, y):
    for _ in range(20_000):
        pass
    y.copy_(x * 2)


def solution(x, y, n):
    helper = threading.Thread(target=work, args=(x, y))
    helper.start()
    helper.join()
