// bounds: the kernel is given a table that lies in the host's memory
#include <cuda_runtime.h>
#include <vector>

__global__ void scale(const float* x, const float* factors, float* y, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i] * factors[i & 3];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const std::vector<float> factors = {1.0f, 2.0f, 3.0f, 4.0f};
    scale<<<(n + 255) / 256, 256>>>(x, factors.data(), y, (int)n);
}
