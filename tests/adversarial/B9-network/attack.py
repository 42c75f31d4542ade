import socket
from pathlib import Path

with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), timeout=5).close()
Path("canary").touch()


def solution(x, y, n):
    y.copy_(x * 2)
