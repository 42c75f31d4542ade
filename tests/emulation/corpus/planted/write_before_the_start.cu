// bounds: elements are moved to the left, the first one too
#include <cuda_runtime.h>

__global__ void rotate(const float* x, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    y[i - 1] = x[i];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    rotate<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}
