// What the parts of the runtime share: the launch, the block, its threads.
#pragma once

#include "grade/device.h"
#include "fiber.h"
#include "hooks.h"

#pragma GCC visibility push(hidden)

namespace grade {

constexpr unsigned MAX_THREADS = 1024, MAX_WARPS = MAX_THREADS / 32;
constexpr size_t STATIC_SHARED = 48 << 10, MOST_SHARED = 227 << 10, SHARED_GAP = 64;
constexpr int POISON = 0xff;  // no number in any format, and -1 as an index

struct Launch {
    const char* kernel = "";
    void (*threads)(void*) = nullptr;
    void* body = nullptr;
    dim3 grid, block;
    size_t dynamic_shared = 0;
    uint64_t serial = 0;
    bool runs = false;
};
extern Launch now;

// from launch.cpp
enum Schedule : uint32_t { FORWARD = 0, REVERSE = 1, RANDOM = 2 };
extern Schedule schedule;
uint64_t draw();                 // a number of the schedule's own
unsigned draw_below(unsigned n);

// from block.cpp
void run_block();
void keep_books();               // before anything here is asked or changed
void index_threads(dim3 block);  // before the first block of a launch

// from warp.cpp
enum class State : uint8_t { FRESH, READY, RUNS, AT_BARRIER, IN_WARP, LOOKING, DONE };
struct Waiting {
    int line;
    const void* ip;  // where it called
};
extern State state[MAX_THREADS];
extern Waiting waiting[MAX_THREADS];
extern unsigned ready;           // threads that have not begun or may go on
void begin_warps(unsigned threads);
void leave_warp(unsigned thread);
bool look_around();              // lets those go on that look who else is there
void wait();                     // another thread goes on; back when this one may

// from words.cpp
uint3 index_of(unsigned thread);
struct Place { char text[48]; };
Place place_of(uint3 index);
// "kernel `k`, block (0,0,0): " and what follows
[[noreturn]] void find(uint32_t why, const void* ip, const char* format, ...)
    __attribute__((format(printf, 3, 4)));

}  // namespace grade

#pragma GCC visibility pop
