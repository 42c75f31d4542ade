import socket

one, other = socket.socketpair()
one.send(b"to myself")
assert other.recv(99) == b"to myself"


def solution(x, y, n):
    y.copy_(x * 2)
