// bounds: the window of the last thread reaches beyond the tile
#include <cuda_runtime.h>

#define BLOCK 64

__global__ void window(const float* x, float* y, int n) {
    __shared__ float other[BLOCK];
    __shared__ float tile[BLOCK];
    const int i = blockIdx.x * BLOCK + threadIdx.x;
    other[threadIdx.x] = 0.0f;
    tile[threadIdx.x] = i < n ? x[i] : 0.0f;
    __syncthreads();
    float sum = other[threadIdx.x];
    for (int k = 0; k < 3; k++) sum += tile[threadIdx.x + k];  // <-
    if (i < n) y[i] = sum;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    window<<<(n + BLOCK - 1) / BLOCK, BLOCK>>>(x, y, (int)n);
}
