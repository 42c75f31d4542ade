// race: block 0 adds up what the other blocks write in the same launch, and waits for nobody
#include <cuda_runtime.h>

__global__ void sum(const float* x, float* partial, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    partial[i] = i < n ? 2.0f * x[i] : 0.0f;  // <-
    __syncthreads();
    if (i == 0) {
        float all = 0.0f;
        for (int k = 0; k < n; k++) all += partial[k];  // <-
        y[0] = all;
    }
}

extern "C" void solution(const float* x, float* y, size_t n) {
    float* partial;
    const int blocks = (int)(n + 127) / 128;
    cudaMalloc((void**)&partial, blocks * 128 * sizeof(float));
    sum<<<blocks, 128>>>(x, partial, y, (int)n);
    cudaFree(partial);
}
