// Arithmetic that both 16-bit formats share: computed as float and rounded once, to nearest, which
// is what the units of a card do for one operation.
#pragma once

#include "grade/atomics.h"
#include "grade/intrinsics.h"

#define GRADE_ONE(T, NAME, EXPRESSION)                                                             \
    inline T NAME(T a) { const float x = (float)a; return T((float)(EXPRESSION)); }
#define GRADE_TWO(T, NAME, EXPRESSION)                                                             \
    inline T NAME(T a, T b) {                                                                      \
        const float x = (float)a, y = (float)b;                                                    \
        return T((float)(EXPRESSION));                                                             \
    }
#define GRADE_ASK(T, NAME, EXPRESSION)                                                             \
    inline bool NAME(T a, T b) { const float x = (float)a, y = (float)b; return EXPRESSION; }
// the same for each half of a pair
#define GRADE_PAIR_ONE(P, NAME, EACH) inline P NAME(P a) { return {EACH(a.x), EACH(a.y)}; }
#define GRADE_PAIR_TWO(P, NAME, EACH)                                                              \
    inline P NAME(P a, P b) { return {EACH(a.x, b.x), EACH(a.y, b.y)}; }
#define GRADE_PAIR_ASK(T, P, NAME, EACH)                                                           \
    inline P __h##NAME##2(P a, P b) {                                                              \
        return {T(EACH(a.x, b.x) ? 1.0f : 0.0f), T(EACH(a.y, b.y) ? 1.0f : 0.0f)};                 \
    }                                                                                              \
    inline bool __hb##NAME##2(P a, P b) { return EACH(a.x, b.x) && EACH(a.y, b.y); }

#define GRADE_NARROW(T, P)                                                                         \
    GRADE_TWO(T, __hadd, x + y)                                                                    \
    GRADE_TWO(T, __hsub, x - y)                                                                    \
    GRADE_TWO(T, __hmul, x * y)                                                                    \
    GRADE_TWO(T, __hdiv, x / y)                                                                    \
    GRADE_TWO(T, __hadd_rn, x + y)                                                                 \
    GRADE_TWO(T, __hsub_rn, x - y)                                                                 \
    GRADE_TWO(T, __hmul_rn, x * y)                                                                 \
    GRADE_TWO(T, __hadd_sat, __saturatef(x + y))                                                   \
    GRADE_TWO(T, __hsub_sat, __saturatef(x - y))                                                   \
    GRADE_TWO(T, __hmul_sat, __saturatef(x * y))                                                   \
    GRADE_TWO(T, __hmax, fmaxf(x, y))                                                              \
    GRADE_TWO(T, __hmin, fminf(x, y))                                                              \
    GRADE_TWO(T, __hmax_nan, x != x || y != y ? NAN : fmaxf(x, y))                                 \
    GRADE_TWO(T, __hmin_nan, x != x || y != y ? NAN : fminf(x, y))                                 \
    GRADE_ONE(T, __hneg, -x)                                                                       \
    GRADE_ONE(T, __habs, fabsf(x))                                                                 \
    inline T __hfma(T a, T b, T c) { return T((double)(float)a * (float)b + (float)c); }           \
    inline T __hfma_sat(T a, T b, T c) { return T(__saturatef(__hfma(a, b, c))); }                 \
    inline T __hfma_relu(T a, T b, T c) { return T(fmaxf((float)__hfma(a, b, c), 0.0f)); }         \
    GRADE_ASK(T, __heq, x == y)                                                                    \
    GRADE_ASK(T, __hne, x < y || x > y)                                                            \
    GRADE_ASK(T, __hlt, x < y)                                                                     \
    GRADE_ASK(T, __hle, x <= y)                                                                    \
    GRADE_ASK(T, __hgt, x > y)                                                                     \
    GRADE_ASK(T, __hge, x >= y)                                                                    \
    GRADE_ASK(T, __hneu, !(x == y))                                                                \
    inline bool __hisnan(T a) { const float x = (float)a; return x != x; }                         \
    inline int __hisinf(T a) { const float x = (float)a; return x == INFINITY ? 1 : x == -INFINITY ? -1 : 0; } \
    GRADE_ONE(T, hexp, expf(x))                                                                    \
    GRADE_ONE(T, hexp2, exp2f(x))                                                                  \
    GRADE_ONE(T, hexp10, grade::exp10_(x))                                                         \
    GRADE_ONE(T, hlog, logf(x))                                                                    \
    GRADE_ONE(T, hlog2, log2f(x))                                                                  \
    GRADE_ONE(T, hlog10, log10f(x))                                                                \
    GRADE_ONE(T, hsqrt, sqrtf(x))                                                                  \
    GRADE_ONE(T, hrsqrt, 1.0 / sqrt((double)x))                                                    \
    GRADE_ONE(T, hrcp, 1.0f / x)                                                                   \
    GRADE_ONE(T, hsin, sinf(x))                                                                    \
    GRADE_ONE(T, hcos, cosf(x))                                                                    \
    GRADE_ONE(T, htanh, tanhf(x))                                                                  \
    GRADE_ONE(T, hceil, ceilf(x))                                                                  \
    GRADE_ONE(T, hfloor, floorf(x))                                                                \
    GRADE_ONE(T, htrunc, truncf(x))                                                                \
    GRADE_ONE(T, hrint, rintf(x))                                                                  \
    inline T operator+(const T& a, const T& b) { return __hadd(a, b); }                            \
    inline T operator-(const T& a, const T& b) { return __hsub(a, b); }                            \
    inline T operator*(const T& a, const T& b) { return __hmul(a, b); }                            \
    inline T operator/(const T& a, const T& b) { return __hdiv(a, b); }                            \
    inline T& operator+=(T& a, const T& b) { return a = __hadd(a, b); }                            \
    inline T& operator-=(T& a, const T& b) { return a = __hsub(a, b); }                            \
    inline T& operator*=(T& a, const T& b) { return a = __hmul(a, b); }                            \
    inline T& operator/=(T& a, const T& b) { return a = __hdiv(a, b); }                            \
    inline T& operator++(T& a) { return a = __hadd(a, T(1.0f)); }                                  \
    inline T& operator--(T& a) { return a = __hsub(a, T(1.0f)); }                                  \
    inline T operator+(const T& a) { return a; }                                                   \
    inline T operator-(const T& a) { return __hneg(a); }                                           \
    inline bool operator==(const T& a, const T& b) { return __heq(a, b); }                         \
    inline bool operator!=(const T& a, const T& b) { return __hneu(a, b); }                        \
    inline bool operator<(const T& a, const T& b) { return __hlt(a, b); }                          \
    inline bool operator<=(const T& a, const T& b) { return __hle(a, b); }                         \
    inline bool operator>(const T& a, const T& b) { return __hgt(a, b); }                          \
    inline bool operator>=(const T& a, const T& b) { return __hge(a, b); }                         \
    GRADE_PAIR_TWO(P, __hadd2, __hadd)                                                             \
    GRADE_PAIR_TWO(P, __hsub2, __hsub)                                                             \
    GRADE_PAIR_TWO(P, __hmul2, __hmul)                                                             \
    GRADE_PAIR_TWO(P, __h2div, __hdiv)                                                             \
    GRADE_PAIR_TWO(P, __hadd2_rn, __hadd)                                                          \
    GRADE_PAIR_TWO(P, __hsub2_rn, __hsub)                                                          \
    GRADE_PAIR_TWO(P, __hmul2_rn, __hmul)                                                          \
    GRADE_PAIR_TWO(P, __hadd2_sat, __hadd_sat)                                                     \
    GRADE_PAIR_TWO(P, __hmul2_sat, __hmul_sat)                                                     \
    GRADE_PAIR_TWO(P, __hmax2, __hmax)                                                             \
    GRADE_PAIR_TWO(P, __hmin2, __hmin)                                                             \
    GRADE_PAIR_ONE(P, __hneg2, __hneg)                                                             \
    GRADE_PAIR_ONE(P, __habs2, __habs)                                                             \
    inline P __hfma2(P a, P b, P c) { return {__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)}; }     \
    GRADE_PAIR_ASK(T, P, eq, __heq)                                                                \
    GRADE_PAIR_ASK(T, P, ne, __hne)                                                                \
    GRADE_PAIR_ASK(T, P, lt, __hlt)                                                                \
    GRADE_PAIR_ASK(T, P, le, __hle)                                                                \
    GRADE_PAIR_ASK(T, P, gt, __hgt)                                                                \
    GRADE_PAIR_ASK(T, P, ge, __hge)                                                                \
    GRADE_PAIR_ONE(P, h2exp, hexp)                                                                 \
    GRADE_PAIR_ONE(P, h2exp2, hexp2)                                                               \
    GRADE_PAIR_ONE(P, h2log, hlog)                                                                 \
    GRADE_PAIR_ONE(P, h2log2, hlog2)                                                               \
    GRADE_PAIR_ONE(P, h2sqrt, hsqrt)                                                               \
    GRADE_PAIR_ONE(P, h2rsqrt, hrsqrt)                                                             \
    GRADE_PAIR_ONE(P, h2rcp, hrcp)                                                                 \
    GRADE_PAIR_ONE(P, h2sin, hsin)                                                                 \
    GRADE_PAIR_ONE(P, h2cos, hcos)                                                                 \
    GRADE_PAIR_ONE(P, h2tanh, htanh)                                                               \
    inline P operator+(const P& a, const P& b) { return __hadd2(a, b); }                           \
    inline P operator-(const P& a, const P& b) { return __hsub2(a, b); }                           \
    inline P operator*(const P& a, const P& b) { return __hmul2(a, b); }                           \
    inline P operator/(const P& a, const P& b) { return __h2div(a, b); }                           \
    inline P& operator+=(P& a, const P& b) { return a = __hadd2(a, b); }                           \
    inline P& operator-=(P& a, const P& b) { return a = __hsub2(a, b); }                           \
    inline P& operator*=(P& a, const P& b) { return a = __hmul2(a, b); }                           \
    inline P operator-(const P& a) { return __hneg2(a); }                                          \
    inline bool operator==(const P& a, const P& b) { return __hbeq2(a, b); }                       \
    inline float __low2float(P a) { return (float)a.x; }                                           \
    inline float __high2float(P a) { return (float)a.y; }                                          \
    inline P __lowhigh2highlow(P a) { return {a.y, a.x}; }                                         \
    inline T atomicAdd(T* address, T value) {                                                      \
        return grade::atomically(address, [=](T old) { return __hadd(old, value); });              \
    }                                                                                              \
    inline P atomicAdd(P* address, P value) {                                                      \
        return grade::atomically(address, [=](P old) { return __hadd2(old, value); });             \
    }

namespace grade {
/** Rounded towards zero, down or up: the neighbour of the nearest, where that went too far. */
template <class T> T rounded_to(float x, int direction) {
    T nearest(x);
    const float got = (float)nearest;
    const bool above = got > x, below = got < x;
    const bool down = direction < 0 || (direction == 0 && x > 0), up = direction > 0 || (direction == 0 && x < 0);
    if ((above && down) || (below && up)) {
        uint16_t bits = bits_as<uint16_t>(nearest);
        bits = (uint16_t)((got > 0) == above ? bits - 1 : bits + 1);
        return bits_as<T>(bits);
    }
    return nearest;
}
}  // namespace grade
