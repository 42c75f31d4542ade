// race: a reduction is called twice, and its second call writes what is still read of the first
#include <cuda_runtime.h>

__device__ float block_sum(float value) {
    __shared__ float partial[4];
    for (int offset = 16; offset > 0; offset >>= 1) value += __shfl_xor_sync(0xffffffff, value, offset);
    if ((threadIdx.x & 31) == 0) partial[threadIdx.x / 32] = value;  // <-
    __syncthreads();
    return partial[0] + partial[1] + partial[2] + partial[3];  // <-
}

__global__ void normalise(const float* x, float* y, int n) {
    const float value = threadIdx.x < n ? x[threadIdx.x] : 0.0f;
    const float mean = block_sum(value) / 128.0f;
    const float variance = block_sum((value - mean) * (value - mean)) / 128.0f;
    if (threadIdx.x < n) y[threadIdx.x] = (value - mean) * rsqrtf(variance + 1e-5f);
}

extern "C" void solution(const float* x, float* y, size_t n) {
    normalise<<<1, 128>>>(x, y, (int)n);
}
