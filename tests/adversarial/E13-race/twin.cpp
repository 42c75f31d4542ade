#include <thread>

void solution(const float* x, float* y, size_t n) {
    std::thread second([=] {
        for (size_t i = n / 2; i < n; i++) y[i] = 2 * x[i];
    });
    for (size_t i = 0; i < n / 2; i++) y[i] = 2 * x[i];
    second.join();
}
