// clean: bins in shared memory first, then added to the global ones
#include <cuda_runtime.h>

__global__ void histogram(const float* __restrict__ x, float* y, int n) {
    __shared__ unsigned bins[32];
    for (int b = threadIdx.x; b < 32; b += blockDim.x) bins[b] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x)
        atomicAdd(&bins[(int)(x[i] * 2.0f + 16.0f) & 31], 1u);
    __syncthreads();
    for (int b = threadIdx.x; b < 32; b += blockDim.x)
        if (bins[b]) atomicAdd(&y[b], (float)bins[b]);
}

extern "C" void solution(const float* x, float* y, size_t n) {
    cudaMemset(y, 0, n * sizeof(float));
    histogram<<<4, 100>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 0.0f;
    for (size_t i = 0; i < n; i++) y[(int)(x[i] * 2.0f + 16.0f) & 31] += 1.0f;
}
