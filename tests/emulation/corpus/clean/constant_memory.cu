// clean: a filter in constant memory, copied there by the host
#include <cuda_runtime.h>

__constant__ float weights[5];

__global__ void filter(const float* x, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float sum = 0.0f;
    for (int k = -2; k <= 2; k++)
        if (i + k >= 0 && i + k < n) sum += weights[k + 2] * x[i + k];
    y[i] = sum;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const float host[5] = {1.0f, 4.0f, 6.0f, 4.0f, 1.0f};
    cudaMemcpyToSymbol(weights, host, sizeof host);
    filter<<<(n + 191) / 192, 192>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    const float weights[5] = {1.0f, 4.0f, 6.0f, 4.0f, 1.0f};
    for (long i = 0; i < (long)n; i++) {
        y[i] = 0.0f;
        for (long k = -2; k <= 2; k++)
            if (i + k >= 0 && i + k < (long)n) y[i] += weights[k + 2] * x[i + k];
    }
}
