// Fibers. A switch saves what a call must preserve, on x86-64 by hand: `swapcontext` would ask the
// kernel for the signal mask each time, a hundred times the price.

#include "fiber.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace grade {

constexpr size_t STACK_BYTES = 256 << 10, GUARD_BYTES = 16 << 10, SLAB = 32;
// a block's threads wait at the same depth of their stacks: were these a power of two apart, all
// that they come back to would fight for the same few lines of the cache
constexpr size_t COLOUR_BYTES = 576, COLOURS = 28;

struct Fiber {
#if defined(__x86_64__)
    void* saved;
#else
    ucontext_t context;
#endif
    Fiber* next;
    char* top;
};

static Fiber main_fiber;
static Fiber* spare = nullptr;
static size_t made = 0;

Fiber* this_stack() { return &main_fiber; }

static void make_fibers() {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    char* slab = (char*)mmap(nullptr, SLAB * STACK_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
    Fiber* fibers = (Fiber*)calloc(SLAB, sizeof(Fiber));
    if (slab == MAP_FAILED || !fibers) {
        fputs("no memory for the stacks of a block's threads\n", stderr);
        abort();
    }
    for (size_t i = SLAB; i-- > 0;) {
        char* bottom = slab + i * STACK_BYTES;
        mprotect(bottom, GUARD_BYTES, PROT_NONE);
        fibers[i].top = bottom + STACK_BYTES - (made + i) % COLOURS * COLOUR_BYTES;
        fibers[i].next = spare;
        spare = &fibers[i];
    }
    made += SLAB;
}

void give_fiber(Fiber* fiber) {
    fiber->next = spare;
    spare = fiber;
}

#if defined(__x86_64__)

// The jump instead of a return: it is foretold by where it went before, and all of a block's
// threads mostly come back to the same barrier.
asm(R"(
    .text
    .p2align 4
    .hidden grade_switch
    .globl grade_switch
    .type grade_switch, @function
grade_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rcx
    jmp *%rcx
    .size grade_switch, . - grade_switch
)");
extern "C" __attribute__((visibility("hidden"))) void grade_switch(void** save, void* to);

Fiber* take_fiber(void (*begin)()) {
    if (!spare) make_fibers();
    Fiber* fiber = spare;
    spare = fiber->next;
    // as if `begin` had been called: its return address is 0, where a backtrace ends
    void** stack = (void**)((uintptr_t)fiber->top & ~(uintptr_t)15);
    *--stack = nullptr;
    *--stack = (void*)begin;
    for (int i = 0; i < 6; i++) *--stack = nullptr;
    fiber->saved = stack;
    return fiber;
}

void switch_fiber(Fiber* from, Fiber* to) { grade_switch(&from->saved, to->saved); }

#else

Fiber* take_fiber(void (*begin)()) {
    if (!spare) make_fibers();
    Fiber* fiber = spare;
    spare = fiber->next;
    getcontext(&fiber->context);
    char* bottom = (char*)((uintptr_t)(fiber->top - 1) / STACK_BYTES * STACK_BYTES);
    fiber->context.uc_stack.ss_sp = bottom;
    fiber->context.uc_stack.ss_size = (size_t)(fiber->top - bottom);
    fiber->context.uc_link = nullptr;
    makecontext(&fiber->context, begin, 0);
    return fiber;
}

void switch_fiber(Fiber* from, Fiber* to) { swapcontext(&from->context, &to->context); }

#endif

}  // namespace grade
