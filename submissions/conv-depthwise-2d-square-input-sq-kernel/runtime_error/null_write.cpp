// Writes through a null pointer: a segmentation fault.
// grade: problem=conv-depthwise-2d-square-input-sq-kernel

extern "C" void solution(const VAR*, const VAR*, VAR*, size_t, size_t, size_t, size_t, size_t,
                         size_t, size_t, size_t, size_t, size_t, size_t, size_t, size_t, size_t) {
    // Volatile twice: else the compiler proves that the store reaches nobody, and leaves it out.
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
}
