import pickle


def solution(x, y, n):
    return pickle.loads(pickle.dumps(x * 2))
