// race: two buffers take turns with no barrier between the rounds
#include <cuda_runtime.h>

#define BLOCK 64

__global__ void ripple(const float* x, float* y, int n) {
    __shared__ float buffers[2][BLOCK];
    const int i = blockIdx.x * BLOCK + threadIdx.x, t = threadIdx.x;
    buffers[0][t] = i < n ? x[i] : 0.0f;  // <-
    __syncthreads();
    int from = 0;
    for (int round = 0; round < 4; round++) {
        const float left = t > 0 ? buffers[from][t - 1] : 0.0f;  // <-
        buffers[1 - from][t] = left + buffers[from][t];  // <-
        from = 1 - from;
    }
    if (i < n) y[i] = buffers[from][t];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    ripple<<<(n + BLOCK - 1) / BLOCK, BLOCK>>>(x, y, (int)n);
}
