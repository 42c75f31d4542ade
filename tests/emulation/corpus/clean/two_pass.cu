// clean: partial sums in scratch memory, and a second launch that adds them
#include <cuda_runtime.h>

__global__ void partial_sums(const float* x, float* partial, int n) {
    extern __shared__ float data[];
    const int i = blockIdx.x * blockDim.x * 2 + threadIdx.x;
    data[threadIdx.x] = (i < n ? x[i] : 0.0f) + (i + blockDim.x < n ? x[i + blockDim.x] : 0.0f);
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half >>= 1) {
        if (threadIdx.x < half) data[threadIdx.x] += data[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) partial[blockIdx.x] = data[0];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const int block = 128, blocks = ((int)n + 2 * block - 1) / (2 * block);
    float* partial = nullptr;
    if (cudaMalloc(&partial, blocks * sizeof(float)) != cudaSuccess) return;
    cudaMemset(y, 0, n * sizeof(float));
    partial_sums<<<blocks, block, block * sizeof(float)>>>(x, partial, (int)n);
    partial_sums<<<1, block, block * sizeof(float)>>>(partial, y, blocks);
    cudaDeviceSynchronize();
    cudaFree(partial);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 0.0f;
    for (size_t i = 0; i < n; i++) y[0] += x[i];
}
