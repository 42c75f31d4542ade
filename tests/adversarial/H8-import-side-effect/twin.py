import tempfile

with tempfile.TemporaryFile() as own:
    own.write(b"nobody is hurt")


def solution(x, y, n):
    y.copy_(x * 2)
