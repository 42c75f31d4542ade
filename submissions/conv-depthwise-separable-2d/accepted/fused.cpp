// Both stages tile by tile: some rows of every channel are filtered into a tile that stays in the
// cache, and a register-blocked matrix product mixes its channels at once, so the values between
// the stages never travel to memory. For the first stage the padded rows are laid out by the phases
// of the stride: whatever stride and dilation, a tap is then a flat array shifted by a constant.
// grade: problem=conv-depthwise-separable-2d

#include <algorithm>
#include <cstring>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr size_t LANES = 16;
#elif defined(__AVX__)
constexpr size_t LANES = 8;
#else
constexpr size_t LANES = 4;
#endif
constexpr size_t BLOCK = 4 * LANES;           // four sums at a time hide the latency of one
constexpr size_t STRIP_FLOATS = 6 * 1024;     // a channel of a tile fits the first-level cache,
constexpr size_t TILE_FLOATS = 128 * 1024;    // all of them fit the second

// The matrix product keeps ROWS output channels of PIXELS pixels in registers.
constexpr size_t ROWS = 6;
constexpr size_t VECTORS = LANES == 16 ? 4 : 2;
constexpr size_t PIXELS = VECTORS * LANES;

using Vector [[gnu::vector_size(LANES * 4)]] = float;

// One move each, whatever the alignment.
Vector load(const float* from) {
    Vector vector;
    std::memcpy(&vector, from, sizeof vector);
    return vector;
}

void store(float* to, Vector vector) { std::memcpy(to, &vector, sizeof vector); }

// One channel of PIXELS pixels. A tile is an array [panel][channel] of these, so that the matrix
// product runs through it from one end to the other.
struct alignas(sizeof(Vector)) Pixels {
    float at[PIXELS];
};

struct Sizes {
    size_t height, width, kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w,
        dilation_h, dilation_w;

    size_t h_out() const {
        return (height + 2 * padding_h - dilation_h * (kernel_h - 1) - 1) / stride_h + 1;
    }
    size_t w_out() const {
        return (width + 2 * padding_w - dilation_w * (kernel_w - 1) - 1) / stride_w + 1;
    }
};

// The padded input rows of one strip, split by phase: scratch[phase_h][phase_w][line][column].
class Strip {
  public:
    Strip(const Sizes& sizes, size_t rows)
        : s(sizes),
          phases_h(std::min(s.stride_h, s.dilation_h * (s.kernel_h - 1) + 1)),
          phases_w(std::min(s.stride_w, s.dilation_w * (s.kernel_w - 1) + 1)),
          pitch(s.w_out() + s.dilation_w * (s.kernel_w - 1) / s.stride_w),
          lines(rows + s.dilation_h * (s.kernel_h - 1) / s.stride_h),
          scratch(phases_h * phases_w * lines * pitch + BLOCK),
          sums(rows * pitch + BLOCK) {
        for (size_t i = 0; i < s.kernel_h; ++i)
            for (size_t j = 0; j < s.kernel_w; ++j) {
                const size_t down = i * s.dilation_h, right = j * s.dilation_w;
                const size_t phase = down % s.stride_h * phases_w + right % s.stride_w;
                shifts.push_back((phase * lines + down / s.stride_h) * pitch + right / s.stride_w);
            }
    }

    // Fetches what the output rows from `first` on need of one plane. The columns left and right of
    // the image are zero from the start and stay so; which lines lie outside depends on `first`.
    void fetch(const VAR* plane, size_t first) {
        float* to = scratch.data();
        for (size_t phase_h = 0; phase_h < phases_h; ++phase_h)
            for (size_t phase_w = 0; phase_w < phases_w; ++phase_w) {
                const size_t begin = inside_from(0, phase_w), end = inside_from(s.width, phase_w);
                const VAR* from = plane + (begin * s.stride_w + phase_w - s.padding_w);
                for (size_t line = 0; line < lines; ++line, to += pitch) {
                    const size_t row = (first + line) * s.stride_h + phase_h - s.padding_h;
                    if (row < s.height)    // a row above the image wraps round to a huge number
                        copy(to + begin, from + row * s.width, end - begin);
                    else
                        std::fill_n(to, pitch, 0.0f);
                }
            }
    }

    // Convolves `rows` rows of the strip into one channel of a tile of `channels`.
    void convolve(const VAR* weights, size_t rows, Pixels* tile, size_t channels) {
        const size_t w_out = s.w_out(), taps = shifts.size(), end = (rows - 1) * pitch + w_out;
        for (size_t at = 0; at < end; at += BLOCK) {
            Vector sum[4] = {};
            for (size_t tap = 0; tap < taps; ++tap) {
                const float weight = float(weights[tap]);
                const float* from = scratch.data() + shifts[tap] + at;
                for (size_t v = 0; v < 4; ++v) sum[v] += weight * load(from + v * LANES);
            }
            for (size_t v = 0; v < 4; ++v) store(sums.data() + at + v * LANES, sum[v]);
        }
        for (size_t row = 0, pixel = 0; row < rows; ++row)
            for (size_t x = 0; x < w_out;) {
                const size_t count = std::min(w_out - x, PIXELS - pixel % PIXELS);
                std::copy_n(sums.data() + row * pitch + x, count,
                            tile[pixel / PIXELS * channels].at + pixel % PIXELS);
                x += count;
                pixel += count;
            }
    }

  private:
    // Column x of a phase is column x * stride_w + phase - padding_w of the image; this is the
    // least x that is at or right of image column `column`.
    size_t inside_from(size_t column, size_t phase) const {
        const size_t distance = column + s.padding_w;
        if (distance <= phase) return 0;
        return std::min(pitch, (distance - phase + s.stride_w - 1) / s.stride_w);
    }

    // The common strides are constants here, so that the compiler can shuffle whole vectors.
    void copy(float* to, const VAR* from, size_t count) const {
        if (s.stride_w == 1) {
            #pragma omp simd
            for (size_t x = 0; x < count; ++x) to[x] = float(from[x]);
        } else if (s.stride_w == 2) {
            #pragma omp simd
            for (size_t x = 0; x < count; ++x) to[x] = float(from[2 * x]);
        } else {
            for (size_t x = 0; x < count; ++x) to[x] = float(from[x * s.stride_w]);
        }
    }

    Sizes s;
    size_t phases_h, phases_w, pitch, lines;
    std::vector<float> scratch, sums;
    std::vector<size_t> shifts;
};

// ROWS output channels of one panel, of whose vectors only the first `vectors` are wanted.
template <size_t N = VECTORS>
void multiply(const Pixels* panel, const VAR* const (&weights)[ROWS], size_t channels,
              size_t vectors, Pixels (&product)[ROWS]) {
    if constexpr (N > 1)
        if (vectors < N) return multiply<N - 1>(panel, weights, channels, vectors, product);

    Vector sum[ROWS][N] = {};
    for (size_t c = 0; c < channels; ++c) {
        #pragma GCC unroll 8
        for (size_t r = 0; r < ROWS; ++r) {
            const float weight = float(weights[r][c]);
            #pragma GCC unroll 8
            for (size_t v = 0; v < N; ++v) sum[r][v] += weight * load(panel[c].at + v * LANES);
        }
    }
    for (size_t r = 0; r < ROWS; ++r)
        for (size_t v = 0; v < N; ++v) store(product[r].at + v * LANES, sum[r][v]);
}

// Output channels from `first` on, of the `count` pixels of one panel.
void mix(const Pixels* panel, const VAR* pointwise, size_t channels, size_t first,
         size_t out_channels, size_t count, VAR* to, size_t plane) {
    const VAR* weights[ROWS];    // a row too many repeats the last one and is not written
    for (size_t r = 0; r < ROWS; ++r)
        weights[r] = pointwise + std::min(first + r, out_channels - 1) * channels;

    Pixels product[ROWS];
    multiply(panel, weights, channels, (count + LANES - 1) / LANES, product);
    for (size_t r = 0; r < ROWS && first + r < out_channels; ++r) {
        VAR* row = to + (first + r) * plane;
        #pragma omp simd
        for (size_t x = 0; x < count; ++x) row[x] = VAR(product[r].at[x]);
    }
}

}    // namespace

extern "C" void solution(const VAR* input, const VAR* depthwise_kernel,
                         const VAR* pointwise_kernel, VAR* output,
                         size_t batch_size, size_t in_channels, size_t out_channels,
                         size_t height, size_t width, size_t kernel_h, size_t kernel_w,
                         size_t stride_h, size_t stride_w, size_t padding_h, size_t padding_w,
                         size_t dilation_h, size_t dilation_w, size_t /* groups */) {
    const Sizes s{height,   width,     kernel_h,  kernel_w,   stride_h,
                  stride_w, padding_h, padding_w, dilation_h, dilation_w};
    const size_t h_out = s.h_out(), w_out = s.w_out(), plane = h_out * w_out;
    const size_t most = std::clamp<size_t>(
        std::min(STRIP_FLOATS / (width * stride_h), TILE_FLOATS / (in_channels * w_out)), 1, h_out);
    const size_t tiles = (h_out + most - 1) / most;
    const size_t rows_each = (h_out + tiles - 1) / tiles;    // tiles of about one height
    std::vector<Pixels> tile((rows_each * w_out + PIXELS - 1) / PIXELS * in_channels);

    #pragma omp parallel
    {
        Strip strip(s, rows_each);
        for (size_t b = 0; b < batch_size; ++b)
            for (size_t top = 0; top < h_out; top += rows_each) {
                const size_t rows = std::min(rows_each, h_out - top), pixels = rows * w_out;
                #pragma omp for schedule(static)
                for (size_t c = 0; c < in_channels; ++c) {
                    strip.fetch(input + (b * in_channels + c) * height * width, top);
                    strip.convolve(depthwise_kernel + c * kernel_h * kernel_w, rows,
                                   tile.data() + c, in_channels);
                }
                // All threads wait for each other here: the product needs every channel.
                #pragma omp for collapse(2) schedule(static)
                for (size_t first = 0; first < pixels; first += PIXELS)
                    for (size_t o = 0; o < out_channels; o += ROWS)
                        mix(tile.data() + first / PIXELS * in_channels, pointwise_kernel,
                            in_channels, o, out_channels, std::min(PIXELS, pixels - first),
                            output + b * out_channels * plane + top * w_out + first, plane);
            }
    }
}
