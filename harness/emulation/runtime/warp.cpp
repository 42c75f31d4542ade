// Warps: lanes meet, each with a word, and each takes what the meeting makes of all of them.

#include "state.h"

#include <algorithm>

namespace grade {

struct Lane {
    uint64_t give, take;
    int from;
};
static Lane lanes[MAX_THREADS];

/** Lanes that wait for each other: the same intrinsic with the same mask. */
struct Meeting {
    Meet kind;
    unsigned mask, arrived;
};
struct Warp {
    unsigned present;  // lanes that exist and have not ended
    unsigned open;
    Meeting meetings[32];
};
static Warp warps[MAX_WARPS];
static unsigned warp_count;

void begin_warps(unsigned threads) {
    warp_count = (threads + 31) / 32;
    for (unsigned w = 0; w < warp_count; w++) {
        const unsigned count = threads - w * 32;
        warps[w].present = count >= 32 ? ~0u : (1u << count) - 1;
        warps[w].open = 0;
    }
}

template <class Each> static void for_lanes(unsigned mask, Each each) {
    for (; mask; mask &= mask - 1) each((unsigned)__builtin_ctz(mask));
}

// ---- what a meeting makes -----------------------------------------------------------------------

static void shuffle(Lane* lanes, const Meeting& meeting, unsigned base) {
    for_lanes(meeting.arrived, [&](unsigned lane) {
        const unsigned from = (unsigned)lanes[lane].from;
        if (meeting.arrived >> from & 1) {
            lanes[lane].take = lanes[from].give;
            return;
        }
        // a lane that the mask names has to be there. What others leave behind is nobody's word
        // on a card: here it is no number, so that it does no harm where it is thrown away.
        if (meeting.mask >> from & 1)
            find(GRADE_DIVERGENCE, waiting[base + lane].ip,
                 "thread %s shuffles in line %d with mask 0x%08x and reads lane %u, which is not there",
                 place_of(index_of(base + lane)).text, waiting[base + lane].line, meeting.mask, from);
        lanes[lane].take = ~(uint64_t)0;
    });
}

static uint64_t reduced(Meet kind, uint64_t a, uint64_t b) {
    switch (kind) {
        case Meet::ADD: return a + b;
        case Meet::MIN: return (uint64_t)std::min((int64_t)a, (int64_t)b);
        case Meet::MAX: return (uint64_t)std::max((int64_t)a, (int64_t)b);
        case Meet::UMIN: return std::min(a, b);
        case Meet::UMAX: return std::max(a, b);
        case Meet::AND: return a & b;
        case Meet::OR: return a | b;
        default: return a ^ b;
    }
}

static void conclude(Lane* lanes, const Meeting& meeting, unsigned base) {
    const unsigned here = meeting.arrived, first = (unsigned)__builtin_ctz(here);
    unsigned voted = 0, same = 0;
    uint64_t sum = lanes[first].give;
    switch (meeting.kind) {
        case Meet::SYNC: return;
        case Meet::SHUFFLE: case Meet::SHUFFLE_UP: case Meet::SHUFFLE_DOWN: case Meet::SHUFFLE_XOR:
            return shuffle(lanes, meeting, base);
        case Meet::MATCH_ANY:
            return for_lanes(here, [&](unsigned lane) {
                lanes[lane].take = 0;
                for_lanes(here, [&](unsigned other) {
                    if (lanes[other].give == lanes[lane].give) lanes[lane].take |= 1u << other;
                });
            });
        case Meet::BALLOT: case Meet::ANY: case Meet::ALL: case Meet::MATCH_ALL:
            for_lanes(here, [&](unsigned lane) {
                voted |= (unsigned)(lanes[lane].give != 0) << lane;
                same |= (unsigned)(lanes[lane].give == sum) << lane;
            });
            if (meeting.kind == Meet::BALLOT) sum = voted;
            if (meeting.kind == Meet::ANY) sum = voted != 0;
            if (meeting.kind == Meet::ALL) sum = voted == here;
            if (meeting.kind == Meet::MATCH_ALL) sum = same == here ? here : 0;
            break;
        default:
            for_lanes(here & (here - 1), [&](unsigned lane) {
                sum = reduced(meeting.kind, sum, lanes[lane].give);
            });
    }
    for_lanes(here, [&](unsigned lane) { lanes[lane].take = sum; });
}

// ---- meeting ------------------------------------------------------------------------------------

/** Everybody is here whom the mask names and who has not ended. */
static bool is_complete(const Warp& warp, const Meeting& meeting) {
    return (meeting.mask & warp.present & ~meeting.arrived) == 0;
}

static void close(Warp& warp, unsigned at) {
    const unsigned base = (unsigned)(&warp - warps) * 32;
    const Meeting meeting = warp.meetings[at];
    warp.meetings[at] = warp.meetings[--warp.open];
    conclude(lanes + base, meeting, base);
    unsigned threads[32], met = 0;
    for_lanes(meeting.arrived, [&](unsigned lane) {
        threads[met++] = base + lane;
        if (state[base + lane] != State::IN_WARP) return;  // the last one never waited
        state[base + lane] = State::READY;
        ready++;
    });
    if (grade_is_checked()) grade_check_barrier(threads, met);
}

uint64_t meet(Meet kind, unsigned mask, uint64_t give, int from, int line) {
    const unsigned own = loop.current, bit = 1u << own % 32;
    keep_books();
    Warp& warp = warps[own / 32];
    waiting[own] = {line, (const char*)__builtin_return_address(0) - 1};
    lanes[own].give = give;
    lanes[own].from = from;
    if (!(mask & bit))
        find(GRADE_DIVERGENCE, waiting[own].ip,
             "thread %s is not in the mask 0x%08x that it gives in line %d",
             place_of(threadIdx).text, mask, line);
    unsigned at = 0;
    while (at < warp.open && (warp.meetings[at].kind != kind || warp.meetings[at].mask != mask)) at++;
    if (at == warp.open) warp.meetings[warp.open++] = {kind, mask, 0};
    warp.meetings[at].arrived |= bit;
    if (is_complete(warp, warp.meetings[at])) {
        close(warp, at);
    } else {
        state[own] = State::IN_WARP;
        wait();
    }
    return lanes[own].take;
}

void leave_warp(unsigned thread) {
    Warp& warp = warps[thread / 32];
    warp.present &= ~(1u << thread % 32);
    for (unsigned at = 0; at < warp.open;)
        if (is_complete(warp, warp.meetings[at])) close(warp, at);
        else at++;
}

// ---- who else is here ---------------------------------------------------------------------------

unsigned active_lanes(int line) {
    const unsigned own = loop.current;
    keep_books();
    waiting[own] = {line, (const char*)__builtin_return_address(0) - 1};
    state[own] = State::LOOKING;
    wait();
    return (unsigned)lanes[own].take;
}

/** Of each warp those at the first line: the others may be joined by them, as after an `if`. */
bool look_around() {
    bool found = false;
    for (unsigned w = 0; w < warp_count; w++) {
        unsigned together = 0;
        int first = 0;
        for_lanes(warps[w].present, [&](unsigned lane) {
            const unsigned thread = w * 32 + lane;
            if (state[thread] != State::LOOKING) return;
            if (!together || waiting[thread].line < first) {
                together = 0;
                first = waiting[thread].line;
            }
            if (waiting[thread].line == first) together |= 1u << lane;
        });
        for_lanes(together, [&](unsigned lane) {
            lanes[w * 32 + lane].take = together;
            state[w * 32 + lane] = State::READY;
            ready++;
        });
        found |= together != 0;
    }
    return found;
}

}  // namespace grade
