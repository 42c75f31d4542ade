// race: every block adds to the same element by a plain store
#include <cuda_runtime.h>

__global__ void sum(const float* x, float* y, int n) {
    float own = 0.0f;
    for (int i = blockIdx.x; i < n; i += gridDim.x) own += x[i];
    y[0] += own;  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    cudaMemset(y, 0, n * sizeof(float));
    sum<<<8, 1>>>(x, y, (int)n);
}
