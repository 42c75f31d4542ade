// clean: tiles of eight threads reduce by shuffles and share a piece of memory of their own
#include <cooperative_groups.h>
#include <cuda_runtime.h>

namespace cg = cooperative_groups;

__global__ void tile_sums(const float* x, float* y, int n) {
    __shared__ float data[128];
    cg::thread_block block = cg::this_thread_block();
    cg::thread_block_tile<8> tile = cg::tiled_partition<8>(block);
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    float value = i < n ? x[i] : 0.0f;
    for (int offset = tile.size() / 2; offset > 0; offset /= 2) value += tile.shfl_down(value, offset);
    const int start = threadIdx.x - tile.thread_rank();
    if (tile.thread_rank() == 0) data[start] = value;
    tile.sync();
    if (i < n) y[i] = data[start];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    tile_sums<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        y[i] = 0.0f;
        for (size_t k = i / 8 * 8; k < i / 8 * 8 + 8 && k < n; k++) y[i] += x[k];
    }
}
