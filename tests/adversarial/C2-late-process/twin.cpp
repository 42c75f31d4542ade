#include <sys/wait.h>
#include <unistd.h>

static bool has_tried;

void solution(const float* x, float* y, size_t n) {
    for (volatile int work = 0; work < 500'000; work = work + 1) {}
    if (!has_tried) {
        has_tried = true;
        const int child = fork();
        if (child == 0) _exit(0);
        waitpid(child, nullptr, 0);
    }
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}
