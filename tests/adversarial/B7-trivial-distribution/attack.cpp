void solution(const float* x, float* y, size_t n) { y[0] = 0; }
