// Atomics: one thread of the system runs all threads of a kernel, so plain memory is atomic. A
// checker must not take them for plain reads and writes: they are compiled without its watch.
#pragma once

#include "grade/device.h"

namespace grade {

/** The old value; what is new is `change` of it. */
template <class T, class Change>
__attribute__((noinline, no_sanitize("thread"))) T atomically(T* address, Change change) {
    if (++patience == 0) pause();  // first: what others publish meanwhile is learnt below
    if (grade_check_atomic)
        grade_check_atomic((const void*)address, sizeof(T), __builtin_return_address(0));
    T old = *address;
    *address = change(old);
    return old;
}

}  // namespace grade

#define GRADE_ATOMIC(NAME, T, RESULT)                                                              \
    inline T NAME(T* address, T value) {                                                           \
        return grade::atomically(address, [=](T old) -> T { return RESULT; });                     \
    }                                                                                              \
    inline T NAME##_block(T* address, T value) { return NAME(address, value); }                    \
    inline T NAME##_system(T* address, T value) { return NAME(address, value); }
#define GRADE_ATOMIC_WHOLE(NAME, RESULT)                                                           \
    GRADE_ATOMIC(NAME, int, RESULT)                                                                \
    GRADE_ATOMIC(NAME, unsigned, RESULT)                                                           \
    GRADE_ATOMIC(NAME, unsigned long long, RESULT)

GRADE_ATOMIC_WHOLE(atomicAdd, old + value)
GRADE_ATOMIC(atomicAdd, float, old + value)
GRADE_ATOMIC(atomicAdd, double, old + value)
GRADE_ATOMIC(atomicSub, int, old - value)
GRADE_ATOMIC(atomicSub, unsigned, old - value)
GRADE_ATOMIC_WHOLE(atomicExch, value)
GRADE_ATOMIC(atomicExch, float, value)
GRADE_ATOMIC_WHOLE(atomicMin, value < old ? value : old)
GRADE_ATOMIC(atomicMin, long long, value < old ? value : old)
GRADE_ATOMIC_WHOLE(atomicMax, value > old ? value : old)
GRADE_ATOMIC(atomicMax, long long, value > old ? value : old)
GRADE_ATOMIC_WHOLE(atomicAnd, old & value)
GRADE_ATOMIC_WHOLE(atomicOr, old | value)
GRADE_ATOMIC_WHOLE(atomicXor, old ^ value)
GRADE_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1)
GRADE_ATOMIC(atomicDec, unsigned, old == 0 || old > value ? value : old - 1)

#undef GRADE_ATOMIC_WHOLE
#undef GRADE_ATOMIC

#define GRADE_ATOMIC_CAS(T)                                                                        \
    inline T atomicCAS(T* address, T expected, T value) {                                          \
        const T old = grade::atomically(                                                           \
            address, [=](T old) -> T { return old == expected ? value : old; });                   \
        if (old != expected) grade::pause(); /* perhaps a lock that another thread holds */        \
        return old;                                                                                \
    }
GRADE_ATOMIC_CAS(int)
GRADE_ATOMIC_CAS(unsigned)
GRADE_ATOMIC_CAS(unsigned short)
GRADE_ATOMIC_CAS(unsigned long long)
#undef GRADE_ATOMIC_CAS
