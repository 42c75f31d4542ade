#include "pieces.h"

#include <cstdlib>
#include <cstring>

float* const x = (float*)calloc(256, sizeof(float));
float* const y = (float*)calloc(256, sizeof(float));
alignas(64) unsigned char bytes[256];
unsigned counter;
volatile unsigned flag;

void put(float* at, float value) { *at = value; }
float get(const float* at) { return *at; }
void put_volatile(float* at, float value) { *(volatile float*)at = value; }
float get_volatile(const float* at) { return *(volatile const float*)at; }
void put_byte(unsigned char* at) { *at = 1; }
void raise_flag() { flag = 1; }
unsigned see_flag() { return flag; }
struct Big { float values[10]; };
void copy_big(float* to, const float* from) { *(Big*)to = *(const Big*)from; }
void copy_bytes(float* to, const float* from, size_t bytes) { memcpy(to, from, bytes); }
void clear_bytes(float* to, size_t bytes) { memset(to, 0, bytes); }
void clear() { counter = 0; }
void count() { counter++; }
void count_relaxed() { __atomic_store_n(&counter, 1, __ATOMIC_RELAXED); }
void count_and_release() { __atomic_store_n(&counter, 1, __ATOMIC_RELEASE); }
unsigned see_count() { return __atomic_load_n(&counter, __ATOMIC_ACQUIRE); }
