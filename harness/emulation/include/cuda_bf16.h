// __nv_bfloat16 and __nv_bfloat162: the upper half of a float, rounded to nearest, ties to even.
#pragma once

#include "cuda_runtime.h"
#include "grade/narrow.h"

struct __nv_bfloat16_raw { unsigned short x; };

struct __nv_bfloat16 {
    uint16_t bits;

    __nv_bfloat16() = default;
    __nv_bfloat16(__nv_bfloat16_raw raw) : bits(raw.x) {}
    __nv_bfloat16(float number) {
        const uint32_t word = grade::bits_as<uint32_t>(number);
        if ((word & 0x7fffffffu) > 0x7f800000u) bits = 0x7fff;
        else bits = (uint16_t)((word + 0x7fffu + (word >> 16 & 1u)) >> 16);
    }
    // by way of float, rounded to odd there, so that it is rounded once
    __nv_bfloat16(double number) : __nv_bfloat16(odd(number)) {}
    template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
    __nv_bfloat16(T number) : __nv_bfloat16((double)number) {}
    operator float() const { return grade::bits_as<float>((uint32_t)bits << 16); }
    operator __nv_bfloat16_raw() const { return {bits}; }

private:
    static float odd(double number) {
        const float near = (float)number;
        uint32_t word = grade::bits_as<uint32_t>(near);
        if ((double)near == number || number != number || (word & 1) || near - near != 0) return near;
        const bool beyond = (near < 0 ? -(double)near : (double)near) > (number < 0 ? -number : number);
        return grade::bits_as<float>(beyond ? word - 1 : word + 1);
    }
};
struct alignas(4) __nv_bfloat162 {
    __nv_bfloat16 x, y;

    __nv_bfloat162() = default;
    __nv_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) : x(x), y(y) {}
};
typedef __nv_bfloat16 nv_bfloat16;
typedef __nv_bfloat162 nv_bfloat162;

GRADE_NARROW(__nv_bfloat16, __nv_bfloat162)

inline __nv_bfloat162 make_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
inline __nv_bfloat16 __float2bfloat16(float x) { return x; }
inline __nv_bfloat16 __float2bfloat16_rn(float x) { return x; }
inline __nv_bfloat16 __float2bfloat16_rz(float x) { return grade::rounded_to<__nv_bfloat16>(x, 0); }
inline __nv_bfloat16 __float2bfloat16_rd(float x) { return grade::rounded_to<__nv_bfloat16>(x, -1); }
inline __nv_bfloat16 __float2bfloat16_ru(float x) { return grade::rounded_to<__nv_bfloat16>(x, 1); }
inline __nv_bfloat16 __double2bfloat16(double x) { return x; }
inline float __bfloat162float(__nv_bfloat16 x) { return (float)x; }
inline __nv_bfloat162 __float2bfloat162_rn(float x) { return {x, x}; }
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) { return {x, y}; }
inline __nv_bfloat162 __float22bfloat162_rn(float2 v) { return {v.x, v.y}; }
inline float2 __bfloat1622float2(__nv_bfloat162 v) { return {(float)v.x, (float)v.y}; }
inline __nv_bfloat16 __low2bfloat16(__nv_bfloat162 v) { return v.x; }
inline __nv_bfloat16 __high2bfloat16(__nv_bfloat162 v) { return v.y; }
inline __nv_bfloat162 __low2bfloat162(__nv_bfloat162 v) { return {v.x, v.x}; }
inline __nv_bfloat162 __high2bfloat162(__nv_bfloat162 v) { return {v.y, v.y}; }
inline __nv_bfloat162 __lows2bfloat162(__nv_bfloat162 a, __nv_bfloat162 b) { return {a.x, b.x}; }
inline __nv_bfloat162 __highs2bfloat162(__nv_bfloat162 a, __nv_bfloat162 b) { return {a.y, b.y}; }
inline __nv_bfloat162 __bfloat162bfloat162(__nv_bfloat16 x) { return {x, x}; }
inline __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
inline short __bfloat16_as_short(__nv_bfloat16 x) { return (short)x.bits; }
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) { return x.bits; }
inline __nv_bfloat16 __short_as_bfloat16(short bits) { return grade::bits_as<__nv_bfloat16>(bits); }
inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) { return grade::bits_as<__nv_bfloat16>(bits); }
inline __nv_bfloat16 __int2bfloat16_rn(int x) { return x; }
inline __nv_bfloat16 __uint2bfloat16_rn(unsigned x) { return x; }
inline int __bfloat162int_rn(__nv_bfloat16 x) { return __float2int_rn(x); }
inline int __bfloat162int_rz(__nv_bfloat16 x) { return __float2int_rz(x); }
inline unsigned __bfloat162uint_rz(__nv_bfloat16 x) { return __float2uint_rz(x); }

#define CUDART_INF_BF16 __ushort_as_bfloat16(0x7f80)
#define CUDART_NAN_BF16 __ushort_as_bfloat16(0x7fff)
#define CUDART_ZERO_BF16 __ushort_as_bfloat16(0)
#define CUDART_ONE_BF16 __ushort_as_bfloat16(0x3f80)
