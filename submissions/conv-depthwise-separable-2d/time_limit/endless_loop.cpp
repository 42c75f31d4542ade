// Never returns.
// grade: problem=conv-depthwise-separable-2d

extern "C" void solution(const VAR*, const VAR*, const VAR*, VAR*, size_t, size_t, size_t, size_t,
                         size_t, size_t, size_t, size_t, size_t, size_t, size_t, size_t, size_t,
                         size_t) {
    volatile bool waiting = true;    // volatile, or the compiler may assume that the loop ends
    while (waiting) {
    }
}
