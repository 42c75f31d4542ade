import os


def solution(x, y, n):
    reading, writing = os.pipe()
    os.write(writing, b"a pipe of my own")
    assert os.read(reading, 99) == b"a pipe of my own"
    y.copy_(x * 2)
