// Stacks to run on, and the way from one to another.
#pragma once

#include <cstddef>

namespace grade {

/** A stack of its own. */
struct Fiber;

#if defined(__x86_64__)
typedef void* Left;  // where something was left on its stack, to be gone on with
#else
typedef struct Context* Left;
#endif

Fiber* take_fiber();            // one that nobody runs on
void give_fiber(Fiber* fiber);  // may be the one that runs, until the next is taken
Left begun(Fiber* fiber, void (*begin)());  // what it is left at before it has done anything
Left main_left();               // room for the stack of the system's own

/** Leaves this for `to`; back when somebody switches to what stands in `from` then. */
void switch_fiber(Left* from, Left to);

}  // namespace grade
