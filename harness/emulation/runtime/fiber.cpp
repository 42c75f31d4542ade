// Fibers. A switch saves what a call must preserve, on x86-64 by hand: `swapcontext` would ask the
// kernel for the signal mask each time, at many times the price.

#include "fiber.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace grade {

// A block's threads wait at the same depth of their stacks. Were these a power of two apart, all
// that they come back to would fight for the same few places of the caches, and their pages for
// those of the processor's table of pages: so they are an odd number of pages apart, and begin at
// different lines of a page.
constexpr size_t PAGE = 4096, STACK_BYTES = 65 * PAGE, GUARD_BYTES = 4 * PAGE, SLAB = 32;
constexpr size_t COLOUR_BYTES = 9 * 64, COLOURS = 28;
// what lies so near above a frame is a thread's own for the checker: above a slab it is nobody's
constexpr size_t ABOVE_BYTES = 64 * PAGE;

struct Fiber {
    Fiber* next;
    char *bottom, *top;
};

static Fiber* spare = nullptr;
static size_t made = 0;

static void make_fibers() {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    constexpr size_t BYTES = SLAB * STACK_BYTES;
    char* slab = (char*)mmap(nullptr, BYTES + ABOVE_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
    Fiber* fibers = (Fiber*)calloc(SLAB, sizeof(Fiber));
    if (slab == MAP_FAILED || !fibers) {
        fputs("no memory for the stacks of a block's threads\n", stderr);
        abort();
    }
    mprotect(slab + BYTES, ABOVE_BYTES, PROT_NONE);
    for (size_t i = SLAB; i-- > 0;) {
        char* bottom = slab + i * STACK_BYTES;
        mprotect(bottom, GUARD_BYTES, PROT_NONE);
        char* top = bottom + STACK_BYTES - (made + i) % COLOURS * COLOUR_BYTES;
        fibers[i] = {spare, bottom + GUARD_BYTES, top};
        spare = &fibers[i];
    }
    made += SLAB;
}

Fiber* take_fiber() {
    if (!spare) make_fibers();
    Fiber* fiber = spare;
    spare = fiber->next;
    return fiber;
}

void give_fiber(Fiber* fiber) {
    fiber->next = spare;
    spare = fiber;
}

#if defined(__x86_64__)

// Called and returned from like any function: who is switched to mostly waited at the same call, so
// the processor foretells this return and those that follow it (a jump cost twice as much).
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
    ret
    .size grade_switch, . - grade_switch
)");
extern "C" __attribute__((visibility("hidden"))) void grade_switch(void** from, void* to);

Left begun(Fiber* fiber, void (*begin)()) {
    // as if `begin` had been called: its return address is 0, where a backtrace ends
    void** stack = (void**)((uintptr_t)fiber->top & ~(uintptr_t)15);
    *--stack = nullptr;
    *--stack = (void*)begin;
    for (int i = 0; i < 6; i++) *--stack = nullptr;
    return stack;
}

Left main_left() { return nullptr; }

void switch_fiber(Left* from, Left to) { grade_switch(from, to); }

#else

// what is left lies below a stack's top, so nothing has to be freed
struct Context { ucontext_t context; };
static Context main_context;

Left begun(Fiber* fiber, void (*begin)()) {
    Context* left = (Context*)(((uintptr_t)fiber->top - sizeof(Context)) & ~(uintptr_t)15);
    getcontext(&left->context);
    left->context.uc_stack.ss_sp = fiber->bottom;
    left->context.uc_stack.ss_size = (size_t)((char*)left - fiber->bottom);
    left->context.uc_link = nullptr;
    makecontext(&left->context, begin, 0);
    return left;
}

Left main_left() { return &main_context; }

void switch_fiber(Left* from, Left to) { swapcontext(&(*from)->context, &to->context); }

#endif

}  // namespace grade
