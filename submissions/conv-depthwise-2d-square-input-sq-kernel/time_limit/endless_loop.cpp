// Never returns.
// grade: problem=conv-depthwise-2d-square-input-sq-kernel

extern "C" void solution(const VAR*, const VAR*, VAR*, size_t, size_t, size_t, size_t, size_t,
                         size_t, size_t, size_t, size_t, size_t, size_t, size_t, size_t, size_t) {
    volatile bool waiting = true;    // volatile, or the compiler may assume that the loop ends
    while (waiting) {
    }
}
