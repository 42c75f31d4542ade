// bounds: the launch asks for as many bytes as there are floats
#include <cuda_runtime.h>

__global__ void reverse(const float* x, float* y, int n) {
    extern __shared__ float data[];
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    data[threadIdx.x] = i < n ? x[i] : 0.0f;  // <-
    __syncthreads();
    if (i < n) y[i] = data[blockDim.x - 1 - threadIdx.x];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const int block = 128;
    reverse<<<(n + block - 1) / block, block, block>>>(x, y, (int)n);
}
