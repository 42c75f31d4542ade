// One block: its threads take turns. A thread runs until it waits; a fiber that is done with one
// thread goes on with the next that has not begun, so who never waits is a call in a loop.

#include "state.h"

#include <cstring>

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace grade {

unsigned current;
State state[MAX_THREADS];
Waiting waiting[MAX_THREADS];
unsigned ready;
uint16_t patience;

static uint3 indices[MAX_THREADS];
static Fiber* fibers[MAX_THREADS];
static uint16_t order[MAX_THREADS];
static unsigned count, live, turn;

// ---- whose turn it is ---------------------------------------------------------------------------

void index_threads(dim3 block) {
    count = block.x * block.y * block.z;
    unsigned i = 0;
    for (unsigned z = 0; z < block.z; z++)
        for (unsigned y = 0; y < block.y; y++)
            for (unsigned x = 0; x < block.x; x++) indices[i++] = {x, y, z};
    for (i = 0; i < count; i++) order[i] = (uint16_t)(schedule == REVERSE ? count - 1 - i : i);
}

/** A new round: after each barrier, in another order if there is chance. */
static void begin_round() {
    turn = 0;
    if (schedule != RANDOM) return;
    for (unsigned i = count; i > 1; i--) {
        const unsigned j = draw_below(i);
        const uint16_t moved = order[i - 1];
        order[i - 1] = order[j];
        order[j] = moved;
    }
}

static struct {
    unsigned arrived;
    int line;
    unsigned first;  // who came first, and with whom others are compared
    Votes votes, result;
} gate;

[[noreturn]] static void diverge(unsigned one, unsigned other) {
    static const char* const does[] = {"has not begun", "may go on", "runs", "waits at __syncthreads",
                                       "waits for lanes of its warp", "looks who is there", "has ended"};
    find(GRADE_DIVERGENCE, waiting[one].ip,
         "thread %s %s in line %d, and thread %s %s in line %d; neither can go on",
         place_of(indices[one]).text, does[(int)state[one]], waiting[one].line,
         place_of(indices[other]).text, does[(int)state[other]], waiting[other].line);
}

/** Nobody can go on: two that wait for different things are named. */
[[noreturn]] static void deadlock() {
    unsigned one = count, other = count;
    for (unsigned i = 0; i < count; i++) {
        if (state[i] == State::DONE) continue;
        if (one == count) one = i;
        else if (state[i] != state[one] || waiting[i].line != waiting[one].line) { other = i; break; }
    }
    diverge(one, other < count ? other : one);
}

static unsigned next() {
    for (;;) {
        while (turn < count) {
            const unsigned thread = order[turn++];
            if (state[thread] <= State::READY) return thread;
        }
        if (!ready && !look_around()) deadlock();
        begin_round();
    }
}

static void fiber_begins() { now.threads(now.body); }

/** The thread is the current one; false if it goes on elsewhere than where this was called. */
static bool make_current(unsigned thread) {
    const bool is_fresh = state[thread] == State::FRESH;
    state[thread] = State::RUNS;
    ready--;
    current = thread;
    threadIdx = indices[thread];
    patience = 0;
    if (grade_is_checked()) grade_check_thread(thread);
    return is_fresh;
}

void wait() {
    const unsigned own = current;
    const unsigned thread = next();
    if (make_current(thread)) fibers[thread] = take_fiber(fiber_begins);
    if (thread != own) switch_fiber(fibers[own], fibers[thread]);
}

static void open_gate();

bool next_thread() {
    const unsigned own = current;
    state[own] = State::DONE;
    leave_warp(own);
    live--;
    // who has ended is not waited for, as on cards since sm_70: `if (i >= n) return;` before a
    // barrier is common, and works there
    if (gate.arrived && gate.arrived == live) open_gate();
    if (!live) {
        give_fiber(fibers[own]);
        switch_fiber(fibers[own], this_stack());
    }
    const unsigned thread = next();
    if (make_current(thread)) {
        fibers[thread] = fibers[own];
        return true;
    }
    give_fiber(fibers[own]);
    switch_fiber(fibers[own], fibers[thread]);
    return false;
}

// ---- the block's barrier ------------------------------------------------------------------------

static void open_gate() {
    if (grade_is_checked()) {
        unsigned threads[MAX_THREADS], met = 0;
        for (unsigned i = 0; i < count; i++)
            if (state[i] == State::AT_BARRIER) threads[met++] = i;
        grade_check_barrier(threads, met);
    }
    if (live == count) memset(state, (int)State::READY, count);
    else
        for (unsigned i = 0; i < count; i++)
            if (state[i] == State::AT_BARRIER) state[i] = State::READY;
    ready += gate.arrived;
    gate.result = gate.votes;
    gate.arrived = 0;
    begin_round();
}

Votes barrier(int line, bool vote) {
    const unsigned own = current;
    state[own] = State::AT_BARRIER;
    waiting[own] = {line, (const char*)__builtin_return_address(0) - 1};
    if (!gate.arrived) {
        gate.first = own;
        gate.line = line;
        gate.votes = {0, 1, 0};
    } else if (line != gate.line) {
        // cards count arrivals and do not ask where; the language does: all or none come by it
        diverge(gate.first, own);
    }
    gate.votes.count += vote;
    gate.votes.all &= vote;
    gate.votes.any |= vote;
    if (++gate.arrived == live) open_gate();
    wait();
    return gate.result;
}

void pause() {
    patience = 0;
    if (!now.runs || !ready) return;
    state[current] = State::READY;
    ready++;
    wait();
}

unsigned thread_in_block() { return current; }
unsigned lane() { return current % 32; }

void run_block(unsigned threads) {
    memset(state, (int)State::FRESH, threads);
    live = ready = threads;
    gate = {};
    begin_warps(threads);
    begin_round();
    const unsigned thread = next();
    make_current(thread);
    fibers[thread] = take_fiber(fiber_begins);
    switch_fiber(this_stack(), fibers[thread]);
}

}  // namespace grade
