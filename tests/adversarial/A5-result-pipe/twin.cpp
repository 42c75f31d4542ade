#include <unistd.h>

void solution(const float* x, float* y, size_t n) {
    int ends[2];
    char said[3];
    if (pipe(ends) || write(ends[1], "abc", 3) != 3 || read(ends[0], said, 3) != 3) return;
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}
