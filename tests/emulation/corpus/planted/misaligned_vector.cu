// bounds: pairs of floats are read at odd places
#include <cuda_runtime.h>

__global__ void pairs(const float* x, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i + 1 >= n) return;
    const float2 pair = *(const float2*)(x + i);  // <-
    y[i] = pair.x + pair.y;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    pairs<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}
