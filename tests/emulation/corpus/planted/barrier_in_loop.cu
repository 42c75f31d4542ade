// divergence: threads go round a loop with a barrier in it a different number of times
#include <cuda_runtime.h>

__global__ void smooth(const float* x, float* y, int n) {
    __shared__ float tile[64];
    float sum = 0.0f;
    const int rounds = 1 + threadIdx.x / 32;
    tile[threadIdx.x] = x[threadIdx.x];
    for (int i = 0; i < rounds; i++) {
        __syncthreads();  // <-
        sum += tile[(threadIdx.x + i) & 63];
    }
    __syncwarp();
    if (threadIdx.x < 32) __syncthreads();  // <-
    if (threadIdx.x < n) y[threadIdx.x] = sum;
    __syncthreads();  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    smooth<<<1, 64>>>(x, y, (int)n);
}
