// The definition: one thread an element, bounds tested at every tap.
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

__global__ void convolve(const VAR* input, const VAR* kernel, VAR* output, Sizes s, int total) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= total) return;
    const int x = at % s.w_out, y = at / s.w_out % s.h_out, plane = at / s.w_out / s.h_out;
    const VAR* from = plane_of(input, s, plane);
    const VAR* weights = kernel + size_t(plane % s.outputs) * s.kernel_h * s.kernel_w;
    float sum = 0;
    for (int i = 0; i < s.kernel_h; ++i)
        for (int j = 0; j < s.kernel_w; ++j) {
            const int row = y * s.stride_h + i * s.dilation_h - s.padding_h;
            const int column = x * s.stride_w + j * s.dilation_w - s.padding_w;
            if (row >= 0 && row < s.height && column >= 0 && column < s.width)
                sum += float(weights[i * s.kernel_w + j]) * float(from[row * s.width + column]);
        }
    output[at] = VAR(sum);
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
    const int total = planes * s.h_out * s.w_out;
    convolve<<<(total + 127) / 128, 128>>>(input, kernel, output, s, total);
}
