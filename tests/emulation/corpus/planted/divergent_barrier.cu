// divergence: half of the threads wait at a barrier in a branch, the others at one behind it
#include <cuda_runtime.h>

__global__ void halves(const float* x, float* y, int n) {
    __shared__ float tile[128];
    const int i = blockIdx.x * 128 + threadIdx.x;
    tile[threadIdx.x] = i < n ? x[i] : 0.0f;
    if (threadIdx.x < 64) {
        __syncthreads();  // <-
        tile[threadIdx.x] += tile[threadIdx.x + 64];
    }
    __syncthreads();  // <-
    if (i < n) y[i] = tile[threadIdx.x & 63];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    halves<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}
