// race: a stencil writes over what its neighbours have still to read
#include <cuda_runtime.h>

__global__ void smooth(const float* x, float* y, int n) {
    __shared__ float tile[256];
    const int i = blockIdx.x * 256 + threadIdx.x, t = threadIdx.x;
    tile[t] = i < n ? x[i] : 0.0f;
    __syncthreads();
    const float left = t > 0 ? tile[t - 1] : 0.0f;  // <-
    const float right = t < 255 ? tile[t + 1] : 0.0f;  // <-
    tile[t] = left + tile[t] + right;  // <-
    __syncthreads();
    if (i < n) y[i] = tile[t];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    smooth<<<(n + 255) / 256, 256>>>(x, y, (int)n);
}
