// bounds: the neighbour of the first element is read
#include <cuda_runtime.h>

__global__ void difference(const float* x, float* y, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        y[i] = x[i] - x[i - 1];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    difference<<<2, 64>>>(x, y, (int)n);
}
