// race: the maximum is kept by an atomic, and reset by a plain store of whichever block comes
#include <cuda_runtime.h>

__global__ void maximum(const float* x, int* best, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (threadIdx.x == 0) *best = -1000;  // <-
    __syncthreads();
    if (i < n) atomicMax(best, (int)x[i]);  // <-
}

__global__ void spread(const int* best, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = (float)*best;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    int* best;
    cudaMalloc(&best, sizeof(int));
    maximum<<<(n + 255) / 256, 256>>>(x, best, (int)n);
    spread<<<(n + 255) / 256, 256>>>(best, y, (int)n);
    cudaFree(best);
}
