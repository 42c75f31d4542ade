// clean: layer norm of rows of 100, a block a row, results by shared memory, the sum called twice
#include <cuda_runtime.h>
#include <cmath>

constexpr int WIDTH = 100;

__device__ float block_sum(float value) {
    __shared__ float partial[4];
    __shared__ float total;
    for (int offset = 16; offset > 0; offset >>= 1) value += __shfl_xor_sync(0xffffffff, value, offset);
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
    __syncthreads();
    if (threadIdx.x == 0) total = partial[0] + partial[1] + partial[2] + partial[3];
    __syncthreads();
    return total;
}

__global__ void layernorm(const float* x, float* y) {
    const bool is_here = threadIdx.x < WIDTH;
    const float value = is_here ? x[blockIdx.x * WIDTH + threadIdx.x] : 0.0f;
    const float mean = block_sum(value) / WIDTH;
    const float offset = is_here ? value - mean : 0.0f;
    const float variance = block_sum(offset * offset) / WIDTH;
    if (is_here) y[blockIdx.x * WIDTH + threadIdx.x] = offset * rsqrtf(variance + 1e-5f);
}

extern "C" void solution(const float* x, float* y, size_t n) {
    layernorm<<<n / WIDTH, 128>>>(x, y);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t row = 0; row < n / WIDTH; row++) {
        double mean = 0.0, variance = 0.0;
        for (int i = 0; i < WIDTH; i++) mean += x[row * WIDTH + i] / WIDTH;
        for (int i = 0; i < WIDTH; i++) variance += pow(x[row * WIDTH + i] - mean, 2.0) / WIDTH;
        for (int i = 0; i < WIDTH; i++)
            y[row * WIDTH + i] = (float)((x[row * WIDTH + i] - mean) / sqrt(variance + 1e-5));
    }
}
