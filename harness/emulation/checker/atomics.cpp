// Atomics of the language (`__atomic_…`, std::atomic) in instrumented code: compilers make calls of them.

#include "checker.h"

using grade::check::checker;
using grade::check::ATOMIC;
using grade::check::READ;
using grade::check::WRITE;

#pragma GCC visibility push(hidden)

namespace {

bool releases(int order) { return order == __ATOMIC_RELEASE || order >= __ATOMIC_ACQ_REL; }

// Whatever its order, a load learns: kernels read a flag or a counter and then what it stands for. What is
// published depends on the writer alone, who must have fenced, or release.
void touch_atomically(const volatile void* at, size_t bytes, unsigned kind, int order, const void* ip) {
    if (!checker.is_device()) return;
    checker.touch({(uintptr_t)at, bytes, kind | ATOMIC, ip});
    if (kind & READ) checker.learn((const void*)at);
    if (kind & WRITE) checker.publish((const void*)at, releases(order));
}

}  // namespace

#define CALLER __builtin_return_address(0)
#define UPDATE(bits, type, name) \
    type __tsan_atomic##bits##_fetch_##name(volatile type* at, type value, int order) { \
        touch_atomically(at, sizeof(type), READ | WRITE, order, CALLER); \
        return __atomic_fetch_##name(at, value, __ATOMIC_SEQ_CST); \
    }
#define EXCHANGE_IF(bits, type, strength) \
    int __tsan_atomic##bits##_compare_exchange_##strength(volatile type* at, type* expected, type wanted, int order, int) { \
        touch_atomically(at, sizeof(type), READ | WRITE, order, CALLER); \
        return __atomic_compare_exchange_n(at, expected, wanted, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    }
#define ATOMICS(bits, type) \
    type __tsan_atomic##bits##_load(const volatile type* at, int order) { \
        touch_atomically(at, sizeof(type), READ, order, CALLER); \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST); \
    } \
    void __tsan_atomic##bits##_store(volatile type* at, type value, int order) { \
        touch_atomically(at, sizeof(type), WRITE, order, CALLER); \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST); \
    } \
    type __tsan_atomic##bits##_exchange(volatile type* at, type value, int order) { \
        touch_atomically(at, sizeof(type), READ | WRITE, order, CALLER); \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST); \
    } \
    UPDATE(bits, type, add) UPDATE(bits, type, sub) UPDATE(bits, type, and) \
    UPDATE(bits, type, or) UPDATE(bits, type, xor) UPDATE(bits, type, nand) \
    EXCHANGE_IF(bits, type, strong) EXCHANGE_IF(bits, type, weak) \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type* at, type expected, type wanted, int order, int) { \
        touch_atomically(at, sizeof(type), READ | WRITE, order, CALLER); \
        __atomic_compare_exchange_n(at, &expected, wanted, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        return expected; \
    }

extern "C" {
ATOMICS(8, unsigned char)
ATOMICS(16, unsigned short)
ATOMICS(32, unsigned)
ATOMICS(64, unsigned long)

// a fence that releases is CUDA's __threadfence in other words
void __tsan_atomic_thread_fence(int order) {
    if (releases(order)) checker.fence();
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int) {}
}

#pragma GCC visibility pop
