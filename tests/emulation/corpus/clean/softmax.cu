// clean: softmax of rows of 50, one warp a row, its lanes exchange by xor
#include <cuda_runtime.h>
#include <cmath>

constexpr int WIDTH = 50;

__global__ void softmax(const float* x, float* y, int rows) {
    const int row = blockIdx.x * blockDim.y + threadIdx.y, lane = threadIdx.x;
    if (row >= rows) return;
    const float* from = x + row * WIDTH;
    float most = -INFINITY;
    for (int i = lane; i < WIDTH; i += 32) most = fmaxf(most, from[i]);
    for (int mask = 16; mask > 0; mask >>= 1) most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, mask));
    float sum = 0.0f;
    for (int i = lane; i < WIDTH; i += 32) sum += __expf(from[i] - most);
    for (int mask = 16; mask > 0; mask >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, mask);
    for (int i = lane; i < WIDTH; i += 32) y[row * WIDTH + i] = __expf(from[i] - most) / sum;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const int rows = (int)n / WIDTH;
    softmax<<<(rows + 3) / 4, dim3(32, 4)>>>(x, y, rows);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t row = 0; row < n / WIDTH; row++) {
        double sum = 0.0;
        for (int i = 0; i < WIDTH; i++) sum += exp((double)x[row * WIDTH + i]);
        for (int i = 0; i < WIDTH; i++) y[row * WIDTH + i] = (float)(exp((double)x[row * WIDTH + i]) / sum);
    }
}
