// clean: a tiled product, with guards at the edges
#include <cuda_runtime.h>

#define TILE 16

__global__ void matmul(const float* a, float* c, int side) {
    __shared__ float left[TILE][TILE], right[TILE][TILE + 1];
    const int row = blockIdx.y * TILE + threadIdx.y, column = blockIdx.x * TILE + threadIdx.x;
    float sum = 0.0f;
    for (int start = 0; start < side; start += TILE) {
        const int k = start + threadIdx.x, l = start + threadIdx.y;
        left[threadIdx.y][threadIdx.x] = row < side && k < side ? a[row * side + k] : 0.0f;
        right[threadIdx.y][threadIdx.x] = l < side && column < side ? a[l * side + column] : 0.0f;
        __syncthreads();
#pragma unroll
        for (int i = 0; i < TILE; i++) sum += left[threadIdx.y][i] * right[i][threadIdx.x];
        __syncthreads();
    }
    if (row < side && column < side) c[row * side + column] = sum;
}

static int side_of(size_t n) {
    int side = 0;
    while ((size_t)(side + 1) * (side + 1) <= n) side++;
    return side;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const int side = side_of(n);
    const dim3 block(TILE, TILE), grid((side + TILE - 1) / TILE, (side + TILE - 1) / TILE);
    cudaMemset(y, 0, n * sizeof(float));
    matmul<<<grid, block>>>(x, y, side);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    const int side = side_of(n);
    for (size_t i = 0; i < n; i++) y[i] = 0.0f;
    for (int r = 0; r < side; r++)
        for (int c = 0; c < side; c++)
            for (int k = 0; k < side; k++) y[r * side + c] += x[r * side + k] * x[k * side + c];
}
