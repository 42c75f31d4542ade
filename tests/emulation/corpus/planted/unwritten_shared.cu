// uninitialised: the partial sums of warps that do not exist are added too
#include <cuda_runtime.h>

__global__ void row_sum(const float* x, float* y, int n) {
    __shared__ float partial[32];
    const int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x & 31;
    float value = i < n ? x[i] : 0.0f;
    for (int offset = 16; offset > 0; offset >>= 1) value += __shfl_down_sync(0xffffffff, value, offset);
    if (lane == 0) partial[threadIdx.x >> 5] = value;
    __syncthreads();
    if (threadIdx.x < 32) {
        value = partial[lane];  // <-
        for (int offset = 16; offset > 0; offset >>= 1) value += __shfl_down_sync(0xffffffff, value, offset);
        if (lane == 0) y[blockIdx.x] = value;
    }
}

extern "C" void solution(const float* x, float* y, size_t n) {
    row_sum<<<(n + 255) / 256, 256>>>(x, y, (int)n);
}
