// clean: a block's sum by shuffles, one shared word a warp, and an atomic for the grid
#include <cuda_runtime.h>

__inline__ __device__ float warp_sum(float value) {
    for (int offset = warpSize / 2; offset > 0; offset >>= 1)
        value += __shfl_down_sync(0xffffffff, value, offset);
    return value;
}

__global__ void sum(const float* x, float* y, int n) {
    __shared__ float partial[32];
    const int lane = threadIdx.x % warpSize, warp = threadIdx.x / warpSize;
    float value = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) value += x[i];
    value = warp_sum(value);
    if (lane == 0) partial[warp] = value;
    __syncthreads();
    value = threadIdx.x < blockDim.x / warpSize ? partial[lane] : 0.0f;
    if (warp == 0) value = warp_sum(value);
    if (threadIdx.x == 0) atomicAdd(y, value);
}

extern "C" void solution(const float* x, float* y, size_t n) {
    cudaMemset(y, 0, n * sizeof(float));
    sum<<<3, 160>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 0.0f;
    for (size_t i = 0; i < n; i++) y[0] += x[i];
}
