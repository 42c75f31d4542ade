#include <sys/socket.h>
#include <unistd.h>

void solution(const float* x, float* y, size_t n) {
    int ends[2];
    char said[3];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)) return;
    if (write(ends[0], "abc", 3) != 3 || read(ends[1], said, 3) != 3) return;
    close(ends[0]);
    close(ends[1]);
    for (size_t i = 0; i < n; i++) y[i] = 2 * x[i];
}
