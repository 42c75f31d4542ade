// What the runtime tells the checker. The runtime has weak functions of these names that do nothing;
// an artefact that is linked with the checker has these instead.

#pragma once

#include <cstddef>
#include <cstdint>

struct grade_dim3 { unsigned x, y, z; };

enum grade_why : uint32_t { GRADE_RACE = 1, GRADE_UNINITIALISED = 3, GRADE_BOUNDS = 4 };

extern "C" {
// the runtime's: tells the judge and ends the process
[[noreturn]] void grade_emulation_found(uint32_t why, const char* words, const void* ip);

// memory that device code may use: what was lent, cudaMalloc, a block's `__shared__` variables
void grade_check_alloc(const void* start, size_t bytes, const char* name, int is_written);
void grade_check_free(const void* start);
void grade_check_shared(const void* start, size_t bytes, const char* name);

// who runs: a launch has blocks, one after another; a block has threads, which take turns
void grade_check_launch(const char* kernel, grade_dim3 grid, grade_dim3 block, size_t dynamic_shared);
void grade_check_block(grade_dim3 index, unsigned linear, void* shared, size_t shared_bytes);
void grade_check_thread(unsigned linear);
void grade_check_block_ends();
void grade_check_launch_ends();

// what orders threads: all of these have met; an atomic on this address; a __threadfence
void grade_check_barrier(const unsigned* threads, unsigned count);
void grade_check_atomic(const void* address, size_t bytes, const void* ip);
void grade_check_fence();
}
