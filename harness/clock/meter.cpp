// What this machine can do at most: bytes and operations a second, each the best of many short tries.
//
//   meter PLAN FIGURES SECONDS TURN
//
// A line of PLAN is a job: its kind, how many threads, how many bytes each of them goes over. FIGURES
// gets a line for each: the highest rate that all threads together ever had. A job ends when its best
// has not improved for a while, or after SECONDS. TURN says on which cores threads stand: another
// turn, other cores, so that over many turns the best cores have had every job.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <immintrin.h>
#include <memory>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr size_t WIDEST = 64;
#elif defined(__AVX__)
constexpr size_t WIDEST = 32;
#else
constexpr size_t WIDEST = 16;
#endif

template <typename T, size_t BYTES> struct Of { typedef T vector __attribute__((vector_size(BYTES))); };
using Wide = Of<float, WIDEST>::vector;

constexpr size_t UNROLL = 8;
constexpr size_t SEGMENT_BYTES = 1 << 20;  // of each array, in one go
constexpr double TRY_S = 300e-6;           // short enough to slip between two interruptions
constexpr double GAIN = 1.002;             // less is no improvement
constexpr int LEAST_TRIES = 12, PATIENCE = 20;

double now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

[[noreturn]] void fail(const char* what) {
    perror(what);
    exit(3);
}

// ---- bytes: three arrays, of which each kind goes over as many as it needs ----------------------

struct Arrays {
    Wide *to, *from, *other;
};

void store(Wide* to, Wide value) { *to = value; }

void stream(Wide* to, Wide value) {  // past the caches: nothing has to be read first
#if defined(__AVX512F__)
    _mm512_stream_ps((float*)to, (__m512)value);
#elif defined(__AVX__)
    _mm256_stream_ps((float*)to, (__m256)value);
#else
    _mm_stream_ps((float*)to, (__m128)value);
#endif
}

void read(const Arrays& arrays, size_t first, size_t count) {
    for (const Wide *at = arrays.to + first, *end = at + count; at < end; at += UNROLL)
#pragma GCC unroll 8
        for (size_t i = 0; i < UNROLL; i++) asm volatile("" : : "v"(at[i]));
}

template <void (*PUT)(Wide*, Wide)> void write(const Arrays& arrays, size_t first, size_t count) {
    const Wide value = arrays.to[first];
    for (Wide *at = arrays.to + first, *end = at + count; at < end; at += UNROLL)
#pragma GCC unroll 8
        for (size_t i = 0; i < UNROLL; i++) PUT(at + i, value);
}

template <void (*PUT)(Wide*, Wide)> void copy(const Arrays& arrays, size_t first, size_t count) {
    const Wide* from = arrays.from + first;
    for (Wide *at = arrays.to + first, *end = at + count; at < end; at += UNROLL, from += UNROLL)
#pragma GCC unroll 8
        for (size_t i = 0; i < UNROLL; i++) PUT(at + i, from[i]);
}

template <void (*PUT)(Wide*, Wide)> void add(const Arrays& arrays, size_t first, size_t count) {
    const Wide *from = arrays.from + first, *other = arrays.other + first;
    for (Wide *at = arrays.to + first, *end = at + count; at < end; at += UNROLL, from += UNROLL, other += UNROLL)
#pragma GCC unroll 8
        for (size_t i = 0; i < UNROLL; i++) PUT(at + i, from[i] + other[i]);
}

void fill(const Arrays& arrays, size_t first, size_t count) {
    void* to = arrays.to + first;
    size_t bytes = count * sizeof(Wide);
    asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(1) : "memory");
}

void move(const Arrays& arrays, size_t first, size_t count) {
    void *to = arrays.to + first, *from = arrays.from + first;
    size_t bytes = count * sizeof(Wide);
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

struct Mover {
    const char* kind;
    int arrays;
    void (*go)(const Arrays&, size_t first, size_t count);
};
constexpr Mover MOVERS[] = {
    {"read", 1, read},
    {"write", 1, write<store>}, {"write-stream", 1, write<stream>}, {"write-string", 1, fill},
    {"copy", 2, copy<store>}, {"copy-stream", 2, copy<stream>}, {"copy-string", 2, move},
    {"add", 3, add<store>}, {"add-stream", 3, add<stream>},
};

// ---- operations: more independent sums than any processor has in flight -------------------------

constexpr int SUMS = 12;

template <typename T, size_t BYTES> double multiply_add(size_t turns) {
    using Vector = typename Of<T, BYTES>::vector;
    volatile T half = (T)0.5, one = 1;
    const Vector factor = Vector{} + half, term = Vector{} + one;  // every sum goes to 2 and stays
    Vector sums[SUMS] = {};
    for (size_t turn = 0; turn < turns; turn++)
#pragma GCC unroll 12
        for (int i = 0; i < SUMS; i++) {
            sums[i] = sums[i] * factor + term;
            asm volatile("" : "+v"(sums[i]));
        }
    return 2.0 * SUMS * (BYTES / sizeof(T)) * (double)turns;
}

struct Summer {
    const char* kind;
    double (*go)(size_t turns);
};
constexpr size_t NARROWER = WIDEST > 32 ? 32 : WIDEST;  // the widest may run at a lower frequency
constexpr Summer SUMMERS[] = {
    {"float32", multiply_add<float, WIDEST>}, {"float32-narrower", multiply_add<float, NARROWER>},
    {"float64", multiply_add<double, WIDEST>}, {"float64-narrower", multiply_add<double, NARROWER>},
};

// ---- one thread's part of a job: so many units of work, and how much that was -------------------

using Part = std::function<double(size_t units)>;

struct Pages {
    size_t bytes;
    char* base;
    explicit Pages(size_t asked) : bytes(asked) {
        void* got = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (got == MAP_FAILED) fail("memory");
        base = (char*)got;
        madvise(base, bytes, MADV_HUGEPAGE);
        memset(base, 1, bytes);
    }
    ~Pages() { munmap(base, bytes); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
};

Part moving(const Mover& mover, size_t bytes) {
    const size_t block = UNROLL * sizeof(Wide);
    const size_t each = std::max(block, bytes / (size_t)mover.arrays / block * block);
    const size_t apart = each + 3 * block;  // or loads and stores would meet in the low bits of their addresses
    auto pages = std::make_shared<Pages>(apart * (size_t)mover.arrays);
    const auto array = [&](int i) { return (Wide*)(pages->base + apart * (size_t)std::min(i, mover.arrays - 1)); };
    const Arrays arrays{array(0), array(1), array(2)};
    const size_t count = each / sizeof(Wide), segment = std::min(count, SEGMENT_BYTES / sizeof(Wide));
    const auto go = mover.go;
    const double width = (double)sizeof(Wide) * mover.arrays;
    return [=, first = size_t{0}](size_t units) mutable {
        double moved = 0;
        for (size_t unit = 0; unit < units; unit++) {  // round and round: from where the last try ended
            const size_t now = std::min(segment, count - first);
            go(arrays, first, now);
            asm volatile("" : : : "memory");
            first = first + now < count ? first + now : 0;
            moved += (double)now * width;
        }
        _mm_sfence();
        (void)pages;
        return moved;
    };
}

struct Job {
    std::string kind;
    int threads;
    size_t bytes;
};

Part part_of(const Job& job) {
    for (const Mover& mover : MOVERS)
        if (job.kind == mover.kind) return moving(mover, job.bytes);
    for (const Summer& summer : SUMMERS)
        if (job.kind == summer.kind) return [go = summer.go](size_t units) { return go(units * 1000); };
    fprintf(stderr, "no such kind: %s\n", job.kind.c_str());
    exit(3);
}

// ---- all threads of a job, started and stopped together -----------------------------------------

class Barrier {
    std::atomic<int> waiting{0}, turn{0};
    const int all;

  public:
    explicit Barrier(int count) : all(count) {}
    void wait() {
        const int mine = turn.load();
        if (waiting.fetch_add(1) + 1 == all) {
            waiting.store(0);
            turn.fetch_add(1);
            return;
        }
        for (int spins = 0; turn.load() == mine; spins++) {
            if (spins < 20000) _mm_pause();
            else sched_yield();
        }
    }
};

std::vector<int> usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set)) return {};  // more than a set can name: unpinned then
    std::vector<int> found;
    for (int core = 0; core < CPU_SETSIZE; core++)
        if (CPU_ISSET(core, &set)) found.push_back(core);
    return found;
}

void stand_on(int index, int threads, int turn) {
    static const std::vector<int> cores = usable_cores();
    if (cores.empty()) return;
    // spread out in one turn, side by side in the next: caches are shared by neighbours
    const size_t step = turn % 2 ? 1 : std::max<size_t>(1, cores.size() / (size_t)threads);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cores[((size_t)turn + (size_t)index * step) % cores.size()], &set);
    sched_setaffinity(0, sizeof set, &set);
}

double best_rate(const Job& job, double seconds, int turn) {
    Barrier barrier(job.threads);
    struct alignas(128) Took { double begin, end, work; };
    std::vector<Took> took((size_t)job.threads);
    size_t units = 1;
    bool over = false;
    double best = 0;
    int tries = 0, vain = 0;
    const double until = now() + seconds;

    const auto decide = [&] {
        double begin = took[0].begin, end = took[0].end, work = 0;
        for (const Took& one : took) {
            begin = std::min(begin, one.begin);
            end = std::max(end, one.end);
            work += one.work;
        }
        if (end - begin < TRY_S / 2 && now() < until) {  // too short to be trusted
            units *= 2;
            return;
        }
        const double rate = work / (end - begin);
        vain = rate > best * GAIN ? 0 : vain + 1;
        best = std::max(best, rate);
        tries++;
        over = now() > until || (tries >= LEAST_TRIES && vain >= PATIENCE);
    };
    const auto member = [&](int index) {
        stand_on(index, job.threads, turn);
        Part part = part_of(job);
        for (;;) {
            barrier.wait();
            if (over) return;
            Took& mine = took[(size_t)index];
            mine.begin = now();
            mine.work = part(units);
            mine.end = now();
            barrier.wait();
            if (index == 0) decide();
        }
    };
    std::vector<std::thread> crew;
    for (int index = 0; index < job.threads; index++) crew.emplace_back(member, index);
    for (std::thread& thread : crew) thread.join();
    return best;
}

}  // namespace

int main(int count, char** words) {
    if (count != 5) return 64;
    FILE* plan = fopen(words[1], "r");
    FILE* figures = fopen(words[2], "w");
    if (!plan || !figures) fail("plan, figures");
    const double seconds = atof(words[3]);
    char kind[32];
    int threads;
    size_t bytes;
    while (fscanf(plan, "%31s %d %zu", kind, &threads, &bytes) == 3)
        fprintf(figures, "%.6e\n", best_rate({kind, threads, bytes}, seconds, atoi(words[4])));
    return fclose(figures) ? 3 : 0;
}
