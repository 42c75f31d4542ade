from pathlib import Path

Path("mine.py").write_text("def double(x):\n    return x * 2\n")
answer = {}
exec(Path("mine.py").read_text(), answer)


def solution(x, y, n):
    y.copy_(answer["double"](x))
