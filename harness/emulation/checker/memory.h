// The memory that device code may use, and what shadow memory remembers of each piece of it.

#pragma once

#include "order.h"

#include <bit>
#include <cstddef>
#include <string>
#include <vector>

namespace grade::check {

// Of one granule: the last write (and another one that was atomic too, from as far away as can be), and two
// readers, as far from each other as can be. One reader is not enough: it may be the very lane that writes next.
struct Cell {
    Access writers[2];
    Access readers[2];
};

constexpr unsigned WIDEST_GRANULE = 2;  // most accesses are of four bytes and more

enum class Space { Buffer, Shared, Global };

struct Region {
    uintptr_t start = 0, end = 0;
    Space space = Space::Buffer;
    std::string name;
    bool is_written = true;
    unsigned shift = 0;      // a granule is 1 << shift bytes, and as small as the smallest access so far
    Cell* cells = nullptr;   // made when first touched

    Cell* cells_at(uintptr_t address, size_t bytes, size_t& count) {
        const uintptr_t offset = address - start;
        const unsigned fits = (unsigned)std::countr_zero((uint64_t)(offset | bytes | 1u << WIDEST_GRANULE));
        if (!cells || fits < shift) refine(fits);
        count = bytes >> shift;
        return cells ? cells + (offset >> shift) : nullptr;  // there is no memory for a shadow
    }
    void forget();

private:
    void refine(unsigned shift);
};

struct Variable {  // `__shared__`, of the block that runs
    uintptr_t start, end;
    std::string name;
};

class Memory {
public:
    void lend(const void* start, size_t bytes, const char* name, bool is_written);
    void take_back(const void* start);
    void set_arena(const void* start, size_t bytes);
    void set_variable(const void* start, size_t bytes, const char* name);
    void find_globals(const void* host_frame);

    bool is_private(uintptr_t address) const;                   // the host's stack and thread-local storage
    bool is_constant(uintptr_t address) const;                  // the artefact's read-only part
    // a buffer or the shared memory: most often the one of the last time
    Region* at(uintptr_t address) {
        if (last_ < regions_.size() && address >= regions_[last_].start && address < regions_[last_].end)
            return &regions_[last_];
        return find(address);
    }
    Region* global_at(uintptr_t address);
    const Variable* variable_at(uintptr_t address, size_t bytes) const {
        for (const Variable& variable : variables_)
            if (address >= variable.start && address + bytes <= variable.end) return &variable;
        return nullptr;
    }
    bool has_variables() const { return !variables_.empty(); }

    const Region* nearest(uintptr_t address) const;             // as `at`
    const Variable* nearest_variable(uintptr_t address) const;
    uintptr_t image() const { return image_; }

private:
    struct Range {
        uintptr_t low = 0, high = 0;
        bool has(uintptr_t address) const { return address >= low && address < high; }
    };
    void insert(Region region);
    Region* find(uintptr_t address);

    std::vector<Region> regions_;  // by address; they may lie within a global
    std::vector<Region> globals_;
    size_t last_ = 0;
    std::vector<Variable> variables_;
    std::vector<Range> constants_;
    Range host_stack_, thread_local_;
    uintptr_t image_ = 0;
};

}  // namespace grade::check
