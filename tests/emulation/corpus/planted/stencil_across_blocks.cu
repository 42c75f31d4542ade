// race: blocks update y in place and read their neighbours' part of it
#include <cuda_runtime.h>

__global__ void smooth(float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const float right = i + 1 < n ? y[i + 1] : 0.0f;  // <-
    y[i] = 0.5f * (y[i] + right);  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    cudaMemcpy(y, x, n * sizeof(float), cudaMemcpyDeviceToDevice);
    smooth<<<(n + 127) / 128, 128>>>(y, (int)n);
}
