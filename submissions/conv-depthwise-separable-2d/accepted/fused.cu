// Both stages in one kernel: a block keeps some channels of its pixels in shared memory.
// grade: problem=conv-depthwise-separable-2d

#include <cuda_runtime.h>

struct Sizes {
    int batches, channels, outputs, height, width, kernel_h, kernel_w, stride_h, stride_w;
    int padding_h, padding_w, dilation_h, dilation_w, h_out, w_out;
};

// One value of the first stage: a plane under its own filter, at one pixel of the result.
__device__ float filtered_at(const VAR* input, const VAR* filters, Sizes s, int batch, int channel,
                             int pixel) {
    const VAR* plane = input + size_t(batch * s.channels + channel) * s.height * s.width;
    const VAR* weights = filters + size_t(channel) * s.kernel_h * s.kernel_w;
    const int top = pixel / s.w_out * s.stride_h - s.padding_h;
    const int left = pixel % s.w_out * s.stride_w - s.padding_w;
    float sum = 0;
    for (int i = 0; i < s.kernel_h; ++i)
        for (int j = 0; j < s.kernel_w; ++j) {
            const int row = top + i * s.dilation_h, column = left + j * s.dilation_w;
            if (row >= 0 && row < s.height && column >= 0 && column < s.width)
                sum += float(weights[i * s.kernel_w + j]) * float(plane[row * s.width + column]);
        }
    return sum;
}

constexpr int PIXELS = 32, ROWS = 4, CHANNELS = 8;

__global__ void fused(const VAR* input, const VAR* filters, const VAR* weights, VAR* output,
                      Sizes s) {
    __shared__ float filtered[CHANNELS][PIXELS];
    const int pixels = s.h_out * s.w_out, pixel = blockIdx.x * PIXELS + threadIdx.x;
    const int o = blockIdx.y * ROWS + threadIdx.y, batch = blockIdx.z;
    float sum = 0;
    for (int start = 0; start < s.channels; start += CHANNELS) {
        const int count = min(CHANNELS, s.channels - start);
        for (int c = threadIdx.y; c < count; c += ROWS)
            filtered[c][threadIdx.x] =
                pixel < pixels ? filtered_at(input, filters, s, batch, start + c, pixel) : 0.0f;
        __syncthreads();
        if (o < s.outputs)
            for (int c = 0; c < count; ++c)
                sum += float(weights[o * s.channels + start + c]) * filtered[c][threadIdx.x];
        __syncthreads();
    }
    if (pixel < pixels && o < s.outputs)
        output[(size_t(batch) * s.outputs + o) * pixels + pixel] = VAR(sum);
}

extern "C" void solution(const VAR* input, const VAR* depthwise_kernel,
                         const VAR* pointwise_kernel, VAR* output,
                         size_t batch_size, size_t in_channels, size_t out_channels,
                         size_t height, size_t width, size_t kernel_h, size_t kernel_w,
                         size_t stride_h, size_t stride_w, size_t padding_h, size_t padding_w,
                         size_t dilation_h, size_t dilation_w, size_t /* groups */) {
    Sizes s{};
    s.batches = int(batch_size), s.channels = int(in_channels), s.outputs = int(out_channels);
    s.height = int(height), s.width = int(width);
    s.kernel_h = int(kernel_h), s.kernel_w = int(kernel_w);
    s.stride_h = int(stride_h), s.stride_w = int(stride_w);
    s.padding_h = int(padding_h), s.padding_w = int(padding_w);
    s.dilation_h = int(dilation_h), s.dilation_w = int(dilation_w);
    s.h_out = (s.height + 2 * s.padding_h - s.dilation_h * (s.kernel_h - 1) - 1) / s.stride_h + 1;
    s.w_out = (s.width + 2 * s.padding_w - s.dilation_w * (s.kernel_w - 1) - 1) / s.stride_w + 1;
    const int pixels = s.h_out * s.w_out;
    const dim3 blocks((pixels + PIXELS - 1) / PIXELS, (s.outputs + ROWS - 1) / ROWS, s.batches);
    fused<<<blocks, dim3(PIXELS, ROWS)>>>(input, depthwise_kernel, pointwise_kernel, output, s);
}
