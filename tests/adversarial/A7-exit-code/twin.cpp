static float factor;

__attribute__((constructor)) static void early() { factor = 2; }

void solution(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = factor * x[i];
}
