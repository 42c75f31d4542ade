// half and half2. The value is the compiler's own 16-bit float, so arguments travel as it does.
#pragma once

#include "cuda_runtime.h"
#include "grade/narrow.h"

struct __half_raw { unsigned short x; };

struct __half {
    _Float16 value;

    __half() = default;
    __half(__half_raw raw) : value(grade::bits_as<_Float16>(raw.x)) {}
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    __half(T number) : value((_Float16)number) {}
    operator float() const { return (float)value; }
    operator __half_raw() const { return {grade::bits_as<unsigned short>(value)}; }
};
struct alignas(4) __half2 {
    __half x, y;

    __half2() = default;
    __half2(__half x, __half y) : x(x), y(y) {}
};
typedef __half half;
typedef __half2 half2;
typedef __half __nv_half;
typedef __half2 __nv_half2;

GRADE_NARROW(__half, __half2)

inline __half2 make_half2(__half x, __half y) { return {x, y}; }
inline __half __float2half(float x) { return x; }
inline __half __float2half_rn(float x) { return x; }
inline __half __float2half_rz(float x) { return grade::rounded_to<__half>(x, 0); }
inline __half __float2half_rd(float x) { return grade::rounded_to<__half>(x, -1); }
inline __half __float2half_ru(float x) { return grade::rounded_to<__half>(x, 1); }
inline __half __double2half(double x) { return x; }
inline float __half2float(__half x) { return (float)x; }
inline __half2 __float2half2_rn(float x) { return {x, x}; }
inline __half2 __floats2half2_rn(float x, float y) { return {x, y}; }
inline __half2 __float22half2_rn(float2 v) { return {v.x, v.y}; }
inline float2 __half22float2(__half2 v) { return {(float)v.x, (float)v.y}; }
inline __half __low2half(__half2 v) { return v.x; }
inline __half __high2half(__half2 v) { return v.y; }
inline __half2 __low2half2(__half2 v) { return {v.x, v.x}; }
inline __half2 __high2half2(__half2 v) { return {v.y, v.y}; }
inline __half2 __lows2half2(__half2 a, __half2 b) { return {a.x, b.x}; }
inline __half2 __highs2half2(__half2 a, __half2 b) { return {a.y, b.y}; }
inline __half2 __half2half2(__half x) { return {x, x}; }
inline __half2 __halves2half2(__half x, __half y) { return {x, y}; }
inline short __half_as_short(__half x) { return grade::bits_as<short>(x); }
inline unsigned short __half_as_ushort(__half x) { return grade::bits_as<unsigned short>(x); }
inline __half __short_as_half(short bits) { return grade::bits_as<__half>(bits); }
inline __half __ushort_as_half(unsigned short bits) { return grade::bits_as<__half>(bits); }
inline __half __int2half_rn(int x) { return x; }
inline __half __uint2half_rn(unsigned x) { return x; }
inline __half __short2half_rn(short x) { return x; }
inline __half __ll2half_rn(long long x) { return x; }
inline int __half2int_rn(__half x) { return __float2int_rn(x); }
inline int __half2int_rz(__half x) { return __float2int_rz(x); }
inline int __half2int_rd(__half x) { return __float2int_rd(x); }
inline int __half2int_ru(__half x) { return __float2int_ru(x); }
inline unsigned __half2uint_rn(__half x) { return __float2uint_rn(x); }
inline unsigned __half2uint_rz(__half x) { return __float2uint_rz(x); }
inline short __half2short_rn(__half x) { return (short)__float2int_rn(x); }

#define CUDART_INF_FP16 __ushort_as_half(0x7c00)
#define CUDART_NAN_FP16 __ushort_as_half(0x7fff)
#define CUDART_ZERO_FP16 __ushort_as_half(0)
#define CUDART_ONE_FP16 __ushort_as_half(0x3c00)
#define CUDART_MAX_NORMAL_FP16 __ushort_as_half(0x7bff)
