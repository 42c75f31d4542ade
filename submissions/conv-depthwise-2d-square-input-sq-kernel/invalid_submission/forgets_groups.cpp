// Right but for its signature: `groups` is missing from the end of it.
// grade: problem=conv-depthwise-2d-square-input-sq-kernel

extern "C" void solution(const VAR* input, const VAR* kernel, VAR* output,
                         size_t batch_size, size_t in_channels, size_t out_channels,
                         size_t height, size_t width, size_t kernel_h, size_t kernel_w,
                         size_t stride_h, size_t stride_w, size_t padding_h, size_t padding_w,
                         size_t dilation_h, size_t dilation_w) {
    const size_t multiplier = out_channels / in_channels;
    const size_t h_out = (height + 2 * padding_h - dilation_h * (kernel_h - 1) - 1) / stride_h + 1;
    const size_t w_out = (width + 2 * padding_w - dilation_w * (kernel_w - 1) - 1) / stride_w + 1;

    for (size_t b = 0; b < batch_size; ++b)
        for (size_t o = 0; o < out_channels; ++o) {
            const VAR* plane = input + (b * in_channels + o / multiplier) * height * width;
            const VAR* weights = kernel + o * kernel_h * kernel_w;
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
                    *output++ = VAR(sum);
                }
        }
}
