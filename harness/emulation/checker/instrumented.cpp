// What instrumented code calls: the functions that `-fsanitize=thread` has compilers put before each access,
// ours instead of libtsan's, and the hooks of the runtime. Host code is instrumented too: it is not checked.

#include "checker.h"

#include <cstring>

using grade::check::checker;
using grade::check::ATOMIC;
using grade::check::READ;
using grade::check::VOLATILE;
using grade::check::WRITE;

#define HERE __builtin_return_address(0)
// found in the artefact itself, whatever else the process has loaded
#pragma GCC visibility push(hidden)

// the runtime's: who a thread is. Read more often than all else, and written by nobody.
extern "C" {
[[gnu::weak]] extern char threadIdx[], blockIdx[], blockDim[], gridDim[];
}

namespace {

constexpr uintptr_t INDEX_BYTES = 3 * sizeof(unsigned), STACK_BYTES = 1 << 18;

inline bool is_index(uintptr_t address) {
    return address - (uintptr_t)threadIdx < INDEX_BYTES || address - (uintptr_t)blockIdx < INDEX_BYTES ||
           address - (uintptr_t)blockDim < INDEX_BYTES || address - (uintptr_t)gridDim < INDEX_BYTES;
}

// A thread's own variables: what is used of a fiber's stack lies above the frame that runs, and the
// runtime sees to it that nothing else lies so near.
inline bool is_own(uintptr_t address) {
    return address - (uintptr_t)__builtin_frame_address(0) < STACK_BYTES;
}

inline void touch(const volatile void* address, size_t bytes, unsigned kind, const void* ip) {
    if (!checker.is_device() || is_own((uintptr_t)address) || is_index((uintptr_t)address)) return;
    checker.touch({(uintptr_t)address, bytes, kind, ip});
}

// The compiler calls by a size only where the type is aligned to it, or to eight: a card demands the same.
template <size_t BYTES> void touch_aligned(const volatile void* address, unsigned kind, const void* ip) {
    const bool is_aligned = (uintptr_t)address % (BYTES < 8 ? BYTES : 8) == 0;
    if (checker.is_device() && !is_aligned) checker.tell_misaligned({(uintptr_t)address, BYTES, kind, ip});
    touch(address, BYTES, kind, ip);
}

}  // namespace

extern "C" {

// ---- the runtime's hooks --------------------------------------------------------------------------

void grade_check_alloc(const void* start, size_t bytes, const char* name, int is_written) {
    checker.memory.lend(start, bytes, name, is_written != 0);
}
void grade_check_free(const void* start) { checker.memory.take_back(start); }
void grade_check_shared(const void* start, size_t bytes, const char* name) {
    checker.memory.set_variable(start, bytes, name);
}
void grade_check_launch(const char* kernel, grade_dim3 grid, grade_dim3 block, size_t) {
    checker.begin_launch(kernel, grid, block, __builtin_frame_address(0));
}
void grade_check_block(grade_dim3 index, unsigned, void* shared, size_t bytes) {
    checker.begin_block(index, shared, bytes);
}
void grade_check_thread(unsigned linear) { checker.run(linear); }
void grade_check_block_ends() { checker.end_block(); }
void grade_check_launch_ends() { checker.end_launch(); }
void grade_check_barrier(const unsigned* threads, unsigned count) { checker.meet(threads, count); }
void grade_check_fence() { checker.fence(); }
void grade_check_atomic(const void* address, size_t bytes, const void* ip) {
    if (!checker.is_device()) return;
    checker.touch({(uintptr_t)address, bytes, READ | WRITE | ATOMIC, ip});
    checker.learn(address);
    checker.publish(address, false);
}

// ---- plain accesses -------------------------------------------------------------------------------

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_ignore_thread_begin() {}
void __tsan_ignore_thread_end() {}

#define ACCESSES(bytes) \
    void __tsan_read##bytes(void* at) { touch_aligned<bytes>(at, READ, HERE); } \
    void __tsan_write##bytes(void* at) { touch_aligned<bytes>(at, WRITE, HERE); } \
    void __tsan_read##bytes##_pc(void* at, void* pc) { touch_aligned<bytes>(at, READ, pc); } \
    void __tsan_write##bytes##_pc(void* at, void* pc) { touch_aligned<bytes>(at, WRITE, pc); } \
    void __tsan_volatile_read##bytes(void* at) { touch_aligned<bytes>(at, READ | VOLATILE, HERE); } \
    void __tsan_volatile_write##bytes(void* at) { touch_aligned<bytes>(at, WRITE | VOLATILE, HERE); } \
    void __tsan_read_write##bytes(void* at) { touch_aligned<bytes>(at, READ, HERE), touch_aligned<bytes>(at, WRITE, HERE); } \
    void __tsan_unaligned_read##bytes(void* at) { touch(at, bytes, READ, HERE); } \
    void __tsan_unaligned_write##bytes(void* at) { touch(at, bytes, WRITE, HERE); } \
    void __tsan_unaligned_volatile_read##bytes(void* at) { touch(at, bytes, READ | VOLATILE, HERE); } \
    void __tsan_unaligned_volatile_write##bytes(void* at) { touch(at, bytes, WRITE | VOLATILE, HERE); } \
    void __tsan_unaligned_read_write##bytes(void* at) { touch(at, bytes, READ, HERE), touch(at, bytes, WRITE, HERE); }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
#undef ACCESSES

void __tsan_read_range(void* at, unsigned long bytes) { touch(at, bytes, READ, HERE); }
void __tsan_write_range(void* at, unsigned long bytes) { touch(at, bytes, WRITE, HERE); }
void __tsan_read_range_pc(void* at, unsigned long bytes, void* pc) { touch(at, bytes, READ, pc); }
void __tsan_write_range_pc(void* at, unsigned long bytes, void* pc) { touch(at, bytes, WRITE, pc); }
void __tsan_vptr_read(void** at) { touch(at, sizeof(void*), READ, HERE); }
void __tsan_vptr_update(void** at, void*) { touch(at, sizeof(void*), WRITE, HERE); }

// ---- copies: calls of memcpy and the like in instrumented code, also those that a compiler makes ------

void* grade_checked_memcpy(void* to, const void* from, size_t bytes) {
    touch(from, bytes, READ, HERE);
    touch(to, bytes, WRITE, HERE);
    return memcpy(to, from, bytes);
}
void* grade_checked_memmove(void* to, const void* from, size_t bytes) {
    touch(from, bytes, READ, HERE);
    touch(to, bytes, WRITE, HERE);
    return memmove(to, from, bytes);
}
void* grade_checked_memset(void* to, int value, size_t bytes) {
    touch(to, bytes, WRITE, HERE);
    return memset(to, value, bytes);
}
void* __tsan_memcpy(void* to, const void* from, size_t bytes) { return grade_checked_memcpy(to, from, bytes); }
void* __tsan_memmove(void* to, const void* from, size_t bytes) { return grade_checked_memmove(to, from, bytes); }
void* __tsan_memset(void* to, int value, size_t bytes) { return grade_checked_memset(to, value, bytes); }

}  // extern "C"

#pragma GCC visibility pop
