// bounds: `<=` where `<` was meant, and the extra element is written
#include <cuda_runtime.h>

__global__ void fill(float* y, int n) {
    for (int i = threadIdx.x; i <= n; i += blockDim.x) y[i] = 1.0f;  // <-
}

extern "C" void solution(const float*, float* y, size_t n) {
    fill<<<1, 128>>>(y, (int)n);
}
