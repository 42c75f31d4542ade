// race: an inclusive scan reads and writes in the same step
#include <cuda_runtime.h>

__global__ void scan(const float* x, float* y, int n) {
    __shared__ float sums[256];
    const int i = blockIdx.x * 256 + threadIdx.x;
    sums[threadIdx.x] = i < n ? x[i] : 0.0f;
    for (int offset = 1; offset < 256; offset <<= 1) {
        __syncthreads();
        if (threadIdx.x >= offset) sums[threadIdx.x] += sums[threadIdx.x - offset];  // <-
    }
    if (i < n) y[i] = sums[threadIdx.x];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    scan<<<(n + 255) / 256, 256>>>(x, y, (int)n);
}
