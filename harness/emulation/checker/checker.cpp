#include "checker.h"

#include <cstring>

namespace grade::check {

Checker checker;

namespace {
constexpr unsigned WARP = 32;

bool is_of_block(const Cell& cell, uint32_t block) {
    return cell.writers[0].block == block || cell.readers[0].block == block || cell.readers[1].block == block;
}
}

void Checker::begin_launch(const char* kernel, grade_dim3, grade_dim3 block, const void* host_frame) {
    kernel_ = kernel ? kernel : "";
    block_dim_ = block;
    blocks_.clear();
    order_.begin_launch();
    memory.find_globals(host_frame);
}

void Checker::begin_block(grade_dim3 index, void* shared, size_t shared_bytes) {
    blocks_.push_back(index);
    order_.begin_block(block_dim_.x * block_dim_.y * block_dim_.z);
    memory.set_arena(shared, shared_bytes);
}

void Checker::run(unsigned thread) {
    settle();
    running_ = thread;
    is_device_ = true;
}

void Checker::end_block() {
    settle();
    if (unwritten_.is_open) tell_unwritten();
    is_device_ = false;
}

void Checker::end_launch() {
    settle();
    is_device_ = false;
}

void Checker::meet(const unsigned* threads, unsigned count) {
    settle();
    order_.meet(threads, count);
}

void Checker::fence() {
    if (!is_device_) return;
    settle();
    order_.fence(running_);
}

void Checker::publish(const void* address, bool releases) {
    order_.publish(running_, address, releases);
}

void Checker::learn(const void* address) {
    order_.learn(running_, address);
}

void Checker::settle() {
    if (!suspicion_.is_open) return;
    suspicion_.is_open = false;
    const Touch& touch = suspicion_.touch;
    if (memcmp(suspicion_.before, (const void*)touch.address, touch.bytes) != 0)
        tell_race(*suspicion_.region, touch, suspicion_.other, true, suspicion_.thread);
}

// Where an access lies; none for what is a thread's own or constant. What is outside is told, and does not return.
Region* Checker::region_of(const Touch& touch) {
    Region* region = memory.at(touch.address);
    if (!region && memory.is_private(touch.address)) return nullptr;
    if (!region) region = memory.global_at(touch.address);
    if (!region) {
        if (!(touch.kind & WRITE) && memory.is_constant(touch.address)) return nullptr;
        tell_outside(touch);
        return nullptr;
    }
    const bool is_beyond = touch.address + touch.bytes > region->end;
    const bool is_between = region->space == Space::Shared && memory.has_variables() &&
                            !memory.variable_at(touch.address, touch.bytes);
    if (is_beyond || is_between) {
        tell_outside(touch);
        return nullptr;
    }
    if ((touch.kind & WRITE) && !region->is_written) tell_input(*region, touch);
    return region;
}

void Checker::touch(Touch touch) {
    settle();
    Region* region = region_of(touch);
    if (!region || touch.bytes == 0) return;
    Thread& self = order_.thread(running_);
    const bool is_flag = (touch.kind & VOLATILE) && region->space != Space::Shared;
    if (is_flag && (touch.kind & WRITE) && self.has_fenced) touch.kind |= PUBLISHED;
    size_t count = 0;
    Cell* cells = region->cells_at(touch.address, touch.bytes, count);
    if (!cells) tell_no_shadow(*region, touch);
    for (size_t i = 0; i < count; i++) check(cells[i], *region, touch);
    if (is_flag && (touch.kind & READ)) learn((const void*)touch.address);
    if (touch.kind & PUBLISHED) publish((const void*)touch.address, false);
    if ((touch.kind & WRITE) && !(touch.kind & (ATOMIC | PUBLISHED))) self.has_fenced = false;
}

// Two accesses of which one writes conflict, unless both are atomic. A volatile read may wait for an atomic
// or for a flag; two volatile accesses are no more ordered than others, so they conflict.
bool Checker::conflicts(const Access& earlier, const Touch& touch) const {
    const unsigned both = earlier.kind & touch.kind, either = earlier.kind | touch.kind;
    if (both & ATOMIC) return false;
    if ((either & ATOMIC) && (either & PUBLISHED)) return false;
    const bool one_only_reads = !(earlier.kind & WRITE) || !(touch.kind & WRITE);
    if (one_only_reads && (either & VOLATILE) && (either & ATOMIC)) return false;
    if (one_only_reads && (both & VOLATILE) && (either & PUBLISHED)) return false;
    return !order_.is_before(earlier, running_);
}

void Checker::check(Cell& cell, Region& region, const Touch& touch) {
    const unsigned self = running_;
    if (region.space == Space::Shared && !is_of_block(cell, order_.block())) cell = Cell{};  // another block's, then
    const uint32_t place = (uint32_t)((uintptr_t)touch.ip - memory.image());
    const Access access{order_.block(), order_.thread(self).clock, place, (uint16_t)self, (uint16_t)touch.kind};
    if (touch.kind & WRITE) {
        for (const Access& reader : cell.readers)
            if (conflicts(reader, touch)) tell_race(region, touch, reader, false, self);
    }
    for (const Access& writer : cell.writers) {
        if (!conflicts(writer, touch)) continue;
        const bool is_plain = touch.kind == WRITE && writer.kind == WRITE;
        if (!is_plain || touch.bytes > sizeof suspicion_.before) tell_race(region, touch, writer, true, self);
        if (suspicion_.is_open) continue;
        suspicion_ = {true, touch, &region, writer, self, {}};
        memcpy(suspicion_.before, (const void*)touch.address, touch.bytes);
    }
    if (touch.kind & READ) {
        const bool is_unwritten = region.space == Space::Shared && cell.writers[0].block != order_.block();
        if (is_unwritten && !unwritten_.is_open) unwritten_ = {true, touch, self};
        if (!(touch.kind & WRITE)) remember_read(cell, access);
    }
    if (touch.kind & WRITE) remember_write(cell, access);
}

int Checker::distance(const Access& a, const Access& b) const {
    if (a.block != b.block) return 3;
    return a.thread / WARP != b.thread / WARP ? 2 : a.thread != b.thread;
}

void Checker::remember_read(Cell& cell, const Access& access) {
    const bool is_plain = !(access.kind & (ATOMIC | VOLATILE));
    for (Access& reader : cell.readers) {
        // who must wait for this read must wait for one before it too, so that one can be forgotten
        const bool is_weaker = is_plain || (reader.kind & (ATOMIC | VOLATILE)) || order_.is_over(reader);
        if (is_weaker && order_.is_before(reader, access.thread)) {
            reader = access;
            return;
        }
    }
    if (distance(cell.readers[0], access) > distance(cell.readers[0], cell.readers[1])) cell.readers[1] = access;
}

void Checker::remember_write(Cell& cell, const Access& access) {
    Access* writers = cell.writers;
    if (!(access.kind & ATOMIC)) {  // all before it is before what comes after it, or was told
        cell = Cell{};
    } else if ((writers[0].kind & ATOMIC) && !order_.is_before(writers[0], access.thread)) {
        const bool other_is_over = order_.is_before(writers[1], access.thread);
        if (other_is_over || distance(access, writers[0]) > distance(access, writers[1])) writers[1] = writers[0];
    }
    writers[0] = access;
}

}  // namespace grade::check
