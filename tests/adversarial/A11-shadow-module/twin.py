from pathlib import Path

Path("mine.txt").write_text("2")


def solution(x, y, n):
    y.copy_(x * float(Path("mine.txt").read_text()))
