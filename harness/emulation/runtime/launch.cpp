// A launch: the limits of the card that is played, the order of blocks, and shared memory.

#include "state.h"

#include "grade/host.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <numeric>
#include <unordered_map>

// what a launch asks for comes first, then the declarations that its threads come by; before them
// lies a page that is nobody's, for who reads at index -1
static constexpr size_t ARENA_BYTES = (227 + 48 + 64) << 10;
extern "C" { alignas(4096) unsigned char grade_arena[4096 + ARENA_BYTES]; }
asm(".globl grade_dynamic_memory\n.hidden grade_dynamic_memory\n"
    ".set grade_dynamic_memory, grade_arena + 4096");

namespace grade {

Launch now;
Schedule schedule = FORWARD;
uint64_t block_serial = 0;

static uint64_t chance = 1;
static size_t static_end, declared, may_share;
static std::mutex alone;  // one launch at a time, whichever of the host's threads makes it
static std::unordered_map<Kernel, size_t>& allowed() {
    static std::unordered_map<Kernel, size_t> kernels;
    return kernels;
}

struct Asked {
    enum { NOTHING, LAUNCH, FAILED, IDENTITY } what = NOTHING;
    dim3 grid, block;
    size_t dynamic_shared = 0;
    const void* ip = nullptr;
    Kernel kernel = nullptr;
};
static thread_local Asked asked;
static thread_local bool is_inside = false;  // of a launch, this one of the host's threads

// ---- chance -------------------------------------------------------------------------------------

uint64_t draw() {  // splitmix64
    uint64_t word = chance += 0x9e3779b97f4a7c15u;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

unsigned draw_below(unsigned n) { return (unsigned)((draw() >> 32) * n >> 32); }

/** Blocks in order, backwards, or by a random step: every one comes once. */
struct Order {
    uint64_t count, begin = 0, step = 1;

    explicit Order(uint64_t count) : count(count) {
        if (schedule == REVERSE) begin = step = count - 1;
        if (schedule != RANDOM || count < 2) return;
        begin = draw() % count;
        do step = draw() % count; while (std::gcd(step, count) != 1);
    }
    uint64_t at(uint64_t turn) const {
        return (uint64_t)((begin + (unsigned __int128)turn * step) % count);
    }
};

// ---- shared memory ------------------------------------------------------------------------------

void claim(Slot& slot, size_t bytes, size_t alignment, const char* name) {
    if (slot.launch != now.serial || !slot.at) {
        if (!now.runs) unsupported("shared memory outside of a kernel");
        const size_t mask = (alignment < 16 ? 16 : alignment) - 1;
        const size_t start = (static_end + mask) & ~mask;
        declared = ((declared + mask) & ~mask) + bytes;  // as on a card: without our gaps
        const size_t most = std::min(STATIC_SHARED, may_share - now.dynamic_shared);
        if (declared > most || start + bytes > ARENA_BYTES)
            find(GRADE_LAUNCH, __builtin_return_address(0),
                 "`__shared__ %s` and what was declared before it take %zu bytes; %zu are left of what"
                 " a block may have", name, declared, most);
        slot.at = grade_dynamic_memory + start;
        slot.launch = now.serial;
        static_end = start + bytes + SHARED_GAP;
    }
    slot.block = block_serial;
    memset(slot.at, POISON, bytes);
    if (grade_check_shared) grade_check_shared(slot.at, bytes, name);
}

// ---- launching ----------------------------------------------------------------------------------

static const char* beyond(dim3 grid, dim3 block) {
    if (!grid.x || !grid.y || !grid.z) return "a grid has a block at least in each dimension";
    if (!block.x || !block.y || !block.z) return "a block has a thread at least in each dimension";
    if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535)
        return "a grid has at most 2147483647 x 65535 x 65535 blocks";
    if (block.x > 1024 || block.y > 1024 || block.z > 64)
        return "a block has at most 1024 x 1024 x 64 threads";
    if ((uint64_t)block.x * block.y * block.z > MAX_THREADS) return "a block has at most 1024 threads";
    return nullptr;
}

void launch_failed(cudaError_t error, const void* ip, const char* kernel, dim3 grid, dim3 block,
                   size_t dynamic_shared, const char* why);

void configure(dim3 grid, dim3 block, size_t dynamic_shared, cudaStream_t) {
    if (is_inside) unsupported("a launch inside of a kernel (dynamic parallelism)");
    if (asked.what == Asked::LAUNCH) unsupported("a launch of what was not recognised as a kernel");
    asked = {Asked::LAUNCH, grid, block, dynamic_shared,
             (const char*)__builtin_return_address(0) - 1, nullptr};
}

static void run_blocks() {
    const dim3 grid = now.grid;
    const uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
    const Order order(blocks);
    for (uint64_t turn = 0; turn < blocks; turn++) {
        const uint64_t linear = order.at(turn);
        blockIdx = {(unsigned)(linear % grid.x), (unsigned)(linear / grid.x % grid.y),
                    (unsigned)(linear / grid.x / grid.y)};
        block_serial++;
        if (now.dynamic_shared) memset(grade_dynamic_memory, POISON, now.dynamic_shared);
        if (grade_is_checked())
            grade_check_block({blockIdx.x, blockIdx.y, blockIdx.z}, (unsigned)linear,
                              grade_arena, sizeof grade_arena);
        if (now.dynamic_shared && grade_check_shared)
            grade_check_shared(grade_dynamic_memory, now.dynamic_shared, "extern __shared__");
        run_block();
        if (grade_is_checked()) grade_check_block_ends();
    }
}

void launch(const char* kernel, void (*threads)(void*), void* body) {
    const Asked what = asked;
    asked.what = Asked::NOTHING;
    if (what.what == Asked::IDENTITY) {
        asked.kernel = threads;
        return;
    }
    if (what.what == Asked::NOTHING)
        grade_emulation_found(GRADE_LAUNCH, "a kernel was called without a launch",
                              __builtin_return_address(0));
    const std::lock_guard<std::mutex> locked(alone);
    const char* why = beyond(what.grid, what.block);
    const auto most = allowed().find(threads);
    const size_t may = most == allowed().end() ? STATIC_SHARED : most->second;
    if (!why && what.dynamic_shared > may)
        why = what.dynamic_shared > MOST_SHARED
                  ? "a block has at most 232448 bytes of shared memory"
                  : "more than 49152 bytes are asked for by cudaFuncSetAttribute first";
    if (why)
        return launch_failed(cudaErrorInvalidConfiguration, what.ip, kernel, what.grid, what.block,
                             what.dynamic_shared, why);
    const uint64_t serial = now.serial + 1;
    now = {kernel, threads, body, what.grid, what.block, what.dynamic_shared, serial, true};
    gridDim = what.grid;
    blockDim = what.block;
    may_share = may;
    declared = 0;
    static_end = (what.dynamic_shared + 2 * SHARED_GAP - 1) & ~(SHARED_GAP - 1);
    index_threads(what.block);
    if (grade_is_checked())
        grade_check_launch(kernel, {gridDim.x, gridDim.y, gridDim.z},
                           {blockDim.x, blockDim.y, blockDim.z}, what.dynamic_shared);
    is_inside = true;
    run_blocks();
    is_inside = false;
    if (grade_is_checked()) grade_check_launch_ends();
    now.runs = false;
}

bool in_kernel() { return now.runs; }

void fence() {
    if (grade_check_fence) grade_check_fence();
    if (++patience == 0) pause();
}

Kernel identity(void (*ask)(void*), void* what) {
    asked = {};
    asked.what = Asked::IDENTITY;
    ask(what);
    const Kernel kernel = asked.kernel;
    asked = {};
    return kernel;
}

cudaError_t allow_shared(Kernel kernel, int bytes) {
    if (!kernel || bytes < 0 || (size_t)bytes > MOST_SHARED) return failed(cudaErrorInvalidValue);
    allowed()[kernel] = (size_t)bytes > STATIC_SHARED ? (size_t)bytes : STATIC_SHARED;
    return cudaSuccess;
}

int blocks_per_multiprocessor(int threads, size_t dynamic_shared) {
    if (threads < 1 || threads > (int)MAX_THREADS || dynamic_shared > MOST_SHARED) return 0;
    const int by_threads = 2048 / ((threads + 31) / 32 * 32);
    const int by_shared = (int)((228 << 10) / (dynamic_shared + 1024));
    return std::min({32, by_threads, by_shared});
}

}  // namespace grade

extern "C" {

__attribute__((visibility("default"))) void grade_emulation_begin(uint32_t order, uint64_t seed) {
    grade::schedule = (grade::Schedule)order;
    grade::chance = seed;
}

}
