// The stand-in for CUDA's own header: what nvcc includes before every source.
#pragma once

#include "grade/redirected.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <math.h>
#include <stdlib.h>

#define __CUDACC__ 1
#define __NVCC__ 1
#define __CUDA_ARCH__ 900
#define __CUDACC_VER_MAJOR__ 12
#define __CUDACC_VER_MINOR__ 4

#define __host__
#define __device__
#define __global__
#define __constant__
#define __managed__
#define __grid_constant__
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __align__(n) alignas(n)
#define __forceinline__ inline __attribute__((always_inline))
#define __inline_hint__

#include "grade/device.h"
#include "grade/warp.h"
#include "grade/atomics.h"
#include "grade/intrinsics.h"
#include "grade/host.h"
