// Kernels that are right: each part ends with what a card would say.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <thread>
#include <vector>

#include "program.h"

namespace cg = cooperative_groups;
constexpr unsigned ALL = 0xffffffffu;

// ---- launches -----------------------------------------------------------------------------------

template <typename T> __global__ void add(const T* a, const T* b, T* c, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    c[i] = a[i] + b[i];
}
PART(template_deduced_from_arguments) {
    std::vector<double> a(1000, 1.5), b(1000, 2.0), c(1000);
    add<<<(1000 + 255) / 256, 256>>>(a.data(), b.data(), c.data(), 1000);
    for (double value : c) EXPECT(value == 3.5);
}

__global__ void scale(int* x, int by) { x[threadIdx.x] *= by; }
__global__ void scale(float* x, float by) { x[threadIdx.x] *= by; }
PART(overloads_and_conversions) {
    int x[4] = {1, 2, 3, 4};
    float y[4] = {1, 2, 3, 4};
    scale<<<1, 4>>>(x, 3);
    scale<<<1, 4>>>(y, 0.5f);
    EXPECT(x[3] == 12 && y[3] == 2);
}

__global__ void count_down(int* out, int n) {
    int rounds = 0;
    while (n-- > 0) rounds++;
    out[threadIdx.x] = rounds;
}
PART(parameters_are_each_threads_own) {
    int out[64];
    count_down<<<1, 64>>>(out, 5);
    for (int rounds : out) EXPECT(rounds == 5);
}

#define LAUNCH(kernel, grid, block, ...) kernel<<<grid, block>>>(__VA_ARGS__)
#define DEFINE(NAME, OPERATION)                                                                    \
    __global__ void NAME(float* x) {                                                               \
        __shared__ float kept[4];                                                                  \
        kept[threadIdx.x] = OPERATION(x[threadIdx.x]);                                             \
        __syncthreads();                                                                           \
        x[threadIdx.x] = kept[3 - threadIdx.x];                                                    \
    }
DEFINE(roots, sqrtf)
#define KERNEL extern "C" __global__
KERNEL void plain(int* x) { x[threadIdx.x] = 7; }
PART(macros) {
    float x[4] = {1, 4, 9, 16};
    LAUNCH(roots, dim3(1), 4, x);
    EXPECT(x[0] == 4 && x[3] == 1);
    int y[2];
    LAUNCH(plain, 1, 2, y);
    EXPECT(y[0] == 7 && y[1] == 7);
}

namespace deep { namespace er { template <int K, class T> struct Op {
    static __device__ T apply(T x) { if constexpr (K > 1) return x * K; else return x; }
}; } }
template <int K, class F> __global__ void __launch_bounds__(64, 2) apply(int* x, F f) {
    x[threadIdx.x] = f(deep::er::Op<K, int>::apply(x[threadIdx.x]));
}
PART(lambdas_and_scopes) {
    int x[3] = {1, 2, 3}, by = 10;
    ::apply<(2 > 1) ? 3 : 1><<<1, 3>>>(x, [=] __device__(int v) { return v + by; });
    EXPECT(x[0] == 13 && x[2] == 19);
}

__global__ void where(uint3* threads, dim3* sizes) {
    const int i = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    threads[i] = threadIdx;
    if (blockIdx.x == 1 && blockIdx.y == 2 && blockIdx.z == 3) sizes[0] = gridDim, sizes[1] = blockDim;
}
PART(three_dimensions) {
    uint3 threads[24];
    dim3 sizes[2];
    where<<<dim3(2, 3, 4), dim3(4, 3, 2)>>>(threads, sizes);
    EXPECT(threads[23].x == 3 && threads[23].y == 2 && threads[23].z == 1 && threads[5].y == 1);
    EXPECT(sizes[0].z == 4 && sizes[1].x == 4);
}

PART(pointers_to_kernels) {
    int x[2] = {3, 4}, by = 5, *p = x;
    void (*kernel)(int*, int) = scale;
    kernel<<<1, 2>>>(x, 2);
    void* arguments[] = {&p, &by};
    EXPECT(cudaLaunchKernel(kernel, dim3(1), dim3(2), arguments) == cudaSuccess);
    EXPECT(x[0] == 30 && x[1] == 40);
}

template <class T> struct SharedMemory {
    __device__ operator T*() {
        extern __shared__ int raw[];
        return (T*)raw;
    }
};
struct Parameters { const int* x; int *y, n, by[64]; };
class Owner {
public:
    static __global__ void member(const Parameters p) {
        static __shared__ int count;
        int* kept = SharedMemory<int>();
        const cg::thread_block block = cg::this_thread_block();
        const cg::thread_block_tile<32> tile = cg::tiled_partition<32>(block);
        if (!threadIdx.x) count = 0;
        __syncthreads();
        atomicAdd(&count, 1);
        kept[threadIdx.x] = tile.thread_rank();
        __syncthreads();
        if (threadIdx.x < p.n) p.y[threadIdx.x] = p.x[threadIdx.x] * p.by[3] + count + kept[7];
    }
};
enum class Mode { PLUS, MINUS };
template <Mode MODE, class T, int... I> __global__ void packs(T* out) {
    int sum = 0;
    ((sum += I), ...);
    if constexpr (MODE == Mode::MINUS) sum = -sum;
    out[threadIdx.x] = T(sum);
}
namespace { __global__ void hidden(float* out) { out[1] = 9; } }
PART(members_structures_packs) {
    int x[4] = {1, 2, 3, 4}, y[4];
    Parameters p{x, y, 4, {}};
    p.by[3] = 10;
    Owner::member<<<1, 8, 8 * sizeof(int)>>>(p);
    EXPECT(y[0] == 25 && y[3] == 55);
    float out[2];
    packs<Mode::MINUS, float, 1, 2, 3><<<1, 2>>>(out);
    hidden<<<1, 1>>>(out);
    EXPECT(out[0] == -6 && out[1] == 9);
}

PART(hosts_with_threads) {
    std::vector<std::thread> hosts;
    std::vector<int> x(8 * 64);
    for (int i = 0; i < 8; i++)
        hosts.emplace_back([&x, i] {
            for (int again = 0; again < 50; again++) plain<<<2, 32>>>(x.data() + 64 * i);
        });
    for (std::thread& host : hosts) host.join();
    EXPECT(x[0] == 7 && x[31] == 7 && x[32] == 0 && x[7 * 64 + 31] == 7);
}

// ---- blocks -------------------------------------------------------------------------------------

__global__ void reverse(int* x, int n) {
    extern __shared__ int kept[];
    kept[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = kept[n - 1 - threadIdx.x];
}
PART(dynamic_shared_memory) {
    int x[100];
    for (int i = 0; i < 100; i++) x[i] = i;
    reverse<<<1, 100, sizeof x>>>(x, 100);
    for (int i = 0; i < 100; i++) EXPECT(x[i] == 99 - i);
}

template <int TILE> __global__ void product(const float* a, const float* b, float* c, int n) {
    __shared__ float left[TILE][TILE], right[TILE][TILE + 1];
    const int row = blockIdx.y * TILE + threadIdx.y, column = blockIdx.x * TILE + threadIdx.x;
    float sum = 0;
    for (int t = 0; t < n; t += TILE) {
        left[threadIdx.y][threadIdx.x] = a[row * n + t + threadIdx.x];
        right[threadIdx.y][threadIdx.x] = b[(t + threadIdx.y) * n + column];
        __syncthreads();
        for (int k = 0; k < TILE; k++) sum += left[threadIdx.y][k] * right[k][threadIdx.x];
        __syncthreads();
    }
    c[row * n + column] = sum;
}
PART(tiles) {
    constexpr int n = 32;
    std::vector<float> a(n * n), b(n * n), c(n * n);
    for (int i = 0; i < n * n; i++) a[i] = (float)(i % 7), b[i] = (float)(i % 5);
    product<16><<<dim3(2, 2), dim3(16, 16)>>>(a.data(), b.data(), c.data(), n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            EXPECT(c[i * n + j] == sum);
        }
}

__global__ void who_stays(int* x, int n) {
    __shared__ int kept[64];
    if ((int)threadIdx.x >= n) return;
    kept[threadIdx.x] = threadIdx.x;
    __syncthreads();
    x[threadIdx.x] = kept[n - 1 - threadIdx.x];
    EXPECT(__syncthreads_count(threadIdx.x % 2) == n / 2);
    EXPECT(__syncthreads_or(threadIdx.x == 3) && !__syncthreads_and(threadIdx.x == 3));
}
PART(who_has_ended_is_not_waited_for) {
    int x[64] = {};
    who_stays<<<3, 64>>>(x, 40);
    EXPECT(x[0] == 39 && x[39] == 0 && x[40] == 0);
}

__global__ void poisoned(float* out) {
    __shared__ float never[8];
    __shared__ int numbers[2], *pointer;
    extern __shared__ double more[];
    if (threadIdx.x == 0) pointer = numbers;
    __syncthreads();
    EXPECT(pointer[1] == -1 && more[0] != more[0]);
    out[blockIdx.x] = never[7];
    __syncthreads();
    never[7] = 1.0f;
}
PART(shared_memory_holds_no_number_at_first) {
    float out[4];
    for (int again = 0; again < 2; again++) {
        poisoned<<<4, 2, 8>>>(out);
        for (float value : out) EXPECT(value != value);
    }
}

__global__ void last_block(unsigned* done, float* parts, float* out) {
    __shared__ bool is_last;
    parts[blockIdx.x] = (float)blockIdx.x;
    __threadfence();
    if (threadIdx.x == 0) is_last = atomicInc(done, gridDim.x) == gridDim.x - 1;
    __syncthreads();
    if (!is_last || threadIdx.x) return;
    float sum = 0;
    for (unsigned i = 0; i < gridDim.x; i++) sum += parts[i];
    *out = sum;
}
PART(last_block_sums_up) {
    unsigned* done;
    float parts[10], out = 0;
    EXPECT(cudaMalloc(&done, 4) == cudaSuccess && cudaMemset(done, 0, 4) == cudaSuccess);
    last_block<<<10, 32>>>(done, parts, &out);
    EXPECT(out == 45);
    EXPECT(cudaFree(done) == cudaSuccess);
}

// ---- warps --------------------------------------------------------------------------------------

__global__ void lanes(int* out) {
    const int lane = threadIdx.x % 32;
    EXPECT(__shfl_sync(ALL, lane, 5) == 5);
    EXPECT(__shfl_sync(ALL, lane, 37) == 5);
    EXPECT(__shfl_sync(ALL, lane, 3, 8) == lane / 8 * 8 + 3);
    EXPECT(__shfl_up_sync(ALL, lane, 1) == (lane ? lane - 1 : 0));
    EXPECT(__shfl_down_sync(ALL, lane, 2, 16) == (lane % 16 < 14 ? lane + 2 : lane));
    EXPECT(__shfl_xor_sync(ALL, (double)lane, 16) == (lane ^ 16));
    const float4 all = __shfl_sync(ALL, make_float4(lane, 1, 2, 3), 9);
    EXPECT(all.x == 9 && all.w == 3);
    EXPECT(__ballot_sync(ALL, lane & 1) == 0xaaaaaaaau);
    EXPECT(__any_sync(ALL, lane == 3) && !__all_sync(ALL, lane == 3));
    EXPECT(__popc(__match_any_sync(ALL, lane % 4)) == 8);
    int same;
    EXPECT(__match_all_sync(ALL, 7, &same) == ALL && same);
    EXPECT(__reduce_add_sync(ALL, 2) == 64 && __reduce_min_sync(ALL, -lane) == -31);
    EXPECT(__reduce_max_sync(ALL, (unsigned)lane) == 31);
    if (lane < 16) {
        int v = lane;
        for (int by = 8; by; by /= 2) v += __shfl_xor_sync(0xffffu, v, by);
        EXPECT(v == 120);
        __syncwarp(0xffffu);
    }
    __syncwarp();
    if (lane % 4 == 1) EXPECT(__activemask() == 0x22222222u);
    EXPECT(__activemask() == ALL);
    out[threadIdx.x] = 1;
}
PART(warps) {
    int out[96] = {};
    lanes<<<2, 96>>>(out);
    EXPECT(out[0] == 1 && out[95] == 1);
}

__global__ void partial(float* out, int n) {
    // the others have ended, and nobody reads them
    if ((int)threadIdx.x >= n) return;
    const unsigned here = __ballot_sync(ALL, 1);
    EXPECT(here == (1u << n) - 1);
    // a lane that the mask does not name is nobody's word, which does no harm if it is thrown away
    const float beside = __shfl_down_sync(here, (float)threadIdx.x, 1);
    out[threadIdx.x] = (int)threadIdx.x + 1 < n ? beside : 0.0f;
}
PART(part_of_a_warp) {
    float out[20];
    partial<<<1, 32>>>(out, 20);
    EXPECT(out[3] == 4 && out[18] == 19 && out[19] == 0);
}

__global__ void groups(int* out) {
    const cg::thread_block block = cg::this_thread_block();
    const auto tile = cg::tiled_partition<16>(block);
    int v = threadIdx.x;
    for (int by = tile.size() / 2; by; by /= 2) v += tile.shfl_down(v, by);
    if (tile.thread_rank() == 0) out[tile.meta_group_rank()] = v;
    EXPECT(cg::reduce(tile, (int)tile.thread_rank(), cg::plus<int>()) == 120);
    EXPECT(tile.ballot(tile.thread_rank() < 3) == 7 && tile.any(tile.thread_rank() == 15));
    block.sync();
    if (threadIdx.x % 3 == 0) {
        const auto here = cg::coalesced_threads();
        EXPECT(here.size() == 11);
        EXPECT(cg::reduce(here, 1, cg::plus<int>()) == (int)here.size());
        EXPECT(here.shfl((int)threadIdx.x, 0) == (threadIdx.x < 32 ? 0 : 33));
    }
    cg::sync(block);
}
PART(groups_of_threads) {
    int out[4];
    groups<<<1, 64>>>(out);
    EXPECT(out[0] == 120 && out[1] == 376 && out[3] == 888);
}

// ---- memory -------------------------------------------------------------------------------------

__constant__ float weights[4] = {1, 2, 3, 4};
__device__ int counter = 0;
__device__ __noinline__ int next() { return atomicAdd(&counter, 1); }
__global__ void globals(float* out) { out[threadIdx.x] = weights[threadIdx.x] + 0.0f * next(); }
PART(constants_and_globals) {
    float out[4], other[4] = {5, 6, 7, 8};
    int seen = 0, none = 0;
    EXPECT(cudaMemcpyToSymbol(counter, &none, sizeof none) == cudaSuccess);
    EXPECT(cudaMemcpyToSymbol(weights, other, sizeof other) == cudaSuccess);
    globals<<<1, 4>>>(out);
    EXPECT(out[0] == 5 && out[3] == 8);
    EXPECT(cudaMemcpyFromSymbol(&seen, counter, sizeof seen) == cudaSuccess && seen == 4);
    EXPECT(cudaMemcpyToSymbol(weights, other, 99) == cudaErrorInvalidValue);
}

__global__ void atomics(int* i, unsigned* u, float* f, double* d, unsigned long long* l) {
    atomicAdd(i, 2);
    atomicMax(u, threadIdx.x);
    atomicAdd(f, 0.5f);
    atomicAdd(d, 0.25);
    atomicOr(l, 1ull << threadIdx.x % 64);
    int old = i[1], seen;
    do {
        seen = old;
        old = atomicCAS(i + 1, seen, seen + 1);
    } while (old != seen);
}
__global__ void locked(int* lock, int* sum) {
    for (bool is_done = false; !is_done;) {
        if (atomicExch(lock, 1)) continue;
        *(volatile int*)sum += 1;
        __nanosleep(10);  // others run meanwhile, and find it locked
        __threadfence();
        atomicExch(lock, 0);
        is_done = true;
    }
}
PART(atomics_and_locks) {
    int i[2] = {}, lock = 0, sum = 0;
    unsigned u = 0;
    float f = 0;
    double d = 0;
    unsigned long long l = 0;
    atomics<<<2, 100>>>(i, &u, &f, &d, &l);
    EXPECT(i[0] == 400 && i[1] == 200 && u == 99 && f == 100 && d == 50 && l == ~0ull);
    locked<<<2, 8>>>(&lock, &sum);
    EXPECT(sum == 16);
}

PART(copies) {
    float *device, host[10], back[10];
    for (int i = 0; i < 10; i++) host[i] = (float)i;
    EXPECT(cudaMalloc(&device, sizeof host) == cudaSuccess && (uintptr_t)device % 256 == 0);
    EXPECT(cudaMemcpy(back, device, sizeof back, cudaMemcpyDeviceToHost) == cudaSuccess);
    EXPECT(back[9] != back[9]);  // nobody has written it
    EXPECT(cudaMemcpyAsync(device, host, sizeof host, cudaMemcpyHostToDevice, 0) == cudaSuccess);
    add<float><<<1, 10>>>(device, device, device, 10);
    EXPECT(cudaMemcpy(back, device, sizeof back, cudaMemcpyDefault) == cudaSuccess && back[9] == 18);
    EXPECT(cudaMemcpy(device, host, sizeof host + 1, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
    EXPECT(cudaMemset(device + 9, 0, 5) == cudaErrorInvalidValue);
    EXPECT(cudaFree(device) == cudaSuccess && cudaFree(device) == cudaErrorInvalidValue);
    EXPECT(cudaGetLastError() == cudaErrorInvalidValue && cudaGetLastError() == cudaSuccess);
}

// ---- the card -----------------------------------------------------------------------------------

PART(errors_are_those_of_a_card) {
    int x[1];
    plain<<<1, 1025>>>(x);
    EXPECT(cudaPeekAtLastError() == cudaErrorInvalidConfiguration);
    EXPECT(!strcmp(cudaGetErrorString(cudaGetLastError()), "invalid configuration argument"));
    plain<<<0, 1>>>(x);
    EXPECT(!strcmp(cudaGetErrorName(cudaGetLastError()), "cudaErrorInvalidConfiguration"));
    plain<<<dim3(1, 65536), 1>>>(x);
    EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
    plain<<<1, dim3(1, 1, 65)>>>(x);
    EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
    plain<<<1, 1, (48 << 10) + 1>>>(x);
    EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
    const auto most = cudaFuncAttributeMaxDynamicSharedMemorySize;
    EXPECT(cudaFuncSetAttribute(plain, most, 227 << 10) == cudaSuccess);
    EXPECT(cudaFuncSetAttribute((const void*)plain, most, (227 << 10) + 1) == cudaErrorInvalidValue);
    EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
    plain<<<1, 1, 227 << 10>>>(x);
    EXPECT(cudaGetLastError() == cudaSuccess);
}

PART(properties_streams_events) {
    cudaDeviceProp card;
    EXPECT(cudaGetDeviceProperties(&card, 0) == cudaSuccess && card.warpSize == 32);
    EXPECT(card.maxThreadsPerBlock == 1024 && card.sharedMemPerBlockOptin == 227 << 10);
    EXPECT(cudaSetDevice(1) == cudaErrorInvalidDevice);
    cudaStream_t stream;
    cudaEvent_t begin, end;
    EXPECT(cudaStreamCreate(&stream) == cudaSuccess);
    EXPECT(cudaEventCreate(&begin) == cudaSuccess && cudaEventCreate(&end) == cudaSuccess);
    int x[2] = {}, blocks;
    EXPECT(cudaEventRecord(begin, stream) == cudaSuccess);
    plain<<<1, 2, 0, stream>>>(x);
    EXPECT(cudaEventRecord(end, stream) == cudaSuccess && cudaStreamSynchronize(stream) == cudaSuccess);
    float took = -1;
    EXPECT(cudaEventElapsedTime(&took, begin, end) == cudaSuccess && took >= 0 && x[1] == 7);
    EXPECT(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, plain, 256, 0) == cudaSuccess);
    EXPECT(blocks == 8);
    EXPECT(cudaEventDestroy(begin) == cudaSuccess && cudaEventDestroy(end) == cudaSuccess);
    EXPECT(cudaStreamDestroy(stream) == cudaSuccess && cudaDeviceSynchronize() == cudaSuccess);
}

// ---- numbers ------------------------------------------------------------------------------------

__global__ void halves(const half* a, __nv_bfloat16* b) {
    const half twice = a[threadIdx.x] * __float2half(2.0f);
    half2 pair = __half2half2(twice);
    pair = __hadd2(pair, pair);
    b[threadIdx.x] = __float2bfloat16(__low2float(pair));
    __shared__ half kept[2][32], *row;
    kept[0][threadIdx.x] = twice;
    row = kept[0];
    __syncthreads();
    EXPECT((float)row[31 - threadIdx.x] == 2.0f * (31 - threadIdx.x));
    EXPECT(__hlt(twice, __float2half(1e4f)) && twice <= half(62));
    EXPECT((float)__shfl_xor_sync(ALL, twice, 1) == 2.0f * (threadIdx.x ^ 1));
}
PART(sixteen_bits) {
    half a[32];
    __nv_bfloat16 b[32];
    for (int i = 0; i < 32; i++) a[i] = half(i);
    halves<<<1, 32>>>(a, b);
    for (int i = 0; i < 32; i++) EXPECT((float)b[i] == 4.0f * i);
    EXPECT((float)half(65519.0f) == 65504.0f && isinf((float)half(65520.0f)));
    EXPECT((float)__float2half_rz(65530.0f) == 65504.0f && (float)half(2049.0f) == 2048.0f);
    EXPECT((float)__nv_bfloat16(1.00390625f) == 1.0f);  // a tie, to even
    EXPECT((float)__nv_bfloat16(1.01171875f) == 1.015625f);
    EXPECT((float)__float2bfloat16_ru(1.001f) == 1.0078125f);
    EXPECT((float)__float2bfloat16_rz(-1.007f) == -1.0f);
    EXPECT((float)__nv_bfloat16(1.00390625 + 1e-12) == 1.0078125f);  // rounded once, not twice
    EXPECT((float)__hfma(half(3), half(4), half(5)) == 17.0f);
    EXPECT(__hisnan(CUDART_NAN_FP16) && __half_as_ushort(half(1.0f)) == 0x3c00);
}

PART(intrinsics) {
    EXPECT(__popc(0xf0f0u) == 8 && __clz(1) == 31 && __clz(0) == 32 && __ffs(8) == 4);
    EXPECT(__brev(1u) == 0x80000000u && __brevll(1ull) == 1ull << 63);
    EXPECT(__byte_perm(0x33221100u, 0x77665544u, 0x7610u) == 0x77661100u);
    EXPECT(__funnelshift_l(0x80000000u, 1u, 1) == 3u && __umulhi(~0u, ~0u) == ~0u - 1);
    EXPECT(__float2int_rn(2.5f) == 2 && __float2int_ru(2.1f) == 3 && __float2int_rz(-2.9f) == -2);
    EXPECT(__float2int_rz(3e10f) == 2147483647 && __float2int_rn(NAN) == 0 && __float2uint_rz(-1) == 0);
    EXPECT(__float_as_int(1.0f) == 0x3f800000 && __int_as_float(0x40000000) == 2.0f);
    EXPECT(min(3, 4) == 3 && max(2.5f, NAN) == 2.5f && max(1u, 2) == 2u);
    EXPECT(__dp4a(0x01020304, 0x01010101, 5) == 15 && __saturatef(1.5f) == 1.0f);
    EXPECT(fabsf(__expf(1.0f) - 2.7182818f) < 1e-6f && rsqrtf(4.0f) == 0.5f && __fdividef(1, 4) == 0.25f);
    EXPECT(sizeof(float3) == 12 && alignof(float4) == 16 && alignof(double2) == 16);
}
