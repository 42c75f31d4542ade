#include "memory.h"

#include <algorithm>
#include <link.h>
#include <sys/mman.h>

namespace grade::check {

namespace {

constexpr uintptr_t HOST_STACK_BYTES = 1 << 20;  // above the frame that launches: what a kernel was given

// Pages of zeros that cost nothing until they are touched.
Cell* fresh_cells(size_t count) {
    void* made = mmap(nullptr, count * sizeof(Cell), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return made == MAP_FAILED ? nullptr : (Cell*)made;
}

size_t cell_count(const Region& region, unsigned shift) {
    return ((region.end - region.start) >> shift) + 1;  // the end need not be whole
}

}  // namespace

void Region::forget() {
    if (cells) munmap(cells, cell_count(*this, shift) * sizeof(Cell));
    cells = nullptr;
}

void Region::refine(unsigned finer) {
    const size_t count = cell_count(*this, finer);
    Cell* made = fresh_cells(count);
    for (size_t i = 0; cells && made && i < count; i++) {
        const Cell& old = cells[i >> (shift - finer)];
        if (old.writers[0].block || old.readers[0].block) made[i] = old;
    }
    forget();
    cells = made;
    shift = finer;
}

void Memory::insert(Region region) {
    const auto place = std::lower_bound(regions_.begin(), regions_.end(), region.start,
                                        [](const Region& other, uintptr_t start) { return other.start < start; });
    regions_.insert(place, std::move(region));
    last_ = 0;
}

void Memory::lend(const void* start, size_t bytes, const char* name, bool is_written) {
    take_back(start);
    Region region;
    region.start = (uintptr_t)start;
    region.end = region.start + bytes;
    region.name = name ? name : "";
    region.is_written = is_written;
    if (bytes) insert(std::move(region));
}

void Memory::take_back(const void* start) {
    for (size_t i = 0; i < regions_.size(); i++) {
        if (regions_[i].start != (uintptr_t)start || regions_[i].space != Space::Buffer) continue;
        regions_[i].forget();
        regions_.erase(regions_.begin() + (ptrdiff_t)i);
        last_ = 0;
        return;
    }
}

// The same arena serves block after block: accesses of earlier blocks are told by their number.
void Memory::set_arena(const void* start, size_t bytes) {
    variables_.clear();
    for (size_t i = 0; i < regions_.size(); i++) {
        if (regions_[i].space != Space::Shared) continue;
        if (regions_[i].start == (uintptr_t)start && regions_[i].end == (uintptr_t)start + bytes) return;
        regions_[i].forget();
        regions_.erase(regions_.begin() + (ptrdiff_t)i);
        break;
    }
    if (!bytes) return;
    Region region;
    region.start = (uintptr_t)start;
    region.end = region.start + bytes;
    region.space = Space::Shared;
    insert(std::move(region));
}

void Memory::set_variable(const void* start, size_t bytes, const char* name) {
    const uintptr_t low = (uintptr_t)start;
    for (const Variable& variable : variables_)
        if (variable.start == low && variable.end == low + bytes) return;
    variables_.push_back({low, low + bytes, name ? name : ""});
}

// `__device__` and `__constant__` variables are globals of the artefact: they lie in its writable part.
void Memory::find_globals(const void* host_frame) {
    host_stack_ = {(uintptr_t)host_frame, (uintptr_t)host_frame + HOST_STACK_BYTES};
    static const char anchor = 0;
    auto look = [](dl_phdr_info* info, size_t, void* into) {
        Memory& memory = *(Memory*)into;
        bool ours = false;
        for (int i = 0; i < info->dlpi_phnum; i++) {
            const auto& part = info->dlpi_phdr[i];
            const uintptr_t low = info->dlpi_addr + part.p_vaddr;
            if (part.p_type == PT_LOAD && (uintptr_t)&anchor >= low && (uintptr_t)&anchor < low + part.p_memsz) ours = true;
        }
        if (!ours) return 0;
        const bool is_new = memory.image_ == 0;
        memory.image_ = info->dlpi_addr;
        for (int i = 0; i < info->dlpi_phnum; i++) {
            const auto& part = info->dlpi_phdr[i];
            const uintptr_t low = info->dlpi_addr + part.p_vaddr, high = low + part.p_memsz;
            if (part.p_type == PT_TLS && info->dlpi_tls_data)
                memory.thread_local_ = {(uintptr_t)info->dlpi_tls_data, (uintptr_t)info->dlpi_tls_data + part.p_memsz};
            if (part.p_type != PT_LOAD || !is_new) continue;
            if (part.p_flags & PF_W) {
                Region region;
                region.start = low;
                region.end = high;
                region.space = Space::Global;
                memory.globals_.push_back(std::move(region));
            } else {
                memory.constants_.push_back({low, high});
            }
        }
        return 1;
    };
    dl_iterate_phdr(look, this);
}

bool Memory::is_private(uintptr_t address) const {
    return host_stack_.has(address) || thread_local_.has(address);
}

bool Memory::is_constant(uintptr_t address) const {
    return std::any_of(constants_.begin(), constants_.end(), [&](const Range& range) { return range.has(address); });
}

Region* Memory::find(uintptr_t address) {
    const auto after = std::upper_bound(regions_.begin(), regions_.end(), address,
                                        [](uintptr_t wanted, const Region& region) { return wanted < region.start; });
    if (after != regions_.begin() && address < std::prev(after)->end) {
        last_ = (size_t)(std::prev(after) - regions_.begin());
        return &regions_[last_];
    }
    return nullptr;
}

Region* Memory::global_at(uintptr_t address) {
    for (Region& region : globals_)
        if (address >= region.start && address < region.end) return &region;
    return nullptr;
}

namespace {

template <class T>
uintptr_t distance(const T& piece, uintptr_t address) {
    return address < piece.start ? piece.start - address : address >= piece.end ? address - piece.end + 1 : 0;
}

}  // namespace

const Region* Memory::nearest(uintptr_t address) const {
    const Region* best = nullptr;
    for (const Region& region : regions_)
        if (!best || distance(region, address) < distance(*best, address)) best = &region;
    return best;
}

const Variable* Memory::nearest_variable(uintptr_t address) const {
    const Variable* best = nullptr;
    for (const Variable& variable : variables_)
        if (!best || distance(variable, address) < distance(*best, address)) best = &variable;
    return best;
}

}  // namespace grade::check
