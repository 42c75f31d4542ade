// race: no barrier between loading the tiles and using them
#include <cuda_runtime.h>

#define TILE 16

__global__ void matmul(const float* a, float* c, int side) {
    __shared__ float left[TILE][TILE], right[TILE][TILE];
    const int row = blockIdx.y * TILE + threadIdx.y, column = blockIdx.x * TILE + threadIdx.x;
    float sum = 0.0f;
    for (int start = 0; start < side; start += TILE) {
        const int k = start + threadIdx.x, l = start + threadIdx.y;
        left[threadIdx.y][threadIdx.x] = row < side && k < side ? a[row * side + k] : 0.0f;  // <-
        right[threadIdx.y][threadIdx.x] = l < side && column < side ? a[l * side + column] : 0.0f;  // <-
        for (int i = 0; i < TILE; i++) sum += left[threadIdx.y][i] * right[i][threadIdx.x];  // <-
        __syncthreads();
    }
    if (row < side && column < side) c[row * side + column] = sum;
}

extern "C" void solution(const float* x, float* y, size_t n) {
    int side = 0;
    while ((size_t)(side + 1) * (side + 1) <= n) side++;
    const dim3 block(TILE, TILE), grid((side + TILE - 1) / TILE, (side + TILE - 1) / TILE);
    matmul<<<grid, block>>>(x, y, side);
}
