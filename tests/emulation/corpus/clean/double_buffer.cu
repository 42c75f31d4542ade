// clean: two tiles take turns, one barrier a round
#include <cuda_runtime.h>

#define BLOCK 64

__global__ void window_sums(const float* x, float* y, int n) {
    __shared__ float tiles[2][BLOCK];
    const int t = threadIdx.x;
    const int rounds = (n + BLOCK - 1) / BLOCK;
    tiles[0][t] = t < n ? x[t] : 0.0f;
    __syncthreads();
    for (int round = 0; round < rounds; round++) {
        const int now = round & 1, next = (round + 1) * BLOCK + t;
        if (round + 1 < rounds) tiles[1 - now][t] = next < n ? x[next] : 0.0f;
        const int i = round * BLOCK + t;
        if (i < n) y[i] = tiles[now][t] + tiles[now][BLOCK - 1 - t];
        __syncthreads();
    }
}

extern "C" void solution(const float* x, float* y, size_t n) {
    window_sums<<<1, BLOCK>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const size_t other = i / BLOCK * BLOCK + BLOCK - 1 - i % BLOCK;
        y[i] = x[i] + (other < n ? x[other] : 0.0f);
    }
}
