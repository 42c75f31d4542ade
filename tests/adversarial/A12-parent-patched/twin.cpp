#include <cstdio>
#include <unistd.h>

void solution(const float* x, float* y, size_t n) {
    fprintf(stderr, "%d\n", getppid());
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}
