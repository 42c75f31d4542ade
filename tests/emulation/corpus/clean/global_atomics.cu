// clean: bins in global memory, counted by atomics
#include <cuda_runtime.h>

__global__ void histogram(const float* x, unsigned* bins, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(&bins[(int)(x[i] + 8.0f) & 15], 1u);
}

__global__ void to_float(const unsigned* bins, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = (float)bins[i & 15];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    unsigned* bins;
    cudaMalloc(&bins, 16 * sizeof(unsigned));
    cudaMemset(bins, 0, 16 * sizeof(unsigned));
    const dim3 block(128), grid(((unsigned)n + block.x - 1) / block.x);
    histogram<<<grid, block>>>(x, bins, (int)n);
    to_float<<<grid, block>>>(bins, y, (int)n);
    cudaFree(bins);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    unsigned bins[16] = {};
    for (size_t i = 0; i < n; i++) bins[(int)(x[i] + 8.0f) & 15]++;
    for (size_t i = 0; i < n; i++) y[i] = (float)bins[i & 15];
}
