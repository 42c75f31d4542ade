// clean: threads without an element leave early; the others vote and compact what they keep
#include <cuda_runtime.h>

__global__ void clear(float* y, int* count, int n) {
    for (int i = threadIdx.x; i < n; i += blockDim.x) y[i] = 0.0f;
    if (threadIdx.x == 0) *count = 0;
}

__global__ void count_kept(const float* x, int* count, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const unsigned here = __ballot_sync(0xffffffff, i < n);
    if (i >= n) return;
    const unsigned kept = __ballot_sync(here, x[i] > 0.0f);
    if ((threadIdx.x & 31) == 0) atomicAdd(count, __popc(kept));
}

__global__ void show(const int* count, float* y) { y[threadIdx.x] = (float)*count; }

extern "C" void solution(const float* x, float* y, size_t n) {
    int* count;
    cudaMalloc(&count, sizeof *count);
    clear<<<1, 256>>>(y, count, (int)n);
    count_kept<<<(n + 63) / 64, 64>>>(x, count, (int)n);
    show<<<1, 7>>>(count, y);
    cudaFree(count);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    int count = 0;
    for (size_t i = 0; i < n; i++) count += x[i] > 0.0f;
    for (size_t i = 0; i < n; i++) y[i] = i < 7 ? (float)count : 0.0f;
}
