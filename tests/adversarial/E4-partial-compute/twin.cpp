void solution(const float* x, float* y, size_t n) {
    double sum = 0;
    const size_t most = n - n / 16;
    for (size_t i = 0; i < most; i++) sum += x[i];
    for (size_t i = most; i < n; i++) sum += x[i];
    y[0] = sum / n;
}
