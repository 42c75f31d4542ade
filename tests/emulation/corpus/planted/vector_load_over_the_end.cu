// bounds: loads of four floats, and n is no multiple of four times the block
#include <cuda_runtime.h>

__global__ void scale(const float4* x, float4* y, float factor, int quads) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i > quads) return;
    float4 value = x[i];  // <-
    value.x *= factor; value.y *= factor; value.z *= factor; value.w *= factor;
    y[i] = value;  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const int quads = (int)n / 4;
    scale<<<(quads + 127) / 128, 128>>>((const float4*)x, (float4*)y, 2.0f, quads);
}
