// bounds: scratch memory for as many bytes as there are elements
#include <cuda_runtime.h>

__global__ void copy(const float* x, float* scratch, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) scratch[i] = x[i];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    float* scratch;
    cudaMalloc(&scratch, n);
    copy<<<(n + 127) / 128, 128>>>(x, scratch, (int)n);
    cudaMemcpy(y, scratch, n, cudaMemcpyDeviceToDevice);
    cudaFree(scratch);
}
