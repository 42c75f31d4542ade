// Tiles that stick out below write beyond the plane: the guard of the rows is missing.
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

constexpr int SIDE = 8;  // of the tile of results that a block makes

__global__ void convolve(const VAR* input, const VAR* kernel, VAR* output, Sizes s, int rows,
                         int columns) {
    extern __shared__ float shared[];
    float* weights = shared;
    float* patch = shared + s.kernel_h * s.kernel_w;
    const int plane = blockIdx.z, own = threadIdx.y * SIDE + threadIdx.x;
    const VAR* from = plane_of(input, s, plane);
    const int top = blockIdx.y * SIDE * s.stride_h - s.padding_h;
    const int left = blockIdx.x * SIDE * s.stride_w - s.padding_w;
    for (int i = own; i < s.kernel_h * s.kernel_w; i += SIDE * SIDE)
        weights[i] = float(kernel[size_t(plane % s.outputs) * s.kernel_h * s.kernel_w + i]);
    for (int i = own; i < rows * columns; i += SIDE * SIDE) {
        const int row = top + i / columns, column = left + i % columns;
        const bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
        patch[i] = inside ? float(from[row * s.width + column]) : 0.0f;
    }
    __syncthreads();
    const int y = blockIdx.y * SIDE + threadIdx.y, x = blockIdx.x * SIDE + threadIdx.x;
    if (x >= s.w_out) return;
    const float* start = patch + threadIdx.y * s.stride_h * columns + threadIdx.x * s.stride_w;
    float sum = 0;
    for (int i = 0; i < s.kernel_h; ++i)
        for (int j = 0; j < s.kernel_w; ++j)
            sum += weights[i * s.kernel_w + j] *
                   start[i * s.dilation_h * columns + j * s.dilation_w];
    output[(size_t(plane) * s.h_out + y) * s.w_out + x] = VAR(sum);
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
    const int rows = (SIDE - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
    const int columns = (SIDE - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
    const size_t bytes = (s.kernel_h * s.kernel_w + size_t(rows) * columns) * sizeof(float);
    const dim3 blocks((s.w_out + SIDE - 1) / SIDE, (s.h_out + SIDE - 1) / SIDE, planes);
    convolve<<<blocks, dim3(SIDE, SIDE), bytes>>>(input, kernel, output, s, rows, columns);
}
