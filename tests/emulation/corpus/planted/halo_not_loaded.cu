// uninitialised: the tile's left edge is read by the first thread, and written by nobody
#include <cuda_runtime.h>

__global__ void difference(const float* x, float* y, int n) {
    __shared__ float tile[130];
    const int i = blockIdx.x * 128 + threadIdx.x;
    tile[threadIdx.x + 1] = i < n ? x[i] : 0.0f;
    if (threadIdx.x == 127) tile[129] = i + 1 < n ? x[i + 1] : 0.0f;
    __syncthreads();
    if (i < n) y[i] = tile[threadIdx.x + 2] - tile[threadIdx.x];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    difference<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}
