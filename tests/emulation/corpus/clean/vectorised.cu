// clean: loads and stores of four floats, and a tail one by one
#include <cuda_runtime.h>

__global__ void relu(const float* x, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const int quads = n / 4;
    if (i < quads) {
        float4 value = reinterpret_cast<const float4*>(x)[i];
        value.x = fmaxf(value.x, 0.0f);
        value.y = fmaxf(value.y, 0.0f);
        value.z = fmaxf(value.z, 0.0f);
        value.w = fmaxf(value.w, 0.0f);
        reinterpret_cast<float4*>(y)[i] = value;
    } else if (i < quads + n % 4) {
        const int at = quads * 4 + i - quads;
        y[at] = fmaxf(x[at], 0.0f);
    }
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const int threads = (int)(n / 4 + n % 4);
    relu<<<(threads + 63) / 64, 64>>>(x, y, (int)n - 1);
    relu<<<1, 32>>>(x + n - 4, y + n - 4, 4);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] > 0.0f ? x[i] : 0.0f;
}
