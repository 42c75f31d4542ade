// race: bins in global memory, each block adds its own without an atomic
#include <cuda_runtime.h>

__global__ void histogram(const float* x, float* y, int n) {
    __shared__ int bins[8];
    if (threadIdx.x < 8) bins[threadIdx.x] = 0;
    __syncthreads();
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(&bins[(int)(x[i] + 4.0f) & 7], 1);
    __syncthreads();
    if (threadIdx.x < 8) y[threadIdx.x] += (float)bins[threadIdx.x];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    cudaMemset(y, 0, n * sizeof(float));
    histogram<<<(n + 255) / 256, 256>>>(x, y, (int)n);
}
