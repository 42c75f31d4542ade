static const float table[] = {0.5, 1.0, 2.0};

void solution(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = table[2] * x[i];
}
