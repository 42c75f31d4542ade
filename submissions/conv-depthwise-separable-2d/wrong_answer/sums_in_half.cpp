// MISTAKE: sums the channels in half precision, as a kernel does that was written for tensor cores
// with 16-bit accumulators. The error is that of float16: far too much where float32 is asked.
// grade: problem=conv-depthwise-separable-2d

#include <vector>

extern "C" void solution(const VAR* input, const VAR* depthwise_kernel,
                         const VAR* pointwise_kernel, VAR* output,
                         size_t batch_size, size_t in_channels, size_t out_channels,
                         size_t height, size_t width, size_t kernel_h, size_t kernel_w,
                         size_t stride_h, size_t stride_w, size_t padding_h, size_t padding_w,
                         size_t dilation_h, size_t dilation_w, size_t /* groups */) {
    const size_t h_out = (height + 2 * padding_h - dilation_h * (kernel_h - 1) - 1) / stride_h + 1;
    const size_t w_out = (width + 2 * padding_w - dilation_w * (kernel_w - 1) - 1) / stride_w + 1;
    const size_t pixels = h_out * w_out;

    std::vector<float> filtered(batch_size * in_channels * pixels);
    float* to = filtered.data();
    for (size_t b = 0; b < batch_size; ++b)
        for (size_t c = 0; c < in_channels; ++c) {
            const VAR* plane = input + (b * in_channels + c) * height * width;
            const VAR* weights = depthwise_kernel + c * kernel_h * kernel_w;
            for (size_t y = 0; y < h_out; ++y)
                for (size_t x = 0; x < w_out; ++x) {
                    float sum = 0;
                    for (size_t i = 0; i < kernel_h; ++i)
                        for (size_t j = 0; j < kernel_w; ++j) {
                            // Above or left of the image the difference wraps round to a huge
                            // number, so one comparison on each axis finds both borders.
                            const size_t row = y * stride_h + i * dilation_h - padding_h;
                            const size_t column = x * stride_w + j * dilation_w - padding_w;
                            if (row < height && column < width)
                                sum += float(weights[i * kernel_w + j]) *
                                       float(plane[row * width + column]);
                        }
                    *to++ = sum;
                }
        }

    for (size_t b = 0; b < batch_size; ++b)
        for (size_t o = 0; o < out_channels; ++o)
            for (size_t p = 0; p < pixels; ++p) {
                _Float16 sum = 0;
                for (size_t c = 0; c < in_channels; ++c)
                    sum = _Float16(float(sum) + float(pointwise_kernel[o * in_channels + c]) *
                                                    filtered[(b * in_channels + c) * pixels + p]);
                *output++ = VAR(float(sum));
            }
}
