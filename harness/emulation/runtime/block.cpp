// One block: its threads take turns. A thread runs until it waits; a fiber that is done with one
// thread goes on with the next that has not begun. Until the first of them waits they are calls in
// a loop (device.h), and nothing here is kept up to date.

#include "state.h"

#include <cstring>
#include <utility>

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace grade {

Loop loop;
State state[MAX_THREADS];
Waiting waiting[MAX_THREADS];
unsigned ready;
uint16_t patience;

static Fiber* fibers[MAX_THREADS];
static Left left[MAX_THREADS], launcher;
static unsigned count, live;
static unsigned first;  // whose fiber the block began on

// ---- whose turn it is ---------------------------------------------------------------------------

void index_threads(dim3 block) {
    count = loop.turns = block.x * block.y * block.z;
    unsigned i = 0;
    for (unsigned z = 0; z < block.z; z++)
        for (unsigned y = 0; y < block.y; y++)
            for (unsigned x = 0; x < block.x; x++) loop.indices[i++] = {x, y, z};
    for (i = 0; i < count; i++)
        loop.order[i] = (uint16_t)(schedule == REVERSE ? count - 1 - i : i);
}

/** A new round: after each barrier, in another order if there is chance. */
static void begin_round() {
    loop.turn = 0;
    if (schedule != RANDOM) return;
    for (unsigned i = count; i > 1; i--) {
        const unsigned j = draw_below(i);
        std::swap(loop.order[i - 1], loop.order[j]);
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
         place_of(loop.indices[one]).text, does[(int)state[one]], waiting[one].line,
         place_of(loop.indices[other]).text, does[(int)state[other]], waiting[other].line);
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
        while (loop.turn < count) {
            const unsigned thread = loop.order[loop.turn++];
            if (state[thread] <= State::READY) return thread;
        }
        if (!ready && !look_around()) deadlock();
        begin_round();
    }
}

static void run_threads() { now.threads(now.body); }

static void begin_fiber(unsigned thread) {
    fibers[thread] = take_fiber();
    left[thread] = begun(fibers[thread], run_threads);
}

/** The thread is the current one; false if it goes on elsewhere than where this was called. */
static bool make_current(unsigned thread) {
    const bool is_fresh = state[thread] == State::FRESH;
    state[thread] = State::RUNS;
    ready--;
    loop.current = thread;
    threadIdx = loop.indices[thread];
    patience = 0;
    if (grade_is_checked()) grade_check_thread(thread);
    return is_fresh;
}

/** From the loop's first `turn` threads, of which all but the last are done, to everybody's state. */
static void begin_books() {
    loop.is_plain = false;
    memset(state, (int)State::FRESH, count);
    begin_warps(count);
    for (unsigned i = 0; i + 1 < loop.turn; i++) {
        state[loop.order[i]] = State::DONE;
        leave_warp(loop.order[i]);
    }
    state[loop.current] = State::RUNS;
    fibers[loop.current] = fibers[first];
    left[loop.current] = left[first];
    live = count - (loop.turn - 1);
    ready = count - loop.turn;
}

void keep_books() {
    if (__builtin_expect(loop.is_plain, false)) begin_books();
}

void wait() {
    const unsigned own = loop.current;
    const unsigned thread = next();
    if (make_current(thread)) begin_fiber(thread);
    if (thread != own) switch_fiber(&left[own], left[thread]);
}

static void open_gate();

bool next_scheduled() {
    const unsigned own = loop.current;
    if (loop.is_plain) {  // the last one, and nobody waited
        give_fiber(fibers[first]);
        switch_fiber(&left[first], launcher);
    }
    state[own] = State::DONE;
    leave_warp(own);
    live--;
    // who has ended is not waited for, as on cards since sm_70: `if (i >= n) return;` before a
    // barrier is common, and works there
    if (gate.arrived && gate.arrived == live) open_gate();
    if (!live) {
        give_fiber(fibers[own]);
        switch_fiber(&left[own], launcher);
    }
    const unsigned thread = next();
    if (make_current(thread)) {
        fibers[thread] = fibers[own];
        left[thread] = left[own];
        return true;
    }
    give_fiber(fibers[own]);
    switch_fiber(&left[own], left[thread]);
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
    const unsigned own = loop.current;
    keep_books();
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
    if (!now.runs) return;
    keep_books();
    if (!ready) return;
    state[loop.current] = State::READY;
    ready++;
    wait();
}

void run_block() {
    gate.arrived = 0;
    begin_round();
    first = loop.order[loop.turn++];
    loop.current = first;
    threadIdx = loop.indices[first];
    patience = 0;
    loop.is_plain = true;
    if (grade_is_checked()) {  // it is told of every thread
        begin_books();
        grade_check_thread(first);
    }
    begin_fiber(first);
    launcher = main_left();
    switch_fiber(&launcher, left[first]);
}

}  // namespace grade
