// race: right as long as threads run in order, since each reads what an earlier one wrote
#include <cuda_runtime.h>

__global__ void shift(const float* x, float* y, int n) {
    __shared__ float seen[256];
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    seen[threadIdx.x] = i < n ? x[i] : 0.0f;  // <-
    if (i < n) y[i] = threadIdx.x > 0 ? seen[threadIdx.x - 1] : 0.0f;  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    shift<<<(n + 255) / 256, 256>>>(x, y, (int)n);
}
