// Barriers, shuffles, votes and matches as kernels write them.
#pragma once

#include "grade/device.h"

#define GRADE_LINE int line = __builtin_LINE()

inline void __syncthreads(GRADE_LINE) { grade::barrier(line); }
inline int __syncthreads_count(int vote, GRADE_LINE) { return grade::barrier(line, vote).count; }
inline int __syncthreads_and(int vote, GRADE_LINE) { return grade::barrier(line, vote).all; }
inline int __syncthreads_or(int vote, GRADE_LINE) { return grade::barrier(line, vote).any; }
inline void __barrier_sync(unsigned id, GRADE_LINE) {
    if (id) grade::unsupported("named barriers");
    grade::barrier(line);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, GRADE_LINE) {
    grade::meet(grade::Meet::SYNC, mask, 0, 0, line);
}
inline unsigned __activemask(GRADE_LINE) { return grade::active_lanes(line); }

namespace grade {

/** Values of any size, word by word. */
template <class T> inline T shuffle(Meet kind, unsigned mask, T value, int by, int width, int line) {
    static_assert(std::is_trivially_copyable_v<T>);
    constexpr size_t words = (sizeof(T) + 7) / 8;
    uint64_t given[words] = {}, taken[words];
    memcpy(given, &value, sizeof value);
    // a lane further than the width's end, or before its start, is the lane itself
    const int own = (int)lane(), start = own & -width, last = start + width - 1;
    int from = own;
    if (kind == Meet::SHUFFLE) from = start + (by & (width - 1));
    if (kind == Meet::SHUFFLE_UP) from = own - by < start ? own : own - by;
    if (kind == Meet::SHUFFLE_DOWN) from = own + by > last ? own : own + by;
    if (kind == Meet::SHUFFLE_XOR) from = (own ^ by) > last ? own : own ^ by;
    for (size_t i = 0; i < words; i++) taken[i] = meet(kind, mask, given[i], from, line);
    memcpy(&value, taken, sizeof value);
    return value;
}

inline uint64_t word_of(const void* value, size_t size) {
    uint64_t word = 0;
    memcpy(&word, value, size);
    return word;
}

}  // namespace grade

#define GRADE_SHUFFLE(NAME, KIND)                                                                  \
    template <class T> inline T NAME(unsigned mask, T value, int by, int width = 32, GRADE_LINE) { \
        return grade::shuffle(grade::Meet::KIND, mask, value, by, width, line);                    \
    }
GRADE_SHUFFLE(__shfl_sync, SHUFFLE)
GRADE_SHUFFLE(__shfl_up_sync, SHUFFLE_UP)
GRADE_SHUFFLE(__shfl_down_sync, SHUFFLE_DOWN)
GRADE_SHUFFLE(__shfl_xor_sync, SHUFFLE_XOR)
#undef GRADE_SHUFFLE

inline unsigned __ballot_sync(unsigned mask, int vote, GRADE_LINE) {
    return (unsigned)grade::meet(grade::Meet::BALLOT, mask, vote != 0, 0, line);
}
inline int __any_sync(unsigned mask, int vote, GRADE_LINE) {
    return (int)grade::meet(grade::Meet::ANY, mask, vote != 0, 0, line);
}
inline int __all_sync(unsigned mask, int vote, GRADE_LINE) {
    return (int)grade::meet(grade::Meet::ALL, mask, vote != 0, 0, line);
}
template <class T> inline unsigned __match_any_sync(unsigned mask, T value, GRADE_LINE) {
    const uint64_t word = grade::word_of(&value, sizeof value);
    return (unsigned)grade::meet(grade::Meet::MATCH_ANY, mask, word, 0, line);
}
template <class T>
inline unsigned __match_all_sync(unsigned mask, T value, int* same, GRADE_LINE) {
    const uint64_t word = grade::word_of(&value, sizeof value);
    const unsigned lanes = (unsigned)grade::meet(grade::Meet::MATCH_ALL, mask, word, 0, line);
    *same = lanes != 0;
    return lanes;
}

#define GRADE_REDUCE(NAME, SIGNED, UNSIGNED)                                                       \
    inline int NAME(unsigned mask, int value, GRADE_LINE) {                                        \
        return (int)grade::meet(grade::Meet::SIGNED, mask, (uint64_t)(int64_t)value, 0, line);     \
    }                                                                                              \
    inline unsigned NAME(unsigned mask, unsigned value, GRADE_LINE) {                              \
        return (unsigned)grade::meet(grade::Meet::UNSIGNED, mask, value, 0, line);                 \
    }
GRADE_REDUCE(__reduce_add_sync, ADD, ADD)
GRADE_REDUCE(__reduce_min_sync, MIN, UMIN)
GRADE_REDUCE(__reduce_max_sync, MAX, UMAX)
GRADE_REDUCE(__reduce_and_sync, AND, AND)
GRADE_REDUCE(__reduce_or_sync, OR, OR)
GRADE_REDUCE(__reduce_xor_sync, XOR, XOR)
#undef GRADE_REDUCE

inline void __threadfence() { grade::fence(); }
inline void __threadfence_block() { grade::fence(); }
inline void __threadfence_system() { grade::fence(); }
inline void __nanosleep(unsigned) { grade::pause(); }
inline void __trap() { grade::trap("__trap() was called", __builtin_return_address(0)); }
