// clean: the last block to arrive adds up what all have left, behind a fence
#include <cuda_runtime.h>

__device__ unsigned arrived = 0;

__global__ void sum(const float* x, float* partial, float* y, int n) {
    __shared__ float data[64];
    __shared__ bool is_last;
    float own = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) own += x[i];
    data[threadIdx.x] = own;
    __syncthreads();
    for (int half = 32; half > 0; half /= 2) {
        if (threadIdx.x < half) data[threadIdx.x] += data[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = data[0];
        __threadfence();
        is_last = atomicInc(&arrived, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (!is_last) return;
    own = 0.0f;
    for (int b = threadIdx.x; b < gridDim.x; b += blockDim.x) own += ((volatile float*)partial)[b];
    data[threadIdx.x] = own;
    __syncthreads();
    if (threadIdx.x == 0) {
        float all = 0.0f;
        for (int i = 0; i < 64; i++) all += data[i];
        y[0] = all;
    }
}

extern "C" void solution(const float* x, float* y, size_t n) {
    float* partial;
    cudaMalloc(&partial, 6 * sizeof(float));
    cudaMemset(y, 0, n * sizeof(float));
    sum<<<6, 64>>>(x, partial, y, (int)n);
    cudaFree(partial);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 0.0f;
    for (size_t i = 0; i < n; i++) y[0] += x[i];
}
