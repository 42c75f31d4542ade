// race: __syncwarp where __syncthreads is needed
#include <cuda_runtime.h>

__global__ void reverse(const float* x, float* y, int n) {
    __shared__ float data[128];
    const int i = blockIdx.x * 128 + threadIdx.x;
    data[threadIdx.x] = i < n ? x[i] : 0.0f;  // <-
    __syncwarp();
    if (i < n) y[i] = data[127 - threadIdx.x];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    reverse<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}
