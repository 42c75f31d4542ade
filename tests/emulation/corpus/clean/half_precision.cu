// clean: two halves at a time, in and out of float
#include <cuda_fp16.h>
#include <cuda_runtime.h>

__global__ void to_half(const float* x, __half* h, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) h[i] = __float2half(x[i]);
}

__global__ void twice(const __half2* h, float2* y, int pairs) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < pairs) y[i] = __half22float2(__hadd2(h[i], h[i]));
}

extern "C" void solution(const float* x, float* y, size_t n) {
    __half* h;
    cudaMalloc(&h, n * sizeof(__half));
    to_half<<<(n + 127) / 128, 128>>>(x, h, (int)n);
    twice<<<(n / 2 + 127) / 128, 128>>>((const __half2*)h, (float2*)y, (int)n / 2);
    cudaFree(h);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 2.0f * x[i];
}
