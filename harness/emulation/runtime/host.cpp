// The host's side: device memory, errors, events, and what the card says of itself.

#include "state.h"

#include "grade/host.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>

namespace grade {

constexpr size_t PAGE = 4096, PROMISED = 256;  // what cudaMalloc returns is aligned so

struct Piece {
    size_t bytes;
    char* mapped;  // nullptr for what was lent
    size_t mapped_bytes;
};
static std::mutex guard;  // hosts may have threads
static std::map<const char*, Piece>& pieces() {
    static std::map<const char*, Piece> all;
    return all;
}

static struct {
    cudaError_t last = cudaSuccess;
    bool unseen = false;  // a launch failed, and nobody asked
    char words[512];
    const void* ip;
} errors;

cudaError_t failed(cudaError_t error) {
    errors.last = error;
    return error;
}

void launch_failed(cudaError_t error, const void* ip, const char* kernel, dim3 grid, dim3 block,
                   size_t dynamic_shared, const char* why) {
    failed(error);
    errors.unseen = true;
    errors.ip = ip;
    snprintf(errors.words, sizeof errors.words,
             "kernel `%.200s` was not launched with grid (%u,%u,%u), block (%u,%u,%u) and %zu bytes"
             " of shared memory: %s", kernel, grid.x, grid.y, grid.z, block.x, block.y, block.z,
             dynamic_shared, why);
}

// ---- memory -------------------------------------------------------------------------------------

cudaError_t allocate(void** to, size_t bytes) {
    *to = nullptr;
    if (!bytes) return cudaSuccess;
    if (bytes > (size_t)1 << 44) return failed(cudaErrorMemoryAllocation);
    // its end lies at a page that nobody may touch, as near as the alignment lets it
    const size_t room = (bytes + PROMISED - 1) / PROMISED * PROMISED;
    const size_t mapped = (room + PAGE - 1) / PAGE * PAGE + 2 * PAGE;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    char* base = (char*)mmap(nullptr, mapped, PROT_NONE, flags, -1, 0);
    if (base == MAP_FAILED) return failed(cudaErrorMemoryAllocation);
    if (mprotect(base + PAGE, mapped - 2 * PAGE, PROT_READ | PROT_WRITE)) {
        munmap(base, mapped);
        return failed(cudaErrorMemoryAllocation);
    }
    char* start = base + mapped - PAGE - room;
    memset(start, POISON, bytes);  // nobody has written it yet
    {
        const std::lock_guard<std::mutex> locked(guard);
        pieces()[start] = {bytes, base, mapped};
    }
    if (grade_check_alloc) grade_check_alloc(start, bytes, "cudaMalloc", 2);
    *to = start;
    return cudaSuccess;
}

static void release(const char* start, const Piece& piece) {
    if (grade_check_free) grade_check_free(start);
    if (piece.mapped) munmap(piece.mapped, piece.mapped_bytes);
}

/** Within one piece of device memory, or in none at all: that is the host's. */
static bool fits(const void* start, size_t bytes) {
    const std::lock_guard<std::mutex> locked(guard);
    auto after = pieces().upper_bound((const char*)start);
    if (after == pieces().begin()) return true;
    const auto& [begin, piece] = *--after;
    const size_t offset = (size_t)((const char*)start - begin);
    return offset >= piece.bytes || bytes <= piece.bytes - offset;
}

}  // namespace grade

using grade::failed;

cudaError_t cudaFree(void* memory) {
    if (!memory) return cudaSuccess;
    grade::Piece piece;
    {
        const std::lock_guard<std::mutex> locked(grade::guard);
        const auto found = grade::pieces().find((const char*)memory);
        if (found == grade::pieces().end() || !found->second.mapped)
            return failed(cudaErrorInvalidValue);
        piece = found->second;
        grade::pieces().erase(found);
    }
    grade::release((const char*)memory, piece);
    return cudaSuccess;
}

cudaError_t cudaMallocHost(void** to, size_t bytes) {
    *to = nullptr;
    if (bytes) *to = aligned_alloc(grade::PAGE, (bytes + grade::PAGE - 1) / grade::PAGE * grade::PAGE);
    return *to || !bytes ? cudaSuccess : failed(cudaErrorMemoryAllocation);
}

cudaError_t cudaFreeHost(void* memory) {
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault)
        return failed(cudaErrorInvalidMemcpyDirection);
    if (!bytes) return cudaSuccess;
    if (!to || !from || !grade::fits(to, bytes) || !grade::fits(from, bytes))
        return failed(cudaErrorInvalidValue);
    memmove(to, from, bytes);
    return cudaSuccess;
}

cudaError_t cudaMemset(void* to, int byte, size_t bytes) {
    if (!bytes) return cudaSuccess;
    if (!to || !grade::fits(to, bytes)) return failed(cudaErrorInvalidValue);
    memset(to, byte, bytes);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
    *total = (size_t)80 << 30;
    *free = (size_t)79 << 30;
    return cudaSuccess;
}

// ---- errors -------------------------------------------------------------------------------------

cudaError_t cudaPeekAtLastError() {
    grade::errors.unseen = false;
    return grade::errors.last;
}

cudaError_t cudaGetLastError() {
    const cudaError_t error = cudaPeekAtLastError();
    grade::errors.last = cudaSuccess;
    return error;
}

#define GRADE_ERRORS(EACH)                                                                         \
    EACH(cudaSuccess, "no error")                                                                  \
    EACH(cudaErrorInvalidValue, "invalid argument")                                                \
    EACH(cudaErrorMemoryAllocation, "out of memory")                                               \
    EACH(cudaErrorInvalidConfiguration, "invalid configuration argument")                          \
    EACH(cudaErrorInvalidSymbol, "invalid device symbol")                                          \
    EACH(cudaErrorInvalidDevicePointer, "invalid device pointer")                                  \
    EACH(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy")                     \
    EACH(cudaErrorInvalidDeviceFunction, "invalid device function")                                \
    EACH(cudaErrorNoDevice, "no CUDA-capable device is detected")                                  \
    EACH(cudaErrorInvalidDevice, "invalid device ordinal")                                         \
    EACH(cudaErrorInvalidResourceHandle, "invalid resource handle")                                \
    EACH(cudaErrorNotReady, "device not ready")                                                    \
    EACH(cudaErrorIllegalAddress, "an illegal memory access was encountered")                      \
    EACH(cudaErrorLaunchOutOfResources, "too many resources requested for launch")                 \
    EACH(cudaErrorLaunchFailure, "unspecified launch failure")                                     \
    EACH(cudaErrorNotSupported, "operation not supported")

const char* cudaGetErrorName(cudaError_t error) {
    switch (error) {
#define GRADE_NAME(NAME, WORDS) case NAME: return #NAME;
        GRADE_ERRORS(GRADE_NAME)
#undef GRADE_NAME
        default: return "cudaErrorUnknown";
    }
}

const char* cudaGetErrorString(cudaError_t error) {
    switch (error) {
#define GRADE_WORDS(NAME, WORDS) case NAME: return WORDS;
        GRADE_ERRORS(GRADE_WORDS)
#undef GRADE_WORDS
        default: return "unknown error";
    }
}

// ---- streams, events and the card ---------------------------------------------------------------

struct CUstream_st { int unused; };
struct CUevent_st { std::chrono::steady_clock::time_point when; };

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
    static CUstream_st only;
    *stream = &only;
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
    *event = new CUevent_st{};
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    delete event;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
    if (!event) return failed(cudaErrorInvalidResourceHandle);
    event->when = std::chrono::steady_clock::now();
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
    if (!start || !end) return failed(cudaErrorInvalidResourceHandle);
    *milliseconds = std::chrono::duration<float, std::milli>(end->when - start->when).count();
    return cudaSuccess;
}

// the limits are those of compute capability 9.0
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    if (device) return failed(cudaErrorInvalidDevice);
    *properties = {
        .name = "emulated NVIDIA H100", .totalGlobalMem = (size_t)80 << 30,
        .sharedMemPerBlock = grade::STATIC_SHARED, .sharedMemPerBlockOptin = grade::MOST_SHARED,
        .sharedMemPerMultiprocessor = 228 << 10, .totalConstMem = 64 << 10,
        .memPitch = 0x7fffffff, .textureAlignment = 512,
        .regsPerBlock = 65536, .regsPerMultiprocessor = 65536, .warpSize = 32,
        .maxThreadsPerBlock = 1024, .maxThreadsDim = {1024, 1024, 64},
        .maxGridSize = {0x7fffffff, 65535, 65535}, .clockRate = 1'980'000,
        .memoryClockRate = 2'619'000, .memoryBusWidth = 5120, .major = 9, .minor = 0,
        .multiProcessorCount = 132, .maxThreadsPerMultiProcessor = 2048,
        .maxBlocksPerMultiProcessor = 32, .l2CacheSize = 50 << 20, .concurrentKernels = 1,
        .asyncEngineCount = 3, .unifiedAddressing = 1, .managedMemory = 1, .cooperativeLaunch = 0,
        .integrated = 0, .canMapHostMemory = 1, .persistingL2CacheMaxSize = 0,
    };
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    if (device) return failed(cudaErrorInvalidDevice);
    switch (attribute) {
        case cudaDevAttrMaxThreadsPerBlock: *value = 1024; break;
        case cudaDevAttrMaxSharedMemoryPerBlock: *value = grade::STATIC_SHARED; break;
        case cudaDevAttrWarpSize: *value = 32; break;
        case cudaDevAttrMultiProcessorCount: *value = 132; break;
        case cudaDevAttrMaxThreadsPerMultiProcessor: *value = 2048; break;
        case cudaDevAttrComputeCapabilityMajor: *value = 9; break;
        case cudaDevAttrComputeCapabilityMinor: *value = 0; break;
        case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *value = 228 << 10; break;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = grade::MOST_SHARED; break;
        default: return failed(cudaErrorInvalidValue);
    }
    return cudaSuccess;
}

// ---- the judge's side ---------------------------------------------------------------------------

extern "C" {
#pragma GCC visibility push(default)

void grade_emulation_lend(const void* start, size_t bytes, const char* name, int is_written) {
    {
        const std::lock_guard<std::mutex> locked(grade::guard);
        grade::pieces()[(const char*)start] = {bytes, nullptr, 0};
    }
    if (grade_check_alloc) grade_check_alloc(start, bytes, name, is_written);
}

void grade_emulation_unlend() {
    const std::lock_guard<std::mutex> locked(grade::guard);
    std::erase_if(grade::pieces(), [](const auto& entry) {
        const bool lent = !entry.second.mapped;
        if (lent) grade::release(entry.first, entry.second);
        return lent;
    });
}

void grade_emulation_end() {
    if (grade::errors.unseen)
        grade_emulation_found(GRADE_LAUNCH, grade::errors.words, grade::errors.ip);
    grade::errors.last = cudaSuccess;
    const std::lock_guard<std::mutex> locked(grade::guard);
    std::erase_if(grade::pieces(), [](const auto& entry) {
        const bool left = entry.second.mapped;
        if (left) grade::release(entry.first, entry.second);
        return left;
    });
}

#pragma GCC visibility pop
}
