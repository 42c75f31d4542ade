// CUDA's calls on the host. Memory is one, streams are done when they are asked, and errors are
// those of a card.
#pragma once

#include <utility>

#include "grade/device.h"

#define CUDART_VERSION 12040
#define CUDA_VERSION 12040

enum cudaError {
    cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9, cudaErrorInvalidSymbol = 13,
    cudaErrorInvalidDevicePointer = 17, cudaErrorInvalidMemcpyDirection = 21,
    cudaErrorInvalidDeviceFunction = 98, cudaErrorNoDevice = 100, cudaErrorInvalidDevice = 101,
    cudaErrorInvalidResourceHandle = 400, cudaErrorNotReady = 600, cudaErrorIllegalAddress = 700,
    cudaErrorLaunchOutOfResources = 701, cudaErrorLaunchFailure = 719, cudaErrorNotSupported = 801,
    cudaErrorUnknown = 999
};
typedef cudaError cudaError_t;

enum cudaMemcpyKind {
    cudaMemcpyHostToHost, cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice,
    cudaMemcpyDefault
};
enum cudaFuncAttribute {
    cudaFuncAttributeMaxDynamicSharedMemorySize = 8,
    cudaFuncAttributePreferredSharedMemoryCarveout = 9
};
enum cudaFuncCache {
    cudaFuncCachePreferNone, cudaFuncCachePreferShared, cudaFuncCachePreferL1,
    cudaFuncCachePreferEqual
};
enum cudaDeviceAttr {
    cudaDevAttrMaxThreadsPerBlock = 1, cudaDevAttrMaxSharedMemoryPerBlock = 8,
    cudaDevAttrWarpSize = 10, cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrMaxThreadsPerMultiProcessor = 39, cudaDevAttrComputeCapabilityMajor = 75,
    cudaDevAttrComputeCapabilityMinor = 76, cudaDevAttrMaxSharedMemoryPerMultiprocessor = 81,
    cudaDevAttrMaxSharedMemoryPerBlockOptin = 97
};
enum {
    cudaStreamDefault = 0, cudaStreamNonBlocking = 1, cudaEventDefault = 0,
    cudaEventBlockingSync = 1, cudaEventDisableTiming = 2, cudaHostAllocDefault = 0,
    cudaHostAllocPortable = 1, cudaHostAllocMapped = 2, cudaMemAttachGlobal = 1
};

struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem, sharedMemPerBlock, sharedMemPerBlockOptin, sharedMemPerMultiprocessor;
    size_t totalConstMem, memPitch, textureAlignment;
    int regsPerBlock, regsPerMultiprocessor, warpSize, maxThreadsPerBlock, maxThreadsDim[3];
    int maxGridSize[3], clockRate, memoryClockRate, memoryBusWidth, major, minor;
    int multiProcessorCount, maxThreadsPerMultiProcessor, maxBlocksPerMultiProcessor, l2CacheSize;
    int concurrentKernels, asyncEngineCount, unifiedAddressing, managedMemory, cooperativeLaunch;
    int integrated, canMapHostMemory, persistingL2CacheMaxSize;
};
struct cudaFuncAttributes {
    size_t sharedSizeBytes, constSizeBytes, localSizeBytes;
    int maxThreadsPerBlock, numRegs, ptxVersion, binaryVersion, maxDynamicSharedSizeBytes;
};

struct CUevent_st;
typedef CUevent_st* cudaEvent_t;
#define cudaStreamLegacy ((cudaStream_t)1)
#define cudaStreamPerThread ((cudaStream_t)2)

#pragma GCC visibility push(hidden)

cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();
const char* cudaGetErrorName(cudaError_t error);
const char* cudaGetErrorString(cudaError_t error);

cudaError_t cudaMallocHost(void** to, size_t bytes);
cudaError_t cudaFreeHost(void* memory);
cudaError_t cudaFree(void* memory);
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaMemset(void* to, int byte, size_t bytes);
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);

cudaError_t cudaStreamCreate(cudaStream_t* stream);
cudaError_t cudaEventCreate(cudaEvent_t* event);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = nullptr);
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end);

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);

namespace grade {
cudaError_t allocate(void** to, size_t bytes);
cudaError_t failed(cudaError_t error);  // remembered until somebody looks
// asks a kernel who it is: it is called, and says so instead of running
typedef void (*Kernel)(void*);
Kernel identity(void (*ask)(void* what), void* what);
cudaError_t allow_shared(Kernel kernel, int bytes);
int blocks_per_multiprocessor(int threads, size_t dynamic_shared);

template <class... P> Kernel identity_of(void (*kernel)(P...)) {
    auto ask = [](void* what) {
        // never read: a kernel that is asked does not begin
        alignas(16) static unsigned char nothing[4096 + (0 + ... + sizeof(P))];
        ((void (*)(P...))what)(*(std::remove_reference_t<P>*)nothing...);
    };
    return identity(ask, (void*)kernel);
}
inline Kernel identity_of(const void* kernel) { return identity_of((void (*)(long, long, long, long, long, long))kernel); }
}  // namespace grade

#pragma GCC visibility pop

// ---- what only hands on -------------------------------------------------------------------------

template <class T> inline cudaError_t cudaMalloc(T** to, size_t bytes) {
    return grade::allocate((void**)to, bytes);
}
template <class T> inline cudaError_t cudaMallocManaged(T** to, size_t bytes, unsigned = 1) {
    return grade::allocate((void**)to, bytes);
}
template <class T> inline cudaError_t cudaMallocAsync(T** to, size_t bytes, cudaStream_t) {
    return grade::allocate((void**)to, bytes);
}
template <class T> inline cudaError_t cudaMallocHost(T** to, size_t bytes, unsigned = 0) {
    return cudaMallocHost((void**)to, bytes);
}
template <class T> inline cudaError_t cudaHostAlloc(T** to, size_t bytes, unsigned) {
    return cudaMallocHost((void**)to, bytes);
}
template <class T> inline cudaError_t cudaMallocPitch(T** to, size_t* pitch, size_t width, size_t height) {
    *pitch = (width + 511) / 512 * 512;
    return grade::allocate((void**)to, *pitch * height);
}
inline cudaError_t cudaFreeAsync(void* memory, cudaStream_t) { return cudaFree(memory); }
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                                   cudaStream_t = nullptr) {
    return cudaMemcpy(to, from, bytes, kind);
}
inline cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                                size_t width, size_t height, cudaMemcpyKind kind) {
    if (width > to_pitch || width > from_pitch) return grade::failed(cudaErrorInvalidValue);
    for (size_t row = 0; row < height; row++) {
        const char* source = (const char*)from + row * from_pitch;
        if (cudaError_t error = cudaMemcpy((char*)to + row * to_pitch, source, width, kind)) return error;
    }
    return cudaSuccess;
}
inline cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                                     size_t width, size_t height, cudaMemcpyKind kind,
                                     cudaStream_t = nullptr) {
    return cudaMemcpy2D(to, to_pitch, from, from_pitch, width, height, kind);
}
inline cudaError_t cudaMemsetAsync(void* to, int byte, size_t bytes, cudaStream_t = nullptr) {
    return cudaMemset(to, byte, bytes);
}
inline cudaError_t cudaMemset2D(void* to, size_t pitch, int byte, size_t width, size_t height) {
    for (size_t row = 0; row < height; row++)
        if (cudaError_t error = cudaMemset((char*)to + row * pitch, byte, width)) return error;
    return cudaSuccess;
}
template <class T>
inline cudaError_t cudaMemcpyToSymbol(T& symbol, const void* from, size_t bytes, size_t offset = 0,
                                      cudaMemcpyKind = cudaMemcpyHostToDevice) {
    if (offset > sizeof symbol || bytes > sizeof symbol - offset)
        return grade::failed(cudaErrorInvalidValue);
    memcpy((char*)&symbol + offset, from, bytes);
    return cudaSuccess;
}
template <class T>
inline cudaError_t cudaMemcpyFromSymbol(void* to, const T& symbol, size_t bytes, size_t offset = 0,
                                        cudaMemcpyKind = cudaMemcpyDeviceToHost) {
    if (offset > sizeof symbol || bytes > sizeof symbol - offset)
        return grade::failed(cudaErrorInvalidValue);
    memcpy(to, (const char*)&symbol + offset, bytes);
    return cudaSuccess;
}
template <class T>
inline cudaError_t cudaMemcpyToSymbolAsync(T& symbol, const void* from, size_t bytes, size_t offset,
                                           cudaMemcpyKind kind, cudaStream_t = nullptr) {
    return cudaMemcpyToSymbol(symbol, from, bytes, offset, kind);
}
template <class T> inline cudaError_t cudaGetSymbolAddress(void** to, T& symbol) {
    *to = (void*)&symbol;
    return cudaSuccess;
}
template <class T> inline cudaError_t cudaGetSymbolSize(size_t* size, T& symbol) {
    *size = sizeof symbol;
    return cudaSuccess;
}

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return cudaStreamCreate(stream); }
inline cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) {
    return cudaStreamCreate(stream);
}
inline cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaStreamQuery(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned = 0) { return cudaSuccess; }
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return cudaEventCreate(event); }
inline cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
inline cudaError_t cudaEventQuery(cudaEvent_t) { return cudaSuccess; }
inline cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
inline cudaError_t cudaThreadSynchronize() { return cudaSuccess; }
inline cudaError_t cudaDeviceReset() { return cudaSuccess; }
inline cudaError_t cudaSetDevice(int device) {
    return device ? grade::failed(cudaErrorInvalidDevice) : cudaSuccess;
}
inline cudaError_t cudaGetDevice(int* device) { *device = 0; return cudaSuccess; }
inline cudaError_t cudaGetDeviceCount(int* count) { *count = 1; return cudaSuccess; }
inline cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache) { return cudaSuccess; }
inline cudaError_t cudaDriverGetVersion(int* version) { *version = CUDA_VERSION; return cudaSuccess; }
inline cudaError_t cudaRuntimeGetVersion(int* version) { *version = CUDART_VERSION; return cudaSuccess; }
template <class K> inline cudaError_t cudaFuncSetCacheConfig(K, cudaFuncCache) { return cudaSuccess; }

template <class K> inline cudaError_t cudaFuncSetAttribute(K kernel, cudaFuncAttribute which, int value) {
    if (which != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    return grade::allow_shared(grade::identity_of(kernel), value);
}
template <class K> inline cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* to, K) {
    *to = {.maxThreadsPerBlock = 1024, .numRegs = 32, .ptxVersion = 90, .binaryVersion = 90,
           .maxDynamicSharedSizeBytes = 48 << 10};
    return cudaSuccess;
}
template <class K>
inline cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, K, int threads, size_t shared) {
    *blocks = grade::blocks_per_multiprocessor(threads, shared);
    return cudaSuccess;
}
template <class K>
inline cudaError_t cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, K, size_t = 0, int limit = 0) {
    *block = limit > 0 && limit < 1024 ? limit : 1024;
    *grid = 132 * (2048 / *block);
    return cudaSuccess;
}
template <class... P>
inline cudaError_t cudaLaunchKernel(void (*kernel)(P...), dim3 grid, dim3 block, void** arguments,
                                    size_t shared = 0, cudaStream_t stream = nullptr) {
    grade::configure(grid, block, shared, stream);
    [&]<size_t... I>(std::index_sequence<I...>) {
        kernel(*(std::remove_reference_t<P>*)arguments[I]...);
    }(std::make_index_sequence<sizeof...(P)>());
    return cudaPeekAtLastError();
}
