// clean: blocks take turns at one element by a lock, with fences
#include <cuda_runtime.h>

__device__ int lock = 0;

__global__ void sum(const float* x, float* y, int n) {
    if (threadIdx.x != 0) return;
    float own = 0.0f;
    for (int i = blockIdx.x; i < n; i += gridDim.x) own += x[i];
    while (atomicCAS(&lock, 0, 1) != 0) {}
    __threadfence();
    y[0] += own;
    __threadfence();
    atomicExch(&lock, 0);
}

extern "C" void solution(const float* x, float* y, size_t n) {
    cudaMemset(y, 0, n * sizeof(float));
    sum<<<5, 32>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 0.0f;
    for (size_t i = 0; i < n; i++) y[0] += x[i];
}
