// The same kernels emulated, by HIP-CPU (-DHIP) and as plain loops (-DPLAIN): the processor's time of each, a line.
#include <cstdio>
#include <sys/resource.h>
#include <vector>

#if defined(HIP)
#include <hip/hip_runtime.h>
#define RUN(KERNEL, GRID, BLOCK, ...)                                                              \
    do {                                                                                           \
        hipLaunchKernelGGL(KERNEL, GRID, BLOCK, 0, nullptr, __VA_ARGS__);                          \
        hipDeviceSynchronize();                                                                    \
    } while (0)
#elif !defined(PLAIN)
#include <cuda_runtime.h>
#define RUN(KERNEL, GRID, BLOCK, ...) KERNEL<<<GRID, BLOCK>>>(__VA_ARGS__)
#endif

constexpr int N = 256, TILE = 16, COUNT = 1 << 18;

double milliseconds() {
    rusage used;
    getrusage(RUSAGE_SELF, &used);
    return 1e3 * (double)used.ru_utime.tv_sec + 1e-3 * (double)used.ru_utime.tv_usec;
}

template <class Work> void time_it(const char* name, int times, Work work) {
    work();
    const double began = milliseconds();
    for (int i = 0; i < times; i++) work();
    printf("%s: %g\n", name, (milliseconds() - began) / times);
}

#if defined(PLAIN)

void product(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) c[i * N + j] = 0;
        for (int k = 0; k < N; k++)
            for (int j = 0; j < N; j++) c[i * N + j] += a[i * N + k] * b[k * N + j];
    }
}
__attribute__((noinline)) void add(const float* a, const float* b, float* c) {
    for (int i = 0; i < COUNT; i++) c[i] = a[i] + b[i];
}

int main() {
    std::vector<float> a(COUNT, 1.5f), b(COUNT, 2.0f), c(COUNT);
    time_it("tiled matmul", 10, [&] { product(a.data(), b.data(), c.data()); });
    time_it("vector add", 100, [&] { add(a.data(), b.data(), c.data()); });
    return c[5] != 3.5f;
}

#else

__global__ void product(const float* a, const float* b, float* c) {
    __shared__ float left[TILE][TILE];
    __shared__ float right[TILE][TILE];
    const int row = blockIdx.y * TILE + threadIdx.y, column = blockIdx.x * TILE + threadIdx.x;
    float sum = 0;
    for (int t = 0; t < N; t += TILE) {
        left[threadIdx.y][threadIdx.x] = a[row * N + t + threadIdx.x];
        right[threadIdx.y][threadIdx.x] = b[(t + threadIdx.y) * N + column];
        __syncthreads();
        for (int k = 0; k < TILE; k++) sum += left[threadIdx.y][k] * right[k][threadIdx.x];
        __syncthreads();
    }
    c[row * N + column] = sum;
}
__global__ void add(const float* a, const float* b, float* c) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < COUNT) c[i] = a[i] + b[i];
}

int main() {
    std::vector<float> a(COUNT, 1.5f), b(COUNT, 2.0f), c(COUNT);
    time_it("tiled matmul", 3, [&] {
        RUN(product, dim3(N / TILE, N / TILE), dim3(TILE, TILE), a.data(), b.data(), c.data());
    });
    if (c[N * N - 1] != 3.0f * N) return 1;
    time_it("vector add", 20, [&] {
        RUN(add, dim3(COUNT / 256), dim3(256), a.data(), b.data(), c.data());
    });
    return c[5] != 3.5f;
}

#endif
