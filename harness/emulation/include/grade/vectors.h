// The vector types of CUDA with its alignments; they have no operators there, and none here.
#pragma once

#define GRADE_VECTORS(NAME, T, A2, A4)                                                             \
    struct NAME##1 { T x; };                                                                       \
    struct alignas(A2) NAME##2 { T x, y; };                                                        \
    struct NAME##3 { T x, y, z; };                                                                 \
    struct alignas(A4) NAME##4 { T x, y, z, w; };                                                  \
    constexpr NAME##1 make_##NAME##1(T x) { return {x}; }                                          \
    constexpr NAME##2 make_##NAME##2(T x, T y) { return {x, y}; }                                  \
    constexpr NAME##3 make_##NAME##3(T x, T y, T z) { return {x, y, z}; }                          \
    constexpr NAME##4 make_##NAME##4(T x, T y, T z, T w) { return {x, y, z, w}; }

GRADE_VECTORS(char, signed char, 2, 4)
GRADE_VECTORS(uchar, unsigned char, 2, 4)
GRADE_VECTORS(short, short, 4, 8)
GRADE_VECTORS(ushort, unsigned short, 4, 8)
GRADE_VECTORS(int, int, 8, 16)
GRADE_VECTORS(uint, unsigned int, 8, 16)
GRADE_VECTORS(long, long, 16, 16)
GRADE_VECTORS(ulong, unsigned long, 16, 16)
GRADE_VECTORS(longlong, long long, 16, 16)
GRADE_VECTORS(ulonglong, unsigned long long, 16, 16)
GRADE_VECTORS(float, float, 8, 16)
GRADE_VECTORS(double, double, 16, 16)
#undef GRADE_VECTORS

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};
