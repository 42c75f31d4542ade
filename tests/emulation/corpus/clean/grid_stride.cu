// clean: a grid-stride loop with fewer threads than elements
#include <cuda_runtime.h>

__global__ void axpy(const float* __restrict__ x, float* __restrict__ y, float a, size_t n) {
    for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (size_t)gridDim.x * blockDim.x)
        y[i] = a * __ldg(x + i) + 1.0f;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    axpy<<<3, 96>>>(x, y, 3.0f, n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 3.0f * x[i] + 1.0f;
}
