// clean: blocks take tickets, wait for the one before them by a volatile flag, and hand on a sum
#include <cuda_runtime.h>

__device__ unsigned next_ticket;
__device__ volatile int is_ready[16];
__device__ volatile float sum_before[16];

__global__ void reset() {
    if (threadIdx.x == 0) next_ticket = 0;
    if (threadIdx.x < 16) is_ready[threadIdx.x] = 0;
}

__global__ void scan(const float* x, float* y, int n) {
    __shared__ float data[64];
    __shared__ unsigned ticket;
    __shared__ float before;
    if (threadIdx.x == 0) ticket = atomicAdd(&next_ticket, 1u);
    __syncthreads();
    const int i = ticket * 64 + threadIdx.x;
    data[threadIdx.x] = i < n ? x[i] : 0.0f;
    __syncthreads();
    for (int offset = 1; offset < 64; offset *= 2) {
        const float left = threadIdx.x >= offset ? data[threadIdx.x - offset] : 0.0f;
        __syncthreads();
        data[threadIdx.x] += left;
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        float sum = 0.0f;
        if (ticket > 0) {
            while (is_ready[ticket - 1] == 0) {}
            __threadfence();
            sum = sum_before[ticket - 1];
        }
        sum_before[ticket] = sum + data[63];
        __threadfence();
        is_ready[ticket] = 1;
        before = sum;
    }
    __syncthreads();
    if (i < n) y[i] = before + data[threadIdx.x];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    reset<<<1, 32>>>();
    scan<<<(n + 63) / 64, 64>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    float sum = 0.0f;
    for (size_t i = 0; i < n; i++) y[i] = sum += x[i];
}
