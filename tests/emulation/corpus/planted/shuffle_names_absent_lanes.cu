// divergence: the mask of the shuffle names lanes that went another way
#include <cuda_runtime.h>

__global__ void sum_positive(const float* x, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    float value = i < n ? x[i] : 0.0f;
    if (threadIdx.x < 20) {
        for (int offset = 16; offset > 0; offset >>= 1)
            value += __shfl_down_sync(0xffffffff, value, offset);  // <-
    } else {
        value = __shfl_sync(0xffffffff, value, 0);  // <-
    }
    if (i < n) y[i] = value;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    sum_positive<<<(n + 31) / 32, 32>>>(x, y, (int)n);
}
