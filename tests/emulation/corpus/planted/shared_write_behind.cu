// bounds: a shared array that is one too short, written by the last thread
#include <cuda_runtime.h>

__global__ void prefix(const float* x, float* y, int n) {
    __shared__ float sums[128];
    const int i = blockIdx.x * 128 + threadIdx.x;
    sums[threadIdx.x + 1] = i < n ? x[i] : 0.0f;  // <-
    if (threadIdx.x == 0) sums[0] = 0.0f;
    __syncthreads();
    if (i < n) y[i] = sums[threadIdx.x] + 1.0f;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    prefix<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}
