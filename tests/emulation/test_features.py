"""What cannot be emulated is named, with its line, and nothing else is taken for it."""

import pytest

from harness.emulation.features import features_of

USES = {
    "inline PTX": 'asm volatile("mov.u32 %0, %laneid;" : "=r"(x));',
    "warp matrix instructions (wmma)": "nvcuda::wmma::fragment<int> a;",
    "asynchronous copies (cp.async)": "__pipeline_memcpy_async(a, b, 16);",
    "pipelines and barriers of cuda::": "__shared__ cuda::barrier<cuda::thread_scope_block> b;",
    "tensor maps (TMA)": "const __grid_constant__ CUtensorMap map",
    "thread block clusters": "__global__ void __cluster_dims__(2) k();",
    "CUTLASS or CuTe": "#include <cute/tensor.hpp>",
    "cuBLAS": '#include "cublas_v2.h"',
    "cuDNN": "cudnnCreate(&handle);",
    "cuRAND": "#include <curand_kernel.h>",
    "cuFFT": "#include <cufft.h>",
    "CUB": "#include <cub/cub.cuh>",
    "Thrust": "thrust::sort(a, b);",
    "texture memory": "cudaTextureObject_t t;",
    "surface memory": "surf2Dwrite(x, s, 0, 0);",
    "grid-wide barriers": "cg::this_grid().sync();",
    "CUDA graphs": "cudaGraph_t graph;",
    "8-bit floats": "#include <cuda_fp8.h>",
    "PyTorch's C++ interface": "#include <torch/extension.h>",
    "warp intrinsics without a mask": "v += __shfl_down(v, 1);",
}


@pytest.mark.parametrize(("name", "code"), USES.items(), ids=USES.keys())
def test_a_feature_is_named_with_its_line(name: str, code: str) -> None:
    """In the code it is found on its line; in a comment or a string it is not there."""
    (found,) = features_of(f"// first\n\n  {code}\n")
    assert (found.name, found.line) == (name, 3)
    assert not features_of(f'// {code}\nconst char* s = R"x({code})x"; /*\n{code} */\n')


def test_features_come_in_the_order_of_lines() -> None:
    """Each name once, by the line where it is first used."""
    source = "cub::A a;\n#include <cublas.h>\n#include <cub/cub.cuh>\ncublasCreate(&h);\n"
    assert [(each.name, each.line) for each in features_of(source)] == [("CUB", 1), ("cuBLAS", 2)]


def test_what_sounds_alike_is_no_feature() -> None:
    """Names of one's own that contain another's are one's own."""
    assert not features_of(
        "#include <cooperative_groups.h>\n#include <vector>\n"
        "int my_cublas, textures, subcub; struct at {}; v.at(3); cuda_check(x);\n"
        "__shfl_down_sync(m, v, 1); std::at; float tex; bool asm_ = true;\n"
    )
