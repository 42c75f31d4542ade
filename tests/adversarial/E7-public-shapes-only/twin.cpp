void solution(const float* x, float* y, size_t n) {
    const size_t end = n == 200 ? 200 : n;
    for (size_t i = 0; i < end; i++) y[i] = 2 * x[i];
}
