extern "C" {
static float doubled(float value) { return 2 * value; }
static void* choose() { return (void*)doubled; }
float chosen(float value) __attribute__((ifunc("choose"), visibility("hidden")));
}

void solution(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = chosen(x[i]);
}
