#include <ctime>

void solution(const float* x, float* y, size_t n) {
    const timespec moment{0, 1000};  // who waits in its own time may wait
    nanosleep(&moment, nullptr);
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}
