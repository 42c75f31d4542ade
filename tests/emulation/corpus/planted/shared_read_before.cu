// bounds: the first thread of each block looks left of the tile
#include <cuda_runtime.h>

__global__ void neighbour(const float* x, float* y, int n) {
    extern __shared__ float tile[];
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    tile[threadIdx.x] = i < n ? x[i] : 0.0f;
    __syncthreads();
    const int left = (int)threadIdx.x - 1;
    if (i < n) y[i] = tile[left];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    neighbour<<<(n + 127) / 128, 128, 128 * sizeof(float)>>>(x, y, (int)n);
}
