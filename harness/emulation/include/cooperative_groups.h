// Cooperative groups within a block: the block itself, tiles of a warp, lanes that came together.
#pragma once

#include "cuda_runtime.h"

namespace cooperative_groups {



class thread_block {
public:
    void sync(GRADE_LINE) const { grade::barrier(line); }
    unsigned thread_rank() const { return grade::thread_in_block(); }
    unsigned size() const { return blockDim.x * blockDim.y * blockDim.z; }
    unsigned num_threads() const { return size(); }
    dim3 group_index() const { return blockIdx; }
    dim3 thread_index() const { return threadIdx; }
    dim3 group_dim() const { return blockDim; }
    dim3 dim_threads() const { return blockDim; }
};

inline thread_block this_thread_block() { return {}; }

namespace grade_details {

/** Lanes of one warp, by their mask: what tiles and coalesced groups have in common. */
class lanes {
public:
    explicit lanes(unsigned mask) : mask(mask) {}

    void sync(GRADE_LINE) const { grade::meet(grade::Meet::SYNC, mask, 0, 0, line); }
    unsigned size() const { return (unsigned)__popc(mask); }
    unsigned num_threads() const { return size(); }
    unsigned thread_rank() const { return (unsigned)__popc(mask & ((1u << grade::lane()) - 1)); }

    template <class T> T shfl(T value, int from, GRADE_LINE) const {
        return take(grade::Meet::SHUFFLE, value, from, line);
    }
    template <class T> T shfl_up(T value, unsigned by, GRADE_LINE) const {
        const int from = (int)thread_rank() - (int)by;
        return take(grade::Meet::SHUFFLE_UP, value, from < 0 ? (int)thread_rank() : from, line);
    }
    template <class T> T shfl_down(T value, unsigned by, GRADE_LINE) const {
        const unsigned from = thread_rank() + by;
        return take(grade::Meet::SHUFFLE_DOWN, value, (int)(from < size() ? from : thread_rank()), line);
    }
    template <class T> T shfl_xor(T value, unsigned by, GRADE_LINE) const {
        const unsigned from = thread_rank() ^ by;
        return take(grade::Meet::SHUFFLE_XOR, value, (int)(from < size() ? from : thread_rank()), line);
    }
    int any(int vote, GRADE_LINE) const { return __any_sync(mask, vote, line); }
    int all(int vote, GRADE_LINE) const { return __all_sync(mask, vote, line); }
    unsigned ballot(int vote, GRADE_LINE) const { return ranks(__ballot_sync(mask, vote, line)); }
    template <class T> unsigned match_any(T value, GRADE_LINE) const {
        return ranks(__match_any_sync(mask, value, line));
    }
    template <class T> unsigned match_all(T value, int& same, GRADE_LINE) const {
        return ranks(__match_all_sync(mask, value, &same, line));
    }

protected:
    unsigned mask;

    /** The lane of the warp that has this rank in the group. */
    int lane_of(int rank) const {
        unsigned rest = mask;
        for (rank &= 31; rank > 0 && rest; rank--) rest &= rest - 1;
        return rest ? __builtin_ctz(rest) : (int)grade::lane();
    }
    template <class T> T take(grade::Meet kind, T value, int rank, int line) const {
        static_assert(std::is_trivially_copyable_v<T>);
        constexpr size_t words = (sizeof(T) + 7) / 8;
        uint64_t given[words] = {}, taken[words];
        memcpy(given, &value, sizeof value);
        const int from = lane_of(rank);
        for (size_t i = 0; i < words; i++) taken[i] = grade::meet(kind, mask, given[i], from, line);
        memcpy(&value, taken, sizeof value);
        return value;
    }
    unsigned ranks(unsigned warp) const {
        unsigned result = 0;
        int rank = 0;
        for (unsigned rest = mask; rest; rest &= rest - 1, rank++)
            if (warp & rest & -rest) result |= 1u << rank;
        return result;
    }
};

inline unsigned tile_mask(unsigned size) {
    const unsigned first = grade::lane() / size * size;
    return (size >= 32 ? ~0u : (1u << size) - 1) << first;
}

}  // namespace grade_details

template <unsigned Size, class Parent = void> class thread_block_tile : public grade_details::lanes {
    static_assert(Size >= 1 && Size <= 32 && (Size & (Size - 1)) == 0);

public:
    thread_block_tile() : lanes(grade_details::tile_mask(Size)) {}
    template <class Other> thread_block_tile(const thread_block_tile<Size, Other>& other) : lanes(other) {}
    static constexpr unsigned size() { return Size; }
    static constexpr unsigned num_threads() { return Size; }
    unsigned thread_rank() const { return grade::lane() % Size; }
    unsigned meta_group_rank() const { return grade::thread_in_block() / Size; }
    unsigned meta_group_size() const { return (this_thread_block().size() + Size - 1) / Size; }
};

class thread_group : public grade_details::lanes {
public:
    thread_group(const grade_details::lanes& other) : lanes(other) {}
};
class coalesced_group : public grade_details::lanes {
public:
    explicit coalesced_group(unsigned mask) : lanes(mask) {}
    unsigned meta_group_rank() const { return 0; }
    unsigned meta_group_size() const { return 1; }
};

inline coalesced_group coalesced_threads(GRADE_LINE) { return coalesced_group(__activemask(line)); }

template <unsigned Size, class Group> thread_block_tile<Size, Group> tiled_partition(const Group&) {
    return {};
}
inline thread_group tiled_partition(const thread_block&, unsigned size) {
    return grade_details::lanes(grade_details::tile_mask(size));
}
template <class Group> coalesced_group binary_partition(const Group& group, bool part, GRADE_LINE) {
    (void)group;
    const unsigned here = __activemask(line), same = __ballot_sync(here, part, line);
    return coalesced_group(part ? same : here & ~same);
}
template <class Group> void sync(const Group& group, GRADE_LINE) { group.sync(line); }

// ---- reductions over a tile or a coalesced group ------------------------------------------------

template <class T> struct plus { T operator()(T a, T b) const { return a + b; } };
template <class T> struct less { T operator()(T a, T b) const { return b < a ? b : a; } };
template <class T> struct greater { T operator()(T a, T b) const { return a < b ? b : a; } };
template <class T> struct bit_and { T operator()(T a, T b) const { return a & b; } };
template <class T> struct bit_or { T operator()(T a, T b) const { return a | b; } };
template <class T> struct bit_xor { T operator()(T a, T b) const { return a ^ b; } };

/** By halves, as on a card; the ranks that a half lacks add nothing. */
template <class Group, class T, class Combine>
T reduce(const Group& group, T value, Combine combine, GRADE_LINE) {
    const unsigned size = group.size(), rank = group.thread_rank();
    for (unsigned by = 16; by; by >>= 1) {
        if (by >= size) continue;
        const T other = group.shfl_down(value, by, line);
        if (rank + by < size) value = combine(value, other);
    }
    return group.shfl(value, 0, line);
}
template <class Group, class T, class Combine>
T inclusive_scan(const Group& group, T value, Combine combine, GRADE_LINE) {
    for (unsigned by = 1; by < group.size(); by <<= 1) {
        const T other = group.shfl_up(value, by, line);
        if (group.thread_rank() >= by) value = combine(other, value);
    }
    return value;
}
template <class Group, class T> T inclusive_scan(const Group& group, T value, GRADE_LINE) {
    return inclusive_scan(group, value, plus<T>(), line);
}
template <class Group, class T> T exclusive_scan(const Group& group, T value, GRADE_LINE) {
    const T before = group.shfl_up(inclusive_scan(group, value, plus<T>(), line), 1, line);
    return group.thread_rank() ? before : T();
}



}  // namespace cooperative_groups
