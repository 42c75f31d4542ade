// bounds: the last block has threads for which there is no element
#include <cuda_runtime.h>

__global__ void square(const float* x, float* y) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const float value = x[i];  // <-
    y[i] = value * value;  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    square<<<(n + 255) / 256, 256>>>(x, y);
}
