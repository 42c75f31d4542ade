// race: blocks count themselves by `++`
#include <cuda_runtime.h>

__device__ volatile unsigned arrived = 0;

__global__ void sum(const float* x, float* partial, float* y, int n) {
    if (threadIdx.x != 0) return;
    float own = 0.0f;
    for (int i = blockIdx.x; i < n; i += gridDim.x) own += x[i];
    partial[blockIdx.x] = own;  // <-
    __threadfence();
    const unsigned before = arrived;  // <-
    arrived = before + 1;  // <-
    if (before != gridDim.x - 1) return;
    float all = 0.0f;
    for (int b = 0; b < gridDim.x; b++) all += partial[b];  // <-
    y[0] = all;
    arrived = 0;  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    float* partial;
    cudaMalloc(&partial, 8 * sizeof(float));
    sum<<<8, 32>>>(x, partial, y, (int)n);
    cudaFree(partial);
}
