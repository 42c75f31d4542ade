#include <cstdio>

void solution(const float* x, float* y, size_t n) {
    FILE* maps = fopen("/proc/self/maps", "r");
    char line[512];
    size_t lines = 0;
    while (maps && fgets(line, sizeof line, maps)) lines++;
    for (size_t i = 0; lines && i < n; i++) y[i] = 2 * x[i];
}
