// uninitialised: a shared counter is added to, and nobody set it to zero
#include <cuda_runtime.h>

__global__ void count_positive(const float* x, float* y, int n) {
    __shared__ int count;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] > 0.0f) atomicAdd(&count, 1);  // <-
    __syncthreads();
    if (threadIdx.x == 0) y[blockIdx.x] = (float)count;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    count_positive<<<(n + 255) / 256, 256>>>(x, y, (int)n);
}
