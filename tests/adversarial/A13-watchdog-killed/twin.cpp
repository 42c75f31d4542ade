#include <csignal>
#include <unistd.h>

void solution(const float* x, float* y, size_t n) {
    signal(SIGUSR1, SIG_IGN);
    kill(getpid(), SIGUSR1);
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}
