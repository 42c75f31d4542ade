// The arithmetic that CUDA has beyond <math.h>. What is quick and less exact there is exact here.
#pragma once

#include "grade/device.h"

// ---- smaller and larger: functions of their own, so that `using namespace std` decides nothing ---

#define GRADE_EXTREMES(A, B, R)                                                                    \
    constexpr R min(A a, B b) { return (R)a < (R)b ? (R)a : (R)b; }                                \
    constexpr R max(A a, B b) { return (R)a > (R)b ? (R)a : (R)b; }
GRADE_EXTREMES(int, int, int)
GRADE_EXTREMES(unsigned, unsigned, unsigned)
GRADE_EXTREMES(int, unsigned, unsigned)
GRADE_EXTREMES(unsigned, int, unsigned)
GRADE_EXTREMES(long, long, long)
GRADE_EXTREMES(unsigned long, unsigned long, unsigned long)
GRADE_EXTREMES(long, unsigned long, unsigned long)
GRADE_EXTREMES(unsigned long, long, unsigned long)
GRADE_EXTREMES(long long, long long, long long)
GRADE_EXTREMES(unsigned long long, unsigned long long, unsigned long long)
GRADE_EXTREMES(long long, unsigned long long, unsigned long long)
GRADE_EXTREMES(unsigned long long, long long, unsigned long long)
#undef GRADE_EXTREMES

// numbers: one that is none is not the smaller nor the larger
#define GRADE_EXTREMES(A, B, R, F)                                                                 \
    inline R min(A a, B b) { return __builtin_fmin##F((R)a, (R)b); }                               \
    inline R max(A a, B b) { return __builtin_fmax##F((R)a, (R)b); }
GRADE_EXTREMES(float, float, float, f)
GRADE_EXTREMES(double, double, double, )
GRADE_EXTREMES(float, double, double, )
GRADE_EXTREMES(double, float, double, )
#undef GRADE_EXTREMES

inline int umin(unsigned a, unsigned b) { return a < b ? a : b; }
inline int umax(unsigned a, unsigned b) { return a > b ? a : b; }

// ---- functions ----------------------------------------------------------------------------------

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float rsqrt(float x) { return rsqrtf(x); }
inline float rcbrtf(float x) { return 1.0f / cbrtf(x); }
inline double rcbrt(double x) { return 1.0 / cbrt(x); }
inline float sinpif(float x) { return (float)sin(M_PI * fmod((double)x, 2.0)); }
inline float cospif(float x) { return (float)cos(M_PI * fmod((double)x, 2.0)); }
inline double sinpi(double x) { return sin(M_PI * fmod(x, 2.0)); }
inline double cospi(double x) { return cos(M_PI * fmod(x, 2.0)); }
inline void sincospif(float x, float* s, float* c) { *s = sinpif(x); *c = cospif(x); }
inline void sincospi(double x, double* s, double* c) { *s = sinpi(x); *c = cospi(x); }
inline float normcdff(float x) { return (float)(0.5 * erfc(-(double)x * M_SQRT1_2)); }
inline double normcdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }
inline float erfcxf(float x) { return (float)(exp((double)x * x) * erfc((double)x)); }
inline double erfcx(double x) { return exp(x * x) * erfc(x); }
inline float fdividef(float a, float b) { return a / b; }
inline float rhypotf(float a, float b) { return 1.0f / hypotf(a, b); }
inline double rhypot(double a, double b) { return 1.0 / hypot(a, b); }
inline float norm3df(float a, float b, float c) { return sqrtf(a * a + b * b + c * c); }
inline float rnorm3df(float a, float b, float c) { return 1.0f / norm3df(a, b, c); }
inline float norm4df(float a, float b, float c, float d) {
    return sqrtf(a * a + b * b + c * c + d * d);
}
inline float saturate_(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

inline float __saturatef(float x) { return saturate_(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __frsqrt_rn(float x) { return 1.0f / sqrtf(x); }
inline double __drcp_rn(double x) { return 1.0 / x; }

// rounded to nearest, and never fused with what stands beside it
#define GRADE_ROUNDED(NAME, T, EXPRESSION)                                                         \
    __attribute__((noinline)) inline T NAME(T a, T b) { return EXPRESSION; }
GRADE_ROUNDED(__fadd_rn, float, a + b)
GRADE_ROUNDED(__fsub_rn, float, a - b)
GRADE_ROUNDED(__fmul_rn, float, a * b)
GRADE_ROUNDED(__fdiv_rn, float, a / b)
GRADE_ROUNDED(__dadd_rn, double, a + b)
GRADE_ROUNDED(__dsub_rn, double, a - b)
GRADE_ROUNDED(__dmul_rn, double, a * b)
GRADE_ROUNDED(__ddiv_rn, double, a / b)
#undef GRADE_ROUNDED
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline double __dsqrt_rn(double x) { return sqrt(x); }
inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }

// the system's <math.h> declares some of these for itself, so they are macros
namespace grade {
inline float exp10_(float x) { return (float)::pow(10.0, (double)x); }
inline void sincos_(float x, float* s, float* c) { *s = sinf(x); *c = cosf(x); }
}  // namespace grade
#define __expf(x) expf(x)
#define __exp10f(x) ::grade::exp10_(x)
#define __logf(x) logf(x)
#define __log2f(x) log2f(x)
#define __log10f(x) log10f(x)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)
#define __tanf(x) tanf(x)
#define __tanhf(x) tanhf(x)
#define __powf(x, y) powf(x, y)
#define __sincosf(x, s, c) ::grade::sincos_(x, s, c)

// ---- bits ---------------------------------------------------------------------------------------

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
    x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
    x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
    x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
    return __builtin_bswap32(x);
}
inline unsigned long long __brevll(unsigned long long x) {
    return (unsigned long long)__brev((unsigned)x) << 32 | __brev((unsigned)(x >> 32));
}
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
    const uint64_t bytes = (uint64_t)b << 32 | a;
    unsigned result = 0;
    for (int i = 0; i < 4; i++) {
        const unsigned choice = selector >> 4 * i & 0xf;
        unsigned byte = (unsigned)(bytes >> 8 * (choice & 7)) & 0xff;
        if (choice & 8) byte = byte & 0x80 ? 0xff : 0;  // its sign alone
        result |= byte << 8 * i;
    }
    return result;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned by) {
    return (unsigned)((((uint64_t)high << 32 | low) << (by & 31)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned by) {
    return (unsigned)(((uint64_t)high << 32 | low) >> (by & 31));
}
inline int __mulhi(int a, int b) { return (int)((int64_t)a * b >> 32); }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
inline long long __mul64hi(long long a, long long b) { return (long long)((__int128)a * b >> 64); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)((unsigned __int128)a * b >> 64);
}
inline int __mul24(int a, int b) { return (a << 8 >> 8) * (b << 8 >> 8); }
inline unsigned __umul24(unsigned a, unsigned b) { return (a & 0xffffff) * (b & 0xffffff); }
inline unsigned __sad(int a, int b, unsigned c) { return c + (unsigned)(a > b ? a - b : b - a); }
inline int __dp4a(int a, int b, int c) {
    for (int i = 0; i < 4; i++) c += (int)(int8_t)(a >> 8 * i) * (int)(int8_t)(b >> 8 * i);
    return c;
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
    for (int i = 0; i < 4; i++) c += (a >> 8 * i & 0xff) * (b >> 8 * i & 0xff);
    return c;
}

// ---- conversions --------------------------------------------------------------------------------

namespace grade {
template <class To, class From> inline To bits_as(From value) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    memcpy(&to, &value, sizeof to);
    return to;
}
/** Out of range is the nearest there is, and what is no number is 0. */
template <class To, class From> inline To to_whole(From x) {
    if (x != x) return 0;
    const To low = std::is_signed_v<To> ? (To)((To)1 << (8 * sizeof(To) - 1)) : 0;
    const To high = (To)~low;
    return x <= (From)low ? low : x >= (From)high ? high : (To)x;
}
}  // namespace grade

inline int __float_as_int(float x) { return grade::bits_as<int>(x); }
inline unsigned __float_as_uint(float x) { return grade::bits_as<unsigned>(x); }
inline float __int_as_float(int x) { return grade::bits_as<float>(x); }
inline float __uint_as_float(unsigned x) { return grade::bits_as<float>(x); }
inline long long __double_as_longlong(double x) { return grade::bits_as<long long>(x); }
inline double __longlong_as_double(long long x) { return grade::bits_as<double>(x); }
inline int __double2hiint(double x) { return (int)(__double_as_longlong(x) >> 32); }
inline int __double2loint(double x) { return (int)__double_as_longlong(x); }
inline double __hiloint2double(int high, int low) {
    return __longlong_as_double((long long)high << 32 | (unsigned)low);
}

#define GRADE_CONVERT(FROM, F, TO, T, SUFFIX)                                                      \
    inline T __##FROM##2##TO##_rn(F x) { return grade::to_whole<T>(__builtin_rint##SUFFIX(x)); }   \
    inline T __##FROM##2##TO##_rz(F x) { return grade::to_whole<T>(__builtin_trunc##SUFFIX(x)); }  \
    inline T __##FROM##2##TO##_rd(F x) { return grade::to_whole<T>(__builtin_floor##SUFFIX(x)); }  \
    inline T __##FROM##2##TO##_ru(F x) { return grade::to_whole<T>(__builtin_ceil##SUFFIX(x)); }
GRADE_CONVERT(float, float, int, int, f)
GRADE_CONVERT(float, float, uint, unsigned, f)
GRADE_CONVERT(float, float, ll, long long, f)
GRADE_CONVERT(float, float, ull, unsigned long long, f)
GRADE_CONVERT(double, double, int, int, )
GRADE_CONVERT(double, double, uint, unsigned, )
GRADE_CONVERT(double, double, ll, long long, )
GRADE_CONVERT(double, double, ull, unsigned long long, )
#undef GRADE_CONVERT
inline float __int2float_rn(int x) { return (float)x; }
inline float __uint2float_rn(unsigned x) { return (float)x; }
inline float __ll2float_rn(long long x) { return (float)x; }
inline float __ull2float_rn(unsigned long long x) { return (float)x; }
inline double __int2double_rn(int x) { return (double)x; }
inline double __uint2double_rn(unsigned x) { return (double)x; }
inline double __ll2double_rn(long long x) { return (double)x; }
inline float __double2float_rn(double x) { return (float)x; }

// ---- loads, stores and clocks -------------------------------------------------------------------

#define GRADE_LOAD(NAME) template <class T> inline T NAME(const T* from) { return *from; }
GRADE_LOAD(__ldg) GRADE_LOAD(__ldca) GRADE_LOAD(__ldcg) GRADE_LOAD(__ldcs)
GRADE_LOAD(__ldlu) GRADE_LOAD(__ldcv)
#undef GRADE_LOAD
#define GRADE_STORE(NAME) template <class T> inline void NAME(T* to, T value) { *to = value; }
GRADE_STORE(__stwb) GRADE_STORE(__stcg) GRADE_STORE(__stcs) GRADE_STORE(__stwt)
#undef GRADE_STORE

// a counter that goes up, as on a card; <time.h> has a `clock` of its own, which will do as well
inline long long clock64() {
#if defined(__x86_64__)
    return (long long)__builtin_ia32_rdtsc();
#else
    long long ticks;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#endif
}
