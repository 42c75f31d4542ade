// race: the second convolution reads what the first one is still writing
#include <cuda_runtime.h>

#define WIDTH 128

__device__ __forceinline__ float blur(float a, float b, float c) { return a + 2.0f * b + c; }

__global__ void two_convolutions(const float* __restrict__ x, float* __restrict__ y, int n) {
    __shared__ float middle[WIDTH + 2];
    const int start = blockIdx.x * WIDTH - 1;
    for (int i = threadIdx.x; i < WIDTH + 2; i += blockDim.x) {
        const int at = start + i;
        const float left = at > 0 && at <= n ? x[at - 1] : 0.0f;
        const float here = at >= 0 && at < n ? x[at] : 0.0f;
        const float right = at >= -1 && at < n - 1 ? x[at + 1] : 0.0f;
        middle[i] = at >= 0 && at < n ? fmaxf(blur(left, here, right), 0.0f) : 0.0f;  // <-
    }
    const int at = blockIdx.x * WIDTH + threadIdx.x;
    if (at < n)
        y[at] = blur(middle[threadIdx.x], middle[threadIdx.x + 1], middle[threadIdx.x + 2]);  // <-
}

extern "C" void solution(const float* x, float* y, size_t n) {
    two_convolutions<<<(n + WIDTH - 1) / WIDTH, WIDTH>>>(x, y, (int)n);
}
