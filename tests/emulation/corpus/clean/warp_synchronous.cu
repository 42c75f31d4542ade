// clean: a warp's own shared memory, with __syncwarp between its steps
#include <cuda_runtime.h>

__global__ void warp_totals(const float* x, float* y, int n) {
    __shared__ float data[4][32];
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    data[warp][lane] = i < n ? x[i] : 0.0f;
    __syncwarp();
    for (int half = 16; half > 0; half /= 2) {
        float sum = 0.0f;
        if (lane < half) sum = data[warp][lane] + data[warp][lane + half];
        __syncwarp();
        if (lane < half) data[warp][lane] = sum;
        __syncwarp();
    }
    if (i < n) y[i] = data[warp][0];
}

extern "C" void solution(const float* x, float* y, size_t n) {
    warp_totals<<<(n + 127) / 128, 128>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        y[i] = 0.0f;
        for (size_t k = i / 32 * 32; k < i / 32 * 32 + 32 && k < n; k++) y[i] += x[k];
    }
}
