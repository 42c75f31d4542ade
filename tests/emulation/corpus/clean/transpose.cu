// clean: a transposition through a padded tile, a block of 32 x 8
#include <cuda_runtime.h>

#define TILE 32
#define ROWS 8

__global__ void transpose(const float* x, float* y, int width, int height) {
    __shared__ float tile[TILE][TILE + 1];
    int column = blockIdx.x * TILE + threadIdx.x, row = blockIdx.y * TILE + threadIdx.y;
    for (int j = 0; j < TILE; j += ROWS)
        if (column < width && row + j < height) tile[threadIdx.y + j][threadIdx.x] = x[(row + j) * width + column];
    __syncthreads();
    column = blockIdx.y * TILE + threadIdx.x, row = blockIdx.x * TILE + threadIdx.y;
    for (int j = 0; j < TILE; j += ROWS)
        if (column < height && row + j < width) y[(row + j) * height + column] = tile[threadIdx.x][threadIdx.y + j];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    const int width = 40, height = (int)n / 40;
    transpose<<<dim3((width + 31) / 32, (height + 31) / 32), dim3(TILE, ROWS)>>>(x, y, width, height);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    const size_t height = n / 40;
    for (size_t r = 0; r < height; r++)
        for (size_t c = 0; c < 40; c++) y[c * height + r] = x[r * 40 + c];
}
