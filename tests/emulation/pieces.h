// What kernels do, a piece at a time. These are compiled as kernels are for the checker; scenarios.cpp is not.

#pragma once

#include <cstddef>

extern float* const x;  // 256 elements each, of which 128 are lent
extern float* const y;
extern unsigned char bytes[256];
extern unsigned counter;

void put(float* at, float value);
float get(const float* at);
void put_volatile(float* at, float value);
float get_volatile(const float* at);
void put_byte(unsigned char* at);
void raise_flag();
unsigned see_flag();
void copy_big(float* to, const float* from);  // a structure of 40 bytes
void copy_bytes(float* to, const float* from, size_t bytes);
void clear_bytes(float* to, size_t bytes);
void clear();
void count();
void count_relaxed();
void count_and_release();
unsigned see_count();
