// Small kernels for the checker alone: this program stands in for the runtime. It runs the threads of a block
// one after another up to the next barrier, and tells the checker of each step. One scenario a run, by name.

#include "../../harness/emulation/runtime/hooks.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

extern "C" [[noreturn]] void grade_emulation_found(uint32_t why, const char* words, const void*) {
    printf("%u %s\n", why, words);
    fflush(stdout);
    _Exit(0);
}

#include "pieces.h"

namespace {

constexpr unsigned THREADS = 64;
char* const arena = (char*)aligned_alloc(64, 4096);
float* const s = (float*)arena;

using Step = std::function<void(unsigned thread)>;

void all(const Step& step) {
    for (unsigned t = 0; t < THREADS; t++) grade_check_thread(t), step(t);
}
void alone(unsigned thread, const std::function<void()>& step) {
    grade_check_thread(thread);
    step();
}
void meet(unsigned first = 0, unsigned count = THREADS) {
    std::vector<unsigned> threads;
    for (unsigned t = first; t < first + count; t++) threads.push_back(t);
    grade_check_barrier(threads.data(), count);
}
void block(unsigned index, const std::function<void()>& steps) {
    grade_check_block({index, 0, 0}, index, arena, 4096);
    grade_check_shared(arena, 64 * sizeof(float), "s");
    grade_check_shared(arena + 1024, 1024, "big");
    steps();
    grade_check_block_ends();
}
void launch(const std::function<void()>& blocks, const char* name = "kernel") {
    grade_check_launch(name, {4, 1, 1}, {THREADS, 1, 1}, 0);
    blocks();
    grade_check_launch_ends();
}
void one_block(const std::function<void()>& steps) {
    launch([&] { block(0, steps); });
}
void atomic_add() {  // as the runtime does it
    grade_check_atomic(&counter, sizeof counter, __builtin_return_address(0));
    counter++;
}

// the last block to arrive sums what the others left
void last_block(bool fences, bool counts_by_atomic) {
    launch([&] {
        for (unsigned b = 0; b < 4; b++)
            block(b, [&] {
                all([&](unsigned t) { put(&s[t], 1); });
                meet();
                alone(0, [&] {
                    put(&y[b], get(&s[63]));
                    if (fences) grade_check_fence();
                    if (counts_by_atomic) atomic_add();
                    else count();
                });
                meet();
                if (b == 3) alone(5, [&] { for (unsigned i = 0; i < 4; i++) get(&y[i]); });
            });
    });
}

void one_warp_reads(unsigned writer) {
    one_block([&] {
        alone(writer, [&] { put(&s[0], 1); });
        meet();
        all([](unsigned t) { if (t < 32) get(&s[0]); });
        meet(0, 32);
        alone(40, [] { get(&s[0]); });
        meet(0, 32);
        alone(3, [] { put(&s[0], 2); });
    });
}

const std::map<std::string, std::function<void()>> SCENARIOS = {
    {"barrier", [] { one_block([] { all([](unsigned t) { put(&s[t], 1); }); meet(); all([](unsigned t) { get(&s[63 - t]); }); }); }},
    {"no barrier", [] { one_block([] { all([](unsigned t) { put(&s[t], 1); }); alone(0, [] { get(&s[63]); }); }); }},
    {"read first", [] { one_block([] { alone(0, [] { get(&s[63]); }); alone(63, [] { put(&s[63], 1); }); }); }},
    {"write after read", [] { one_block([] {
        all([](unsigned t) { put(&s[t], 1); }); meet();
        alone(40, [] { get(&s[3]); }); alone(3, [] { get(&s[3]); }); alone(3, [] { put(&s[3], 2); }); }); }},
    {"third reader", [] { one_warp_reads(0); }},
    {"warp collective", [] { one_block([] { all([](unsigned t) { put(&s[t], 1); }); meet(0, 32); meet(32, 32); all([](unsigned t) { get(&s[t ^ 1]); }); }); }},
    {"other warp", [] { one_block([] { all([](unsigned t) { put(&s[t], 1); }); meet(0, 32); meet(32, 32); all([](unsigned t) { get(&s[t ^ 32]); }); }); }},
    {"tile chain", [] { one_block([] { alone(0, [] { put(&s[0], 1); }); meet(0, 4); meet(3, 4); alone(6, [] { get(&s[0]); }); }); }},
    {"tile too small", [] { one_block([] { alone(0, [] { put(&s[0], 1); }); meet(0, 4); meet(4, 4); alone(6, [] { get(&s[0]); }); }); }},
    {"volatile lanes", [] { one_block([] {
        all([](unsigned t) { put(&s[t], 1); }); meet();
        all([](unsigned t) { if (t < 16) put_volatile(&s[t], get_volatile(&s[t]) + get_volatile(&s[t + 16])); });
        all([](unsigned t) { if (t < 8) put_volatile(&s[t], get_volatile(&s[t]) + get_volatile(&s[t + 8])); }); }); }},
    {"same value", [] { one_block([] { all([](unsigned) { put(&y[0], 3); }); }); }},
    {"same value, then read", [] { one_block([] { all([](unsigned) { put(&y[0], 3); }); alone(1, [] { get(&y[0]); }); }); }},
    {"other value", [] { one_block([] { all([](unsigned t) { put(&y[0], (float)t); }); }); }},
    {"last value", [] { one_block([] { alone(0, [] { put(&y[0], 1); }); alone(1, [] { put(&y[0], 2); }); }); }},
    {"blocks add", [] { launch([] { for (unsigned b : {0u, 1u}) block(b, [] { alone(0, [] { put(&y[0], get(&y[0]) + 1); }); }); }); }},
    {"launches add", [] { for (int i = 0; i < 2; i++) one_block([] { alone(0, [] { put(&y[0], get(&y[0]) + 1); }); }); }},
    {"atomics", [] { launch([] { for (unsigned b : {0u, 1u}) block(b, [] { all([](unsigned) { atomic_add(); }); }); }); }},
    {"atomic and store", [] { one_block([] { alone(0, [] { clear(); }); alone(1, [] { atomic_add(); }); }); }},
    {"first atomic and load", [] { launch([] {
        block(0, [] { alone(0, [] { atomic_add(); }); });
        block(1, [] { alone(0, [] { atomic_add(); get((float*)&counter); }); }); }); }},
    {"last block", [] { last_block(true, true); }},
    {"last block, no fence", [] { last_block(false, true); }},
    {"last block, plain counter", [] { last_block(true, false); }},
    {"flag", [] { launch([] {
        block(0, [] { alone(0, [] { put(&y[0], 1); grade_check_fence(); raise_flag(); }); });
        block(1, [] { alone(0, [] { if (see_flag()) get(&y[0]); }); }); }); }},
    {"flag, no fence", [] { launch([] {
        block(0, [] { alone(0, [] { put(&y[0], 1); raise_flag(); }); });
        block(1, [] { alone(0, [] { if (see_flag()) get(&y[0]); }); }); }); }},
    {"builtin atomics", [] { one_block([] {
        alone(0, [] { put(&y[0], 1); count_and_release(); });
        alone(9, [] { if (see_count()) get(&y[0]); }); }); }},
    {"relaxed atomics", [] { one_block([] {
        alone(0, [] { put(&y[0], 1); count_relaxed(); });
        alone(9, [] { if (see_count()) get(&y[0]); }); }); }},
    {"unwritten", [] { one_block([] { all([](unsigned t) { if (t) put(&s[t], 1); }); meet(); all([](unsigned t) { get(&s[t]); }); }); }},
    {"written by another block", [] { launch([] {
        block(0, [] { all([](unsigned t) { put(&s[t], 1); }); });
        block(1, [] { alone(0, [] { get(&s[0]); }); }); }); }},
    {"bytes", [] { one_block([] { all([](unsigned t) { put_byte(&bytes[t]); }); }); }},
    {"bytes and words", [] { one_block([] { alone(0, [] { put((float*)bytes, 1); }); alone(1, [] { put_byte(&bytes[3]); }); }); }},
    {"behind the end", [] { one_block([] { alone(7, [] { get(&x[128]); }); }); }},
    {"before the start", [] { one_block([] { alone(7, [] { put(&y[0] - 1, 1); }); }); }},
    {"misaligned", [] { one_block([] { alone(7, [] { get((float*)((char*)x + 510)); }); }); }},
    {"shared, behind the end", [] { one_block([] { alone(7, [] { put(&s[64], 1); }); }); }},
    {"shared, before the start", [] { one_block([] { alone(7, [] { get((float*)(arena + 1020)); }); }); }},
    {"input", [] { one_block([] { alone(7, [] { put(&x[5], 1); }); }); }},
    {"wild", [] { one_block([] { alone(7, [] { put((float*)0x10, 1); }); }); }},
    {"heap", [] { auto* heap = (float*)malloc(64); one_block([&] { alone(7, [&] { put(heap, 1); }); }); free(heap); }},
    {"stack", [] { one_block([] { all([](unsigned t) { float mine[4]; put(&mine[t & 3], 1); get(&mine[t & 3]); }); }); }},
    {"copy", [] { one_block([] { alone(0, [] { copy_big(&y[0], &x[120]); }); }); }},
    {"memcpy", [] { one_block([] { alone(0, [] { copy_bytes(&y[0], &x[0], 1000); }); }); }},
    {"memset", [] { one_block([] { alone(0, [] { clear_bytes(&y[0], 64); }); alone(1, [] { get(&y[15]); }); }); }},
    {"taken back", [] { one_block([] { get(&x[0]); }); grade_check_free(x); one_block([] { alone(0, [] { get((float*)(uintptr_t)&x[0]); }); }); }},
};

}  // namespace

int main(int, char** arguments) {
    // the buffers are larger than what is lent of them, so a wrong access is told and does no harm
    auto* lent = (float*)calloc(1, 4096);
    grade_check_alloc(lent, 16, "other", 1);
    grade_check_alloc(x, 128 * sizeof(float), "x", 0);
    grade_check_alloc(y, 128 * sizeof(float), "y", 1);
    const auto scenario = SCENARIOS.find(arguments[1]);
    if (scenario == SCENARIOS.end()) return 2;
    scenario->second();
    puts("0");
    return 0;
}
