// clean: structures in shared memory, copied whole: where the largest element lies
#include <cuda_runtime.h>

struct Best {
    float value;
    int index;
    double weight;
};

__device__ Best better(const Best& a, const Best& b) {
    return b.value > a.value || (b.value == a.value && b.index < a.index) ? b : a;
}

__global__ void argmax(const float* x, float* y, int n) {
    __shared__ Best bests[96];
    Best own = {-1e30f, n, 0.0};
    for (int i = threadIdx.x; i < n; i += blockDim.x) own = better(own, Best{x[i], i, 0.5 * i});
    bests[threadIdx.x] = own;
    __syncthreads();
    for (int count = blockDim.x; count > 1; count = (count + 1) / 2) {
        const int half = (count + 1) / 2;
        if (threadIdx.x + half < count) bests[threadIdx.x] = better(bests[threadIdx.x], bests[threadIdx.x + half]);
        __syncthreads();
    }
    const Best best = bests[0];
    for (int i = threadIdx.x; i < n; i += blockDim.x) y[i] = i & 1 ? (float)best.index : (float)(2.0 * best.weight);
}

extern "C" void solution(const float* x, float* y, size_t n) {
    argmax<<<1, 96>>>(x, y, (int)n);
}

extern "C" [[gnu::visibility("default")]] void expected(const float* x, float* y, size_t n) {
    size_t best = 0;
    for (size_t i = 0; i < n; i++)
        if (x[i] > x[best]) best = i;
    for (size_t i = 0; i < n; i++) y[i] = (float)best;
}
