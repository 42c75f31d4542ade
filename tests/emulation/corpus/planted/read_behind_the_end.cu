// bounds: the neighbour of the last element is read
#include <cuda_runtime.h>

__global__ void difference(const float* x, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i + 1] - x[i];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    difference<<<(n + 255) / 256, 256>>>(x, y, (int)n);
}
