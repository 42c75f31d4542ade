// clean: launches in a row that work in place, on a stream
#include <cuda_runtime.h>

__global__ void init(const float* x, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i];
}

__global__ void add_half(float* y, int half, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < half && i + half < n) y[i] += y[i + half];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    init<<<(n + 255) / 256, 256, 0, stream>>>(x, y, (int)n);
    for (int half = 512; half >= 1; half /= 2) add_half<<<(half + 63) / 64, 64, 0, stream>>>(y, half, (int)n);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i];
    for (size_t half = 512; half >= 1; half /= 2)
        for (size_t i = 0; i < half && i + half < n; i++) y[i] += y[i + half];
}
