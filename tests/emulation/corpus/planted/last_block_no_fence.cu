// race: the partial sums are announced by an atomic, and no fence makes sure that they are there
#include <cuda_runtime.h>

__device__ unsigned arrived = 0;

__global__ void sum(const float* x, float* partial, float* y, int n) {
    __shared__ bool is_last;
    if (threadIdx.x == 0) {
        float own = 0.0f;
        for (int i = blockIdx.x; i < n; i += gridDim.x) own += x[i];
        partial[blockIdx.x] = own;  // <-
        is_last = atomicAdd(&arrived, 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (is_last && threadIdx.x == 0) {
        float all = 0.0f;
        for (int b = 0; b < gridDim.x; b++) all += partial[b];  // <-
        y[0] = all;
        arrived = 0;  // <-
    }
}

extern "C" void solution(const float* x, float* y, size_t n) {
    float* partial;
    cudaMalloc(&partial, 8 * sizeof(float));
    sum<<<8, 32>>>(x, partial, y, (int)n);
    cudaFree(partial);
}
