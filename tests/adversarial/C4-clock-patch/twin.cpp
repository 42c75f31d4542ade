#include <chrono>

void solution(const float* x, float* y, size_t n) {
    const auto began = std::chrono::steady_clock::now();
    for (volatile int work = 0; work < 1'000'000; work = work + 1) {}
    if (std::chrono::steady_clock::now() < began) return;
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}
