// Kernels with one fault each that the runtime finds, with no look at memory.
#include <cassert>
#include <cuda_runtime.h>

#include "program.h"

constexpr unsigned ALL = 0xffffffffu;

__global__ void some_wait_elsewhere(int* x) {
    if (threadIdx.x < 16) __syncthreads();
    else x[threadIdx.x] = 1;
    x[threadIdx.x] += 1;
    __syncthreads();
}
PART(barrier_in_a_branch) { int x[64]; some_wait_elsewhere<<<2, 64>>>(x); }

__global__ void two_barriers() {
    if (threadIdx.x % 2) __syncthreads();
    else
        __syncthreads();
}
PART(barriers_in_both_branches) { two_barriers<<<1, 32>>>(); }

__global__ void loops_differ(int* x) {
    for (unsigned i = 0; i <= threadIdx.x % 2; i++) {
        __syncthreads();
        x[threadIdx.x] = (int)i;
    }
    __syncwarp();
}
PART(barrier_in_a_loop) { int x[32]; loops_differ<<<1, 32>>>(x); }

__global__ void absent_lanes(int* x) {
    if (threadIdx.x < 16) x[threadIdx.x] = __shfl_down_sync(ALL, x[threadIdx.x], 8);
    __syncthreads();
}
PART(mask_names_lanes_elsewhere) { int x[32] = {}; absent_lanes<<<1, 32>>>(x); }

__global__ void ended_lanes(int* x, int n) {
    if ((int)threadIdx.x >= n) return;
    x[threadIdx.x] = __shfl_down_sync(ALL, x[threadIdx.x], 16);
}
PART(reads_a_lane_that_has_ended) { int x[32] = {}; ended_lanes<<<1, 32>>>(x, 20); }
PART(reads_a_lane_that_never_was) { int x[32] = {}; ended_lanes<<<1, 20>>>(x, 32); }

__global__ void not_in_mask(int* x) { x[threadIdx.x] = __shfl_sync(0xffffu, x[threadIdx.x], 0); }
PART(own_lane_not_in_mask) { int x[32] = {}; not_in_mask<<<1, 32>>>(x); }

__global__ void masks_differ() {
    if (threadIdx.x < 16) __syncwarp(ALL);
    else
        __syncwarp(0xffff0000u), __syncwarp(0xfffffff0u);
}
PART(masks_that_differ) { masks_differ<<<1, 32>>>(); }

__global__ void nothing() {}
PART(launch_error_nobody_looks_at) { nothing<<<1, 2000>>>(); }
PART(too_much_shared_memory) { nothing<<<1, 1, 64 << 10>>>(); }

__global__ void greedy(float* x) {
    __shared__ float much[12 << 10], more[64];
    much[threadIdx.x] = more[threadIdx.x] = 1;
    x[threadIdx.x] = much[0];
}
PART(too_much_declared) { float x[1]; greedy<<<1, 1>>>(x); }

PART(called_without_a_launch) { nothing(); }

__global__ void traps(int n) { if ((int)threadIdx.x == n) __trap(); }
PART(trap) { traps<<<1, 8>>>(5); }

__global__ void asserts(int n) { assert((int)threadIdx.x < n); }
PART(assertion) { asserts<<<2, 8>>>(7); }

__global__ void launches() { if (threadIdx.x == 0) nothing<<<1, 1>>>(); }
PART(launch_inside_of_a_kernel) { launches<<<1, 1>>>(); }

#define HIDDEN(BODY) void hidden() BODY
HIDDEN({})
PART(launch_of_no_kernel) { hidden<<<1, 1>>>(); nothing<<<1, 1>>>(); }
