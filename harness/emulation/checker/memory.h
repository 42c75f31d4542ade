// The memory that device code may use, and what shadow memory remembers of each piece of it.

#pragma once

#include "order.h"

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

enum class Space { Buffer, Shared, Global };

struct Region {
    uintptr_t start = 0, end = 0;
    Space space = Space::Buffer;
    std::string name;
    bool is_written = true;
    unsigned shift = 0;      // a granule is 1 << shift bytes, and as small as the smallest access so far
    Cell* cells = nullptr;   // made when first touched

    Cell* cells_at(uintptr_t address, size_t bytes, size_t& count);
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

    bool is_private(uintptr_t address, uintptr_t frame) const;  // stacks and thread-local storage
    bool is_constant(uintptr_t address) const;                  // the artefact's read-only part
    Region* at(uintptr_t address);                              // a buffer or the shared memory
    Region* global_at(uintptr_t address);
    const Variable* variable_at(uintptr_t address, size_t bytes) const;
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

    std::vector<Region> regions_;  // by address; they may lie within a global
    std::vector<Region> globals_;
    size_t last_ = 0;
    std::vector<Variable> variables_;
    std::vector<Range> constants_;
    Range host_stack_, thread_local_;
    uintptr_t image_ = 0;
};

}  // namespace grade::check
