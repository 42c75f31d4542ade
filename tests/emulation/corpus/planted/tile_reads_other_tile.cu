// race: tiles of 16 synchronise among themselves, and then read what another tile wrote
#include <cooperative_groups.h>
#include <cuda_runtime.h>

namespace cg = cooperative_groups;

__global__ void exchange(const float* x, float* y, int n) {
    __shared__ float data[64];
    auto tile = cg::tiled_partition<16>(cg::this_thread_block());
    const int i = blockIdx.x * 64 + threadIdx.x;
    data[threadIdx.x] = i < n ? x[i] : 0.0f;  // <-
    tile.sync();
    if (i < n) y[i] = data[(threadIdx.x + 16) & 63];  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    exchange<<<(n + 63) / 64, 64>>>(x, y, (int)n);
}
