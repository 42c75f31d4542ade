// What is checked at each access of a device thread, and the words for what is found. The rules:
//
// - Barriers, __syncwarp, tiles and warp collectives order those who meet. (CUDA promises that of __syncwarp
//   alone among the collectives of a warp; a shuffle counts here too, for the runtime tells no difference.)
// - Nothing else orders lanes of a warp: they go in step no longer. A volatile access is no exception.
// - Blocks of a launch are unordered, launches ordered.
// - Atomics do not race with atomics. What lies before a thread's last fence is known to who sees an atomic of
//   that thread's, or a volatile store to global memory behind the fence; a reader needs no fence of its own.
// - Two plain writes of the same value are no race, as racecheck takes them for information alone: many threads
//   that raise one flag are common. A read beside them is a race.
// - Shared memory that nobody of the block has written must not be read. The finding waits for the block's end:
//   if someone writes there unordered, it was a race.

#pragma once

#include "../runtime/hooks.h"
#include "memory.h"
#include "order.h"

#include <string>
#include <vector>

namespace grade::check {

enum Kind : uint16_t {
    READ = 1,
    WRITE = 2,
    ATOMIC = 4,
    VOLATILE = 8,
    PUBLISHED = 16,  // a volatile store to global memory behind a fence: a flag that others wait for
};

// An access under way: what it is, where, and by which instruction.
struct Touch {
    uintptr_t address;
    size_t bytes;
    unsigned kind;
    const void* ip;
};

class Checker {
public:
    void begin_launch(const char* kernel, grade_dim3 grid, grade_dim3 block, const void* host_frame);
    void begin_block(grade_dim3 index, void* shared, size_t shared_bytes);
    void run(unsigned thread);
    void end_block();
    void end_launch();
    void meet(const unsigned* threads, unsigned count);
    void fence();

    bool is_device() const { return is_device_; }
    void touch(Touch touch);
    void tell_misaligned(const Touch& touch);
    void publish(const void* address, bool releases);
    void learn(const void* address);

    Memory memory;

private:
    // two writes without order are forgiven if they wrote the same: known once the second one is done
    struct Suspicion {
        bool is_open = false;
        Touch touch;
        const Region* region;
        Access other;
        unsigned thread;
        unsigned char before[16];
    };
    // a read of what nobody wrote yet: a race if someone of this block writes it later, unordered
    struct Unwritten {
        bool is_open = false;
        Touch touch;
        unsigned thread;
    };

    void settle();
    Region* region_of(const Touch& touch);
    void check(Cell& cell, Region& region, const Touch& touch);
    bool conflicts(const Access& earlier, const Touch& touch) const;
    void remember_read(Cell& cell, const Access& access);
    void remember_write(Cell& cell, const Access& access);
    int distance(const Access& a, const Access& b) const;

    // words.cpp
    void tell_race(const Region& region, const Touch& touch, const Access& other, bool other_writes, unsigned thread);
    void tell_unwritten();
    void tell_outside(const Touch& touch);
    void tell_no_shadow(const Region& region, const Touch& touch);
    void tell_input(const Region& region, const Touch& touch);
    std::string thread_words(unsigned linear) const;
    std::string block_words(uint32_t block) const;
    std::string place_words(const Region& region, uintptr_t address, size_t bytes) const;
    std::string head_words() const;

    Order order_;
    bool is_device_ = false;  // false before our constructor too: instrumented globals may have theirs first
    unsigned running_ = 0;
    std::string kernel_;
    grade_dim3 block_dim_{1, 1, 1};
    std::vector<grade_dim3> blocks_;  // of this launch, in the order in which they ran
    Suspicion suspicion_;
    Unwritten unwritten_;
};

extern Checker checker;

}  // namespace grade::check
