// clean: bfloat16 in shared memory, neighbours written by different threads
#include <cuda_bf16.h>
#include <cuda_runtime.h>

__global__ void reverse(const float* x, float* y, int n) {
    __shared__ __nv_bfloat16 data[128];
    const int i = blockIdx.x * 128 + threadIdx.x;
    data[threadIdx.x] = __float2bfloat16(i < n ? x[i] : 0.0f);
    __syncthreads();
    const int from = min(127, n - 1 - blockIdx.x * 128) - threadIdx.x;
    if (i < n) y[i] = __bfloat162float(data[from]);
}

extern "C" void solution(const float* x, float* y, size_t n) {
    reverse<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const size_t start = i / 128 * 128, last = start + 127 < n ? start + 127 : n - 1;
        y[i] = x[start + last - i];
    }
}
