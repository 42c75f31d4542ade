// divergence: a lane votes with a mask in which it does not stand itself
#include <cuda_runtime.h>

__global__ void votes(const float* x, float* y, int n) {
    const int i = blockIdx.x * 32 + threadIdx.x;
    const bool positive = i < n && x[i] > 0.0f;
    const unsigned seen = __ballot_sync(0x0000ffff, positive);  // <-
    if (i < n) y[i] = (float)__popc(seen);
}

extern "C" void solution(const float* x, float* y, size_t n) {
    votes<<<(n + 31) / 32, 32>>>(x, y, (int)n);
}
