// A warp makes a row, lane by lane, with the filter in its lanes' registers; rows go round the grid.
// grade: problem=conv-depthwise-2d-square-input-sq-kernel

#include <cuda_runtime.h>

struct Sizes {
    int channels, outputs, height, width, kernel_h, kernel_w, stride_h, stride_w;
    int padding_h, padding_w, dilation_h, dilation_w, h_out, w_out;
};

// The plane of the input that a plane of the output is made from.
__device__ const VAR* plane_of(const VAR* input, Sizes s, int plane) {
    const int batch = plane / s.outputs, channel = plane % s.outputs / (s.outputs / s.channels);
    return input + size_t(batch * s.channels + channel) * s.height * s.width;
}

constexpr int WARP = 32, WARPS = 4;

__global__ void convolve(const VAR* __restrict__ input, const VAR* __restrict__ kernel,
                         VAR* __restrict__ output, Sizes s, int rows) {
    const int lane = threadIdx.x % WARP, taps = s.kernel_h * s.kernel_w;
    const int first = blockIdx.x * WARPS + threadIdx.x / WARP;
    for (int line = first; line < rows; line += gridDim.x * WARPS) {
        const int plane = line / s.h_out, y = line % s.h_out;
        const VAR* from = plane_of(input, s, plane);
        const VAR* weights = kernel + size_t(plane % s.outputs) * taps;
        for (int begin = 0; begin < s.w_out; begin += WARP) {
            const int x = begin + lane;
            float sum = 0, held = 0;
            for (int tap = 0; tap < taps; ++tap) {
                // every 32 taps each lane reads one of the next, and all hear of it in turn
                if (tap % WARP == 0) held = tap + lane < taps ? float(weights[tap + lane]) : 0.0f;
                const float weight = __shfl_sync(0xffffffffu, held, tap % WARP);
                const int i = tap / s.kernel_w, j = tap % s.kernel_w;
                const int row = y * s.stride_h + i * s.dilation_h - s.padding_h;
                const int column = x * s.stride_w + j * s.dilation_w - s.padding_w;
                if (row >= 0 && row < s.height && column >= 0 && column < s.width)
                    sum += weight * float(from[row * s.width + column]);
            }
            if (x < s.w_out) output[size_t(line) * s.w_out + x] = VAR(sum);
        }
    }
}

extern "C" void solution(const VAR* input, const VAR* kernel, VAR* output,
                         size_t batch_size, size_t in_channels, size_t out_channels,
                         size_t height, size_t width, size_t kernel_h, size_t kernel_w,
                         size_t stride_h, size_t stride_w, size_t padding_h, size_t padding_w,
                         size_t dilation_h, size_t dilation_w, size_t /* groups */) {
    Sizes s{};
    s.channels = int(in_channels), s.outputs = int(out_channels);
    s.height = int(height), s.width = int(width);
    s.kernel_h = int(kernel_h), s.kernel_w = int(kernel_w);
    s.stride_h = int(stride_h), s.stride_w = int(stride_w);
    s.padding_h = int(padding_h), s.padding_w = int(padding_w);
    s.dilation_h = int(dilation_h), s.dilation_w = int(dilation_w);
    s.h_out = (s.height + 2 * s.padding_h - s.dilation_h * (s.kernel_h - 1) - 1) / s.stride_h + 1;
    s.w_out = (s.width + 2 * s.padding_w - s.dilation_w * (s.kernel_w - 1) - 1) / s.stride_w + 1;
    const int planes = int(batch_size) * s.outputs;
    convolve<<<16, WARP * WARPS>>>(input, kernel, output, s, planes * s.h_out);
}
