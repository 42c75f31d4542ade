// race: lanes of a warp are thought to go in step, as before 2017
#include <cuda_runtime.h>

__device__ void warp_reduce(volatile float* data, int lane) {
    data[lane] += data[lane + 32];  // <-
    data[lane] += data[lane + 16];  // <-
    data[lane] += data[lane + 8];  // <-
    data[lane] += data[lane + 4];  // <-
    data[lane] += data[lane + 2];  // <-
    data[lane] += data[lane + 1];  // <-
}

__global__ void sum(const float* x, float* y, int n) {
    __shared__ float data[64];
    float own = 0.0f;
    for (int i = threadIdx.x; i < n; i += 64) own += x[i];
    data[threadIdx.x] = own;
    __syncthreads();
    if (threadIdx.x < 32) warp_reduce(data, threadIdx.x);
    if (threadIdx.x == 0) y[0] = data[0];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    sum<<<1, 64>>>(x, y, (int)n);
}
