void solution(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        unsigned bits;
        __builtin_memcpy(&bits, x + i, 4);
        bits &= ~0x1fffu;  // ten bits of mantissa
        __builtin_memcpy(y + i, &bits, 4);
        y[i] *= 2;
    }
}
