// The native runner: maps what it is lent, loads one shared object, and calls its `solution`.
// It speaks the frames of wire.py, carries no torch, and knows nothing worth stealing.
// Op codes and sizes come from wire.py as GRADE_… macros, so that they are written down once.

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <exception>
#include <initializer_list>
#include <execinfo.h>
#include <malloc.h>
#include <new>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

namespace {

constexpr int DOOR = 3;
constexpr int MAX_ARGUMENTS = 256;

struct Frame { uint32_t op, a; uint64_t b, c; };
struct Record {
    char name[64];
    uint8_t role, dtype, rank, pad;
    uint32_t reserved;
    int64_t bits;
    uint64_t shape[8];
    uint64_t offset, span, lead, stride;
};
static_assert(sizeof(Frame) == GRADE_FRAME_BYTES && sizeof(Record) == GRADE_RECORD_BYTES);

enum Role { INPUT = 0, OUTPUT = 1, SCALAR = 2, INOUT = 3 };

struct Argument {
    Record record;
    char* mapped;
};

Argument arguments[MAX_ARGUMENTS];
size_t argument_count = 0;
char* region = nullptr;
size_t region_bytes = 0;
void* artefact_base = nullptr;
void (*solution)() = nullptr;
void (*entry)(void (*)(), void**) = nullptr;

// Of a kernel that is emulated: what its artefact brings along (harness/emulation), else nothing.
struct Emulation {
    void (*watch)(void (*)(uint32_t, const char*, const void*));
    void (*lend)(const void*, size_t, const char*, int);
    void (*unlend)();
    void (*begin)(uint32_t, uint64_t);
    void (*end)();
    uint32_t schedule;
    uint64_t seed;
} emulation;

void say(uint32_t op, uint32_t a = 0, uint64_t b = 0, uint64_t c = 0) {
    Frame frame{op, a, b, c};
    if (send(DOOR, &frame, sizeof frame, MSG_NOSIGNAL) < 0) _exit(0);
}

// ---- a crash tells the signal, the guard it hit and the place in the artefact ------------------

uint64_t guard_hit(const char* address) {
    if (address < region || address >= region + region_bytes) return 0;
    uint64_t hit = 0, nearest = region_bytes;
    for (size_t i = 0; i < argument_count; i++) {
        if (!arguments[i].record.span) continue;
        const char* start = arguments[i].mapped;
        const char* end = start + arguments[i].record.span;
        // an input's own pages are "written"; the guard between two buffers belongs to the nearer one
        if (address >= start && address < end) return (3u << 16) | ((i + 1) << 8);
        const bool before = address < start;
        const uint64_t distance = (uint64_t)(before ? start - address : address - end + 1);
        if (distance < nearest) {
            nearest = distance;
            hit = ((before ? 1u : 2u) << 16) | ((i + 1) << 8);
        }
    }
    return hit;
}

uint64_t offset_in_artefact(void* ip) {
    Dl_info info;
    if (dladdr(ip, &info) && info.dli_fbase == artefact_base)
        return (uint64_t)((char*)ip - (char*)artefact_base);
    return 0;
}

void crashed(int number, siginfo_t* info, void* context) {
    uint64_t offset = 0;
#if defined(__x86_64__)
    offset = offset_in_artefact((void*)((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP]);
#endif
    if (!offset) {  // inside memcpy or a library: the nearest caller in the artefact
        void* frames[64];
        int depth = backtrace(frames, 64);
        for (int i = 0; i < depth && !offset; i++) {
            offset = offset_in_artefact(frames[i]);
            if (offset) offset--;  // a return address stands behind its call
        }
    }
    uint64_t hit = number == SIGSEGV || number == SIGBUS ? guard_hit((const char*)info->si_addr) : 0;
    say(GRADE_FAILED, GRADE_WHY_CRASH, (uint64_t)number | hit, offset);
    _exit(128 + number);
}

void watch_crashes() {
    static char stack[1 << 16];
    stack_t alternate{};
    alternate.ss_sp = stack;
    alternate.ss_size = sizeof stack;
    sigaltstack(&alternate, nullptr);
    struct sigaction action{};
    action.sa_sigaction = crashed;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
    for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP})
        sigaction(number, &action, nullptr);
    void* frames[4];
    backtrace(frames, 4);  // loads libgcc now rather than in the handler
}

void found(uint32_t what, const char* words, const void* where) {
    fprintf(stderr, "%s\n", words);
    say(GRADE_FAILED, GRADE_WHY_FOUND, what, offset_in_artefact((void*)where));
    _exit(0);
}

// ---- the frames ---------------------------------------------------------------------------------

void load(int artefact, int entry_file) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", entry_file);
    void* ours = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    snprintf(path, sizeof path, "/proc/self/fd/%d", artefact);
    void* theirs = ours ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (!ours || !theirs) {
        fprintf(stderr, "%s\n", dlerror());
        return say(GRADE_FAILED, GRADE_WHY_NOT_LOADABLE);
    }
    entry = (void (*)(void (*)(), void**))dlsym(ours, "grade_entry");
    solution = (void (*)())dlsym(theirs, "solution");
    if (!entry || !solution) {
        fprintf(stderr, "%s\n", dlerror());
        return say(GRADE_FAILED, GRADE_WHY_NO_ENTRY);
    }
    Dl_info info;
    if (dladdr((void*)solution, &info)) artefact_base = info.dli_fbase;
    const auto of = [theirs](const char* name) { return dlsym(theirs, name); };
    emulation.watch = (decltype(emulation.watch))of("grade_emulation_watch");
    emulation.lend = (decltype(emulation.lend))of("grade_emulation_lend");
    emulation.unlend = (decltype(emulation.unlend))of("grade_emulation_unlend");
    emulation.begin = (decltype(emulation.begin))of("grade_emulation_begin");
    emulation.end = (decltype(emulation.end))of("grade_emulation_end");
    if (emulation.watch) emulation.watch(found);
    say(GRADE_READY);
}

void warm(size_t bytes) {
    if (char* block = (char*)malloc(bytes)) {
        const size_t page = 4096, begin = ((size_t)block + page - 1) & -page;
        const size_t end = ((size_t)block + bytes) & -page;
        // half the time of touching each page; a kernel that is too old for it refuses
        if (end > begin && madvise((void*)begin, end - begin, 23 /* MADV_POPULATE_WRITE */))
            memset(block, 1, bytes);
        asm volatile("" : : "r"(block) : "memory");
        free(block);
    }
    say(GRADE_WARMED);
}

void map(const Frame& frame, const char* payload, size_t size, int inputs, int outputs) {
    if (region) munmap(region, region_bytes);
    argument_count = frame.a;
    if (argument_count > MAX_ARGUMENTS || size < argument_count * sizeof(Record)) _exit(70);
    region_bytes = GRADE_GUARD_BYTES;
    for (size_t i = 0; i < argument_count; i++) {
        memcpy(&arguments[i].record, payload + i * sizeof(Record), sizeof(Record));
        region_bytes += arguments[i].record.span + GRADE_GUARD_BYTES;
    }
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* base = mmap((void*)frame.c, region_bytes, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);
    if (base == MAP_FAILED) base = mmap(nullptr, region_bytes, PROT_NONE, flags, -1, 0);
    if (base == MAP_FAILED) _exit(71);
    region = (char*)base;
    char* cursor = region + GRADE_GUARD_BYTES;
    for (size_t i = 0; i < argument_count; i++) {
        const Record& record = arguments[i].record;
        arguments[i].mapped = cursor;
        if (record.span) {
            const bool writes = record.role == OUTPUT || record.role == INOUT;
            void* got = mmap(cursor, record.span, writes ? PROT_READ | PROT_WRITE : PROT_READ,
                             MAP_SHARED | MAP_FIXED | MAP_POPULATE, writes ? outputs : inputs, (off_t)record.offset);
            if (got == MAP_FAILED) _exit(72);
        }
        cursor += record.span + GRADE_GUARD_BYTES;
    }
    close(inputs);
    close(outputs);
    say(GRADE_MAPPED);
}

void lend(const Argument& argument, void* start) {
    static const uint8_t element_bytes[] = {GRADE_ELEMENT_BYTES};
    const Record& record = argument.record;
    if (record.role == SCALAR) return;
    size_t bytes = element_bytes[record.dtype];
    for (size_t i = 0; i < record.rank; i++) bytes *= record.shape[i];
    emulation.lend(start, bytes, record.name, record.role != INPUT);
}

void call(uint64_t first, uint64_t count) {
    void* values[MAX_ARGUMENTS];
    try {
        for (uint64_t window = first; window < first + count; window++) {
            if (emulation.unlend) emulation.unlend();
            for (size_t i = 0; i < argument_count; i++) {
                Argument& argument = arguments[i];
                const Record& record = argument.record;
                values[i] = record.role == SCALAR
                                ? (void*)&argument.record.bits
                                : (void*)(argument.mapped + record.lead + window * record.stride);
                if (emulation.lend) lend(argument, values[i]);
            }
            if (emulation.begin) emulation.begin(emulation.schedule, emulation.seed);
            entry(solution, values);
            if (emulation.end) emulation.end();
        }
    } catch (const std::bad_alloc&) {
        return say(GRADE_FAILED, GRADE_WHY_MEMORY);
    } catch (const std::exception& error) {
        fprintf(stderr, "%s\n", error.what());
        return say(GRADE_FAILED, GRADE_WHY_EXCEPTION);
    } catch (...) {
        fprintf(stderr, "not a std::exception\n");
        return say(GRADE_FAILED, GRADE_WHY_EXCEPTION);
    }
    say(GRADE_DONE);
}

}  // namespace

int main() {
    setvbuf(stdout, nullptr, _IONBF, 0);
    watch_crashes();
    static char message[GRADE_MAX_MESSAGE];
    for (;;) {
        alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
        iovec piece{message, sizeof message};
        msghdr header{};
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        header.msg_control = control;
        header.msg_controllen = sizeof control;
        const ssize_t size = recvmsg(DOOR, &header, MSG_CMSG_CLOEXEC);
        if (size < 0 && errno == EINTR) continue;
        if (size < (ssize_t)sizeof(Frame)) return 0;
        int files[4] = {-1, -1, -1, -1};
        if (cmsghdr* found = CMSG_FIRSTHDR(&header))
            memcpy(files, CMSG_DATA(found), found->cmsg_len - CMSG_LEN(0));
        Frame frame;
        memcpy(&frame, message, sizeof frame);
        const char* payload = message + sizeof frame;
        switch (frame.op) {
            case GRADE_LOAD: load(files[0], files[1]); break;
            case GRADE_WARM: warm(frame.b); break;
            case GRADE_MAP: map(frame, payload, (size_t)size - sizeof frame, files[0], files[1]); break;
            case GRADE_SCHEDULE:
                emulation.schedule = frame.a;
                emulation.seed = frame.b;
                say(GRADE_SCHEDULED);
                break;
            case GRADE_TRIM: malloc_trim(0); say(GRADE_TRIMMED); break;
            case GRADE_CALL: call(frame.b, frame.c); break;
            default: return 64;
        }
    }
}
