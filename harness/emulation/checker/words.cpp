// One line for a person: which kernel, which memory, which threads, and what was expected.

#include "checker.h"

#include <cstdio>
#include <dlfcn.h>
#include <link.h>

namespace grade::check {

namespace {

std::string triple(unsigned x, unsigned y, unsigned z) {
    return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
}

std::string count_of(uintptr_t number, const char* noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

const char* verb(unsigned kind) {
    if (kind & ATOMIC) return "updates";
    return kind & WRITE ? "writes" : "reads";
}

const char* past(unsigned kind, bool writes) {
    if (kind & ATOMIC) return "updates atomically";
    return writes ? "has written" : "has read";
}

// A return address stands behind its call, and the next line may begin there.
[[noreturn]] void tell(uint32_t why, const std::string& words, const Touch& touch) {
    grade_emulation_found(why, words.c_str(), (const char*)touch.ip - 1);
}

}  // namespace

std::string Checker::thread_words(unsigned linear) const {
    const unsigned x = block_dim_.x, y = block_dim_.y;
    return "thread " + triple(linear % x, linear / x % y, linear / (x * y));
}

std::string Checker::block_words(uint32_t block) const {
    const grade_dim3 index = blocks_[block - order_.first_block()];
    return "block " + triple(index.x, index.y, index.z);
}

std::string Checker::head_words() const {
    return "kernel `" + kernel_ + "`, " + block_words(order_.block()) + ": ";
}

// The piece of memory by its name and, where elements of this size can be counted, the index in it.
std::string Checker::place_words(const Region& region, uintptr_t address, size_t bytes) const {
    uintptr_t start = region.start, whole = region.end - start;
    std::string name = region.name, kind;
    if (region.space == Space::Shared) {
        kind = "shared memory ";
        if (const Variable* variable = memory.variable_at(address, bytes)) {
            start = variable->start;
            whole = variable->end - start;
            name = variable->name;
        }
    } else if (region.space == Space::Global) {
        Dl_info info;
        const ElfW(Sym)* symbol = nullptr;
        kind = "`__device__` memory ";
        if (dladdr1((const void*)address, &info, (void**)&symbol, RTLD_DL_SYMENT) && info.dli_sname && symbol) {
            start = (uintptr_t)info.dli_saddr;
            whole = symbol->st_size;
            name = info.dli_sname;
        }
    }
    const uintptr_t offset = address - start;
    if (name.empty()) {
        if (region.space == Space::Global) return count_of(bytes, "byte") + " of a `__device__` variable";
        return kind + "(byte " + std::to_string(offset) + ")";
    }
    if (bytes == whole) return kind + "`" + name + "`";
    if (bytes <= 8 && offset % bytes == 0) return kind + "`" + name + "[" + std::to_string(offset / bytes) + "]`";
    return kind + "`" + name + "` (" + count_of(bytes, "byte") + " from byte " + std::to_string(offset) + ")";
}

void Checker::tell_race(const Region& region, const Touch& touch, const Access& other, bool other_writes, unsigned thread) {
    const bool is_here = other.block == order_.block();
    std::string words = head_words() + thread_words(thread) + " " + verb(touch.kind) + " " +
                        place_words(region, touch.address, touch.bytes) + ", which " + thread_words(other.thread);
    if (!is_here) words += " of " + block_words(other.block);
    words += std::string(" ") + past(other.kind, other_writes);
    if ((other.kind ^ touch.kind) & ATOMIC) words += ", and only one of them is an atomic";
    if (!is_here) words += "; blocks run in any order, and nothing orders these two";
    else if (other.thread / 32 == thread / 32) words += ", with no barrier and no __syncwarp between them (lanes of a warp run in any order)";
    else words += ", with no barrier between them";
    tell(GRADE_RACE, words, touch);
}

void Checker::tell_unwritten() {
    unwritten_.is_open = false;
    const Touch& touch = unwritten_.touch;
    Region* region = memory.at(touch.address);
    const std::string words = head_words() + thread_words(unwritten_.thread) + " reads " +
                              place_words(*region, touch.address, touch.bytes) +
                              " before any thread of this block has written it";
    tell(GRADE_UNINITIALISED, words, touch);
}

void Checker::tell_input(const Region& region, const Touch& touch) {
    const std::string words = head_words() + thread_words(running_) + " writes " +
                              place_words(region, touch.address, touch.bytes) + ", which is an input and may only be read";
    tell(GRADE_BOUNDS, words, touch);
}

void Checker::tell_no_shadow(const Region& region, const Touch& touch) {
    const std::string size = count_of(region.end - region.start, "byte");
    tell(GRADE_UNSUPPORTED, "there is not enough memory to check accesses to " + size + " of `" + region.name + "`", touch);
}

void Checker::tell_misaligned(const Touch& touch) {
    char text[32];
    snprintf(text, sizeof text, "%p", (const void*)touch.address);
    const std::string words = head_words() + thread_words(running_) + " " + verb(touch.kind) + " " +
                              count_of(touch.bytes, "byte") + " at " + text + ", an address that is no multiple of " +
                              std::to_string(touch.bytes < 8 ? touch.bytes : 8);
    tell(GRADE_BOUNDS, words, touch);
}

void Checker::tell_outside(const Touch& touch) {
    // what was read too early may well have been the index: that is the fault to begin with
    if (unwritten_.is_open && unwritten_.thread == running_) tell_unwritten();
    std::string words = head_words() + thread_words(running_) + " " + verb(touch.kind) + " " +
                        count_of(touch.bytes, "byte") + " ";
    const Region* inside = memory.at(touch.address);
    const bool is_shared = inside && inside->space == Space::Shared;
    const Variable* variable = memory.nearest_variable(touch.address);
    const Region* region = memory.nearest(touch.address);
    if (!is_shared && region && region->space != Space::Shared) variable = nullptr;
    const bool has_arena = is_shared || (region && region->space == Space::Shared);
    uintptr_t start = 0, end = 0;
    std::string name;
    if (has_arena && variable) {
        start = variable->start, end = variable->end, name = "shared memory `" + variable->name + "`";
    } else if (region) {
        start = region->start, end = region->end;
        name = has_arena ? "the block's shared memory" : "`" + region->name + "`";
    }
    const uintptr_t last = touch.address + touch.bytes;
    constexpr uintptr_t NEAR = 1 << 26;  // farther away, the nearest buffer explains nothing
    if (!end || (touch.address >= end && touch.address - end > NEAR) || (touch.address < start && start - touch.address > NEAR)) {
        char text[32];
        snprintf(text, sizeof text, "%p", (const void*)touch.address);
        words += std::string("at ") + text + ", which is no memory of the device's";
    } else {
        if (touch.address < start) words += "that begin " + count_of(start - touch.address, "byte") + " before ";
        else if (touch.address == end) words += "right behind the end of ";
        else if (touch.address > end) words += "that begin " + count_of(touch.address - end, "byte") + " behind the end of ";
        else words += "that reach " + count_of(last - end, "byte") + " beyond the end of ";
        words += name + " (" + count_of(end - start, "byte");
        const size_t bytes = touch.bytes;
        if (bytes <= 8 && bytes && touch.address >= start && (touch.address - start) % bytes == 0)
            words += ": index " + std::to_string((touch.address - start) / bytes) + " of " + std::to_string((end - start) / bytes);
        words += ")";
    }
    tell(GRADE_BOUNDS, words, touch);
}

}  // namespace grade::check
