#include <cstring>
#include <vector>

void solution(const float* x, float* y, size_t n) {
    std::vector<float> own(n);
    for (size_t i = 0; i < n; i++) own[i] = 2 * x[i];
    memcpy(y, own.data(), n * sizeof *y);
}
