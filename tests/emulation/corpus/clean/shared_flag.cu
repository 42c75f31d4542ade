// clean: several threads of a block raise one flag, all with the same value, between two barriers
#include <cuda_runtime.h>

__global__ void mark(const float* x, float* y, int n) {
    __shared__ bool has_six;
    __shared__ unsigned char seen[16];
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (threadIdx.x == 0) has_six = false;
    for (int k = threadIdx.x; k < 16; k += blockDim.x) seen[k] = 0;
    __syncthreads();
    if (i < n && x[i] == 6.0f) has_six = true;
    if (i < n) seen[(int)x[i] + 8] = 1;
    __syncthreads();
    if (i < n) y[i] = (has_six ? 100.0f : 0.0f) + seen[threadIdx.x & 15];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    mark<<<(n + 9) / 10, 10>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const size_t start = i / 10 * 10;
        bool has_six = false, is_seen = false;
        for (size_t k = start; k < start + 10 && k < n; k++) {
            has_six |= x[k] == 6.0f;
            is_seen |= (int)x[k] + 8 == (int)(i - start);
        }
        y[i] = (has_six ? 100.0f : 0.0f) + (is_seen ? 1.0f : 0.0f);
    }
}
