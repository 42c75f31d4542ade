// bfloat16 under its C++ name.
#pragma once
#include "cuda_bf16.h"
