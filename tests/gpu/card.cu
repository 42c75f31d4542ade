// Plays one kernel of the corpus on a card: buffers of its own between two that nobody may write, two calls, and a
// comparison with `expected` where there is one. One word: ended | right | wrong | failed ERROR.

#include <cmath>
#include <cstdio>
#include <vector>

extern "C" void solution(const float* x, float* y, size_t n);
extern "C" __attribute__((weak)) void expected(const float* x, float* y, size_t n);

static void must(cudaError_t error) {
    if (error == cudaSuccess) return;
    printf("failed %s\n", cudaGetErrorName(error));
    exit(0);
}

int main() {
    constexpr size_t N = 1000;
    std::vector<float> x(N), y(N, NAN), right(N);
    for (size_t i = 0; i < N; i++) x[i] = (float)(int)(i * 7 % 13) - 6.0f;
    float *dx, *dy;
    must(cudaMalloc(&dx, N * sizeof(float)));
    must(cudaMalloc(&dy, N * sizeof(float)));
    must(cudaMemcpy(dx, x.data(), N * sizeof(float), cudaMemcpyHostToDevice));
    must(cudaMemcpy(dy, y.data(), N * sizeof(float), cudaMemcpyHostToDevice));
    for (int call = 0; call < 2; call++) {
        solution(dx, dy, N);
        must(cudaGetLastError());
        must(cudaDeviceSynchronize());
    }
    must(cudaMemcpy(y.data(), dy, N * sizeof(float), cudaMemcpyDeviceToHost));
    if (!expected) return puts("ended"), 0;
    expected(x.data(), right.data(), N);
    bool is_right = true;
    for (size_t i = 0; i < N; i++) is_right &= fabsf(y[i] - right[i]) <= 1e-5f * (1.0f + fabsf(right[i]));
    puts(is_right ? "right" : "wrong");
}
