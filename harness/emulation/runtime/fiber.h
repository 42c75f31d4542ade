// Stacks to run on, and the way from one to another.
#pragma once

#include <cstddef>

namespace grade {

/** A place where something was left, to be gone on with. */
struct Fiber;

Fiber* take_fiber(void (*begin)());  // one that will begin with this when it is switched to
void give_fiber(Fiber* fiber);       // it may be the one that runs: until somebody takes it
void switch_fiber(Fiber* from, Fiber* to);
Fiber* this_stack();  // the fiber that stands for the system's own stack

}  // namespace grade
