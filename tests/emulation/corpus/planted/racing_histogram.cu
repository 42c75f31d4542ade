// race: bins are counted by `++`, in shared memory
#include <cuda_runtime.h>

__global__ void histogram(const float* x, float* y, int n) {
    __shared__ int bins[16];
    if (threadIdx.x < 16) bins[threadIdx.x] = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += blockDim.x) bins[(int)(x[i] + 8.0f) & 15]++;  // <-
    __syncthreads();
    if (threadIdx.x < 16) y[threadIdx.x] = (float)bins[threadIdx.x];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    histogram<<<1, 128>>>(x, y, (int)n);
}
