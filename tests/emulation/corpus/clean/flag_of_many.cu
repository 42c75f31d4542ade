// clean: many threads may set the same flag, all to the same value, and a later launch reads it
#include <cuda_runtime.h>

__device__ int has_negative;

__global__ void look(const float* x, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] < 0.0f) has_negative = 1;
}

__global__ void apply(const float* x, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = has_negative ? x[i] + 100.0f : x[i];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const int none = 0;
    cudaMemcpyToSymbol(has_negative, &none, sizeof none);
    look<<<(n + 127) / 128, 128>>>(x, (int)n);
    apply<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] + 100.0f;
}
