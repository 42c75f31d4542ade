// The second stage is a product of matrices, made from tiles that a block shares.
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

constexpr int TILE = 16;

__global__ void filter(const VAR* input, const VAR* filters, float* filtered, Sizes s) {
    const int pixels = s.h_out * s.w_out, total = s.batches * s.channels * pixels;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < total; i += gridDim.x * blockDim.x) {
        const int plane = i / pixels;
        filtered[i] =
            filtered_at(input, filters, s, plane / s.channels, plane % s.channels, i % pixels);
    }
}

__global__ void combine(const float* filtered, const VAR* weights, VAR* output, Sizes s) {
    __shared__ float left[TILE][TILE], right[TILE][TILE + 1];
    const int pixels = s.h_out * s.w_out;
    const int row = blockIdx.y * TILE + threadIdx.y, column = blockIdx.x * TILE + threadIdx.x;
    const float* planes = filtered + size_t(blockIdx.z) * s.channels * pixels;
    float sum = 0;
    for (int start = 0; start < s.channels; start += TILE) {
        const int across = start + threadIdx.x, down = start + threadIdx.y;
        left[threadIdx.y][threadIdx.x] =
            row < s.outputs && across < s.channels ? float(weights[row * s.channels + across]) : 0.0f;
        right[threadIdx.y][threadIdx.x] =
            down < s.channels && column < pixels ? planes[down * pixels + column] : 0.0f;
        __syncthreads();
        for (int k = 0; k < TILE; ++k) sum += left[threadIdx.y][k] * right[k][threadIdx.x];
        __syncthreads();
    }
    if (row < s.outputs && column < pixels)
        output[(size_t(blockIdx.z) * s.outputs + row) * pixels + column] = VAR(sum);
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
    float* filtered = nullptr;
    cudaMalloc(&filtered, size_t(s.batches) * s.channels * pixels * sizeof(float));
    filter<<<64, 128>>>(input, depthwise_kernel, filtered, s);
    const dim3 tiles((pixels + TILE - 1) / TILE, (s.outputs + TILE - 1) / TILE, s.batches);
    combine<<<tiles, dim3(TILE, TILE)>>>(filtered, pointwise_kernel, output, s);
    cudaFree(filtered);
}
