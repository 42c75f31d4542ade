#include "order.h"

#include <algorithm>

namespace grade::check {

namespace {

bool includes(const std::vector<uint32_t>& big, const std::vector<uint32_t>& small) {
    for (size_t i = 0; i < small.size(); i++)
        if (small[i] > big[i]) return false;
    return true;
}

void raise(std::vector<uint32_t>& to, const std::vector<uint32_t>& by) {
    for (size_t i = 0; i < by.size(); i++) to[i] = std::max(to[i], by[i]);
}

Snapshot joined(const Snapshot& a, const Snapshot& b) {
    if (a == b || includes(*a, *b)) return a;
    if (includes(*b, *a)) return b;
    auto both = std::make_shared<std::vector<uint32_t>>(*a);
    raise(*both, *b);
    return both;
}

void learn_of(Known& known, uint32_t block, const Snapshot& snapshot) {
    auto place = std::lower_bound(known.begin(), known.end(), block,
                                  [](const auto& entry, uint32_t number) { return entry.first < number; });
    if (place != known.end() && place->first == block) place->second = joined(place->second, snapshot);
    else known.insert(place, {block, snapshot});
}

const Snapshot* found_in(const std::shared_ptr<const Known>& known, uint32_t block) {
    if (!known) return nullptr;
    auto place = std::lower_bound(known->begin(), known->end(), block,
                                  [](const auto& entry, uint32_t number) { return entry.first < number; });
    return place != known->end() && place->first == block ? &place->second : nullptr;
}

std::shared_ptr<const Known> joined(const std::shared_ptr<const Known>& a, const std::shared_ptr<const Known>& b) {
    if (!b || a == b) return a;
    if (!a) return b;
    auto both = std::make_shared<Known>(*a);
    for (const auto& [block, snapshot] : *b) learn_of(*both, block, snapshot);
    return both;
}

}  // namespace

void Order::begin_launch() {
    first_ = block_ + 1;  // launches of one stream are ordered: all that came before is over
    published_.clear();
}

void Order::begin_block(unsigned threads) {
    block_++;
    auto nothing = std::make_shared<const std::vector<uint32_t>>(threads, 0);
    threads_.assign(threads, Thread{});
    for (Thread& thread : threads_) thread.here = nothing;
}

Snapshot Order::with_own(unsigned linear) {
    auto snapshot = std::make_shared<std::vector<uint32_t>>(*threads_[linear].here);
    (*snapshot)[linear] = threads_[linear].clock;
    return snapshot;
}

void Order::meet(const unsigned* threads, unsigned count) {
    if (count == 0) return;
    const Snapshot first = threads_[threads[0]].here;
    auto all = std::make_shared<std::vector<uint32_t>>(*first);
    auto others = threads_[threads[0]].others;
    const Snapshot* last = &first;
    for (unsigned i = 0; i < count; i++) {
        const Thread& thread = threads_[threads[i]];
        if (thread.here != *last) raise(*all, *thread.here);  // those who met before share one
        last = &thread.here;
        others = joined(others, thread.others);
    }
    for (unsigned i = 0; i < count; i++) (*all)[threads[i]] = threads_[threads[i]].clock;
    const Snapshot shared = std::move(all);
    for (unsigned i = 0; i < count; i++) {
        Thread& thread = threads_[threads[i]];
        thread.here = shared;
        thread.others = others;
        thread.clock++;
    }
}

void Order::fence(unsigned linear) {
    Thread& thread = threads_[linear];
    thread.fenced_here = with_own(linear);
    thread.fenced_others = thread.others;
    thread.has_fenced = true;
    thread.clock++;
}

void Order::publish(unsigned linear, const void* address, bool releases) {
    Thread& thread = threads_[linear];
    if (releases) fence(linear);
    if (!thread.fenced_here) return;
    auto& told = published_[(uintptr_t)address];
    auto more = told ? std::make_shared<Known>(*told) : std::make_shared<Known>();
    learn_of(*more, block_, thread.fenced_here);
    told = joined(std::shared_ptr<const Known>(std::move(more)), thread.fenced_others);
}

void Order::learn(unsigned linear, const void* address) {
    if (published_.empty()) return;
    const auto told = published_.find((uintptr_t)address);
    if (told == published_.end()) return;
    Thread& thread = threads_[linear];
    if (const Snapshot* here = found_in(told->second, block_)) thread.here = joined(thread.here, *here);
    thread.others = joined(thread.others, told->second);
}

bool Order::is_known(const Access& access, unsigned linear) const {
    const Snapshot* there = found_in(threads_[linear].others, access.block);
    return there && (**there)[access.thread] >= access.clock;
}

}  // namespace grade::check
