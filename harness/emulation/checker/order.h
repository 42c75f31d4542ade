// What happens before what: vector clocks over the threads of a block, and what is known of other blocks.
//
// A thread's clock counts the times it has told others how far it is. An access carries its thread's
// clock; it lies before a thread that has been told of that clock. Those who meet at a barrier share one
// snapshot of all their clocks from then on, so a barrier costs one vector, however many threads meet.

#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grade::check {

// One access, as shadow memory keeps it. `block` is a number of its own for every block of every launch.
struct Access {
    uint32_t block;  // 0: no access
    uint32_t clock;
    uint32_t place;  // of the code, from the start of the artefact
    uint16_t thread;
    uint16_t kind;
};

using Snapshot = std::shared_ptr<const std::vector<uint32_t>>;
using Known = std::vector<std::pair<uint32_t, Snapshot>>;  // what is known of each block, by its number

struct Thread {
    uint32_t clock = 1;
    bool has_fenced = false;       // since it last wrote by an ordinary store
    Snapshot here;                 // what it knows of its own block
    std::shared_ptr<const Known> others;
    Snapshot fenced_here;          // the same at its last fence: what its atomics publish
    std::shared_ptr<const Known> fenced_others;
};

class Order {
public:
    void begin_launch();
    void begin_block(unsigned threads);
    void meet(const unsigned* threads, unsigned count);
    void fence(unsigned thread);
    // an atomic tells of all before the last fence; one with release semantics tells of all
    void publish(unsigned thread, const void* address, bool releases);
    void learn(unsigned thread, const void* address);

    // does this access lie before what the thread does now?
    bool is_before(const Access& access, unsigned linear) const {
        if (access.block < first_) return true;
        if (access.block != block_) return is_known(access, linear);
        return access.thread == linear || (*threads_[linear].here)[access.thread] >= access.clock;
    }
    // an access of an earlier launch, or none at all
    bool is_over(const Access& access) const { return access.block < first_; }

    uint32_t block() const { return block_; }
    uint32_t first_block() const { return first_; }
    Thread& thread(unsigned linear) { return threads_[linear]; }
    const Thread& thread(unsigned linear) const { return threads_[linear]; }

private:
    bool is_known(const Access& of_another_block, unsigned linear) const;
    Snapshot with_own(unsigned thread);

    uint32_t first_ = 1, block_ = 0;
    std::vector<Thread> threads_;
    std::unordered_map<uintptr_t, std::shared_ptr<const Known>> published_;
};

}  // namespace grade::check
