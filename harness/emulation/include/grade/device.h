// What a kernel's own code meets of the runtime: where it is, its block's memory, its barriers.
// One block runs at a time, on one thread of the system, so all of this is plain memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "grade/vectors.h"

#pragma GCC visibility push(hidden)

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
constexpr int warpSize = 32;

struct CUstream_st;
typedef CUstream_st* cudaStream_t;

// the first of a block's shared memory is what its launch asked for; its place never changes
extern "C" unsigned char grade_dynamic_memory[];

namespace grade {

// ---- a launch -----------------------------------------------------------------------------------

void configure(dim3 grid, dim3 block, size_t dynamic_shared = 0, cudaStream_t stream = nullptr);

/**
 * While nobody of a block waits, its threads are calls in a loop: the next one is told by a table.
 * The first that waits ends that, and from then on whose turn it is is the scheduler's to say.
 */
struct Loop {
    unsigned current;  // the thread that runs, as a number within its block
    unsigned turn, turns;
    bool is_plain;
    uint16_t order[1024];
    uint3 indices[1024];
};
extern Loop loop;

void launch(const char* kernel, void (*threads)(void* body), void* body);
bool next_scheduled();  // this one is done; is there one that has not begun and may run here?

template <class Body> void run_threads(void* body) {
    for (;;) {
        Body mine = *(Body*)body;  // a thread's parameters are its own
        mine();
        if (loop.is_plain && loop.turn < loop.turns) {
            loop.current = loop.order[loop.turn++];
            threadIdx = loop.indices[loop.current];
        } else if (!next_scheduled()) {
            return;
        }
    }
}

template <class Body> void run(const char* kernel, Body body) {
    launch(kernel, run_threads<Body>, &body);
}

// ---- shared memory ------------------------------------------------------------------------------

extern uint64_t block_serial;  // of the block that runs, among all blocks of all launches
struct Slot {
    uint64_t block, launch;
    void* at;
};
void claim(Slot& slot, size_t bytes, size_t alignment, const char* name);

/** The place of one `__shared__` declaration: `S` is a type of its own. */
template <class S> static inline S& shared(const char* name) {
    static Slot slot;
    if (slot.block != block_serial) claim(slot, sizeof(S), alignof(S), name);
    return *(S*)slot.at;
}

// ---- barriers -----------------------------------------------------------------------------------

struct Votes { int count, all, any; };
// the whole block; who waits at another line waits for something else
Votes barrier(int line, bool vote = false);

enum class Meet : uint8_t {
    SYNC, SHUFFLE, SHUFFLE_UP, SHUFFLE_DOWN, SHUFFLE_XOR, BALLOT, ANY, ALL, MATCH_ANY, MATCH_ALL,
    ADD, MIN, MAX, UMIN, UMAX, AND, OR, XOR
};
/** The lanes of `mask` meet: each gives a word, and takes what the meeting makes of them. */
uint64_t meet(Meet kind, unsigned mask, uint64_t give, int from, int line);
unsigned active_lanes(int line);  // the lanes that are here when no other of the warp can go on
inline unsigned lane() { return loop.current % 32; }
inline unsigned thread_in_block() { return loop.current; }

void fence();
void pause();  // lets others run: who waits for them in a loop would wait for ever
extern uint16_t patience;  // atomics and fences until a thread is taken for one that waits so
[[noreturn]] void trap(const char* words, const void* ip);
[[noreturn]] void unsupported(const char* feature);
bool in_kernel();

}  // namespace grade

extern "C" {
__attribute__((weak)) void grade_check_atomic(const void* address, size_t bytes, const void* ip);
}

#pragma GCC visibility pop
