// What the runtime tells a checker, if one is linked. The checker defines all of these functions;
// without one they are weak and at address 0, and nobody calls them.
#pragma once

#include <cstddef>
#include <cstdint>

#define GRADE_HOOK __attribute__((weak))

struct grade_dim3 { unsigned x, y, z; };

// `why` of a finding, as the judge reads it
enum { GRADE_RACE = 1, GRADE_DIVERGENCE = 2, GRADE_UNINITIALISED = 3, GRADE_BOUNDS = 4,
       GRADE_LAUNCH = 5, GRADE_TRAP = 6, GRADE_UNSUPPORTED = 7 };

extern "C" {
#pragma GCC visibility push(hidden)

GRADE_HOOK void grade_check_launch(const char* kernel, grade_dim3 grid, grade_dim3 block, size_t dynamic_shared);
// a block begins; all that its shared memory may take. What its declarations really have of it
// follows by `grade_check_shared`, when a thread of the block first comes by each of them.
GRADE_HOOK void grade_check_block(grade_dim3 index, unsigned linear, void* shared, size_t shared_bytes);
GRADE_HOOK void grade_check_shared(const void* start, size_t bytes, const char* name);
GRADE_HOOK void grade_check_thread(unsigned linear);                       // from now on this thread runs
GRADE_HOOK void grade_check_barrier(const unsigned* threads, unsigned count);  // all of these have met
GRADE_HOOK void grade_check_atomic(const void* address, size_t bytes, const void* ip);
GRADE_HOOK void grade_check_fence();
GRADE_HOOK void grade_check_block_ends();
GRADE_HOOK void grade_check_launch_ends();
GRADE_HOOK void grade_check_alloc(const void* start, size_t bytes, const char* name, int is_written);
GRADE_HOOK void grade_check_free(const void* start);

// tells the judge, and ends the process: for the checker as for the runtime
[[noreturn]] void grade_emulation_found(uint32_t why, const char* words, const void* ip);

#pragma GCC visibility pop
}

inline bool grade_is_checked() { return grade_check_thread != nullptr; }
