// Throws an exception that nobody catches: the process is aborted.
// grade: problem=conv-depthwise-separable-2d

#include <vector>

extern "C" void solution(const VAR*, const VAR*, const VAR*, VAR*, size_t batch_size, size_t,
                         size_t, size_t, size_t, size_t, size_t, size_t, size_t, size_t, size_t,
                         size_t, size_t, size_t) {
    // One past the end, whatever the sizes are.
    std::vector<float>(batch_size).at(batch_size) = 0;
}
