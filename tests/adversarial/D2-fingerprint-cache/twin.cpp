void solution(const float* x, float* y, size_t n) {
    for (volatile int work = 0; work < 50'000; work = work + 1) {}
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}
