// half and half2 under their C++ name.
#pragma once
#include "cuda_fp16.h"
