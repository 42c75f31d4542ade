"""
What the emulation cannot do, by name: a source that uses it is not wrong, it has to be graded on a
card. Found in the source with its line; comments and strings are not it.

A source is asked only after it did not compile, so what stands behind an `#if` that is not taken,
or in a template that nobody uses, keeps nobody from being graded.
"""

import re
from dataclasses import dataclass

from harness.emulation.tokens import line_of, tokens_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    name: str
    line: int


# headers, and words of the code, by which each is known
_HEADERS = (
    ("CUTLASS or CuTe", r"cutlass/|cute/"),
    ("ThunderKittens", r"kittens"),
    ("cuBLAS", r"cublas"),
    ("cuDNN", r"cudnn"),
    ("cuFFT", r"cufft"),
    ("cuRAND", r"curand"),
    ("cuSPARSE or cuSOLVER", r"cusparse|cusolver"),
    ("CUB", r"cub/"),
    ("Thrust", r"thrust/"),
    ("libcu++ (cuda::std, pipelines, barriers)", r"cuda/"),
    ("warp matrix instructions (wmma)", r"mma\.h"),
    ("asynchronous copies (cp.async)", r"cuda_pipeline|cooperative_groups/memcpy_async"),
    ("texture memory", r"texture_"),
    ("8-bit floats", r"cuda_fp8|cuda_fp6|cuda_fp4"),
    ("the driver's interface", r"cuda\.h|cudaTypedefs\.h|nvrtc"),
    ("PyTorch's C++ interface", r"torch/|ATen/|c10/|pybind11/"),
)
_WORDS = (
    ("inline PTX", r"(?:asm|__asm__|__asm)\b"),
    ("warp matrix instructions (wmma)", r"(?:nvcuda|wmma)\b|__\w*mma_"),
    ("asynchronous copies (cp.async)", r"__pipeline_\w+|memcpy_async\b"),
    ("pipelines and barriers of cuda::", r"cuda\s*::\s*(?:pipeline|barrier|memcpy_async|ptx)"),
    ("libcu++ (cuda::std, cuda::atomic)", r"cuda\s*::\s*(?:std|atomic)\w*"),
    ("tensor maps (TMA)", r"CUtensorMap\w*|cuTensorMap\w+"),
    ("thread block clusters", r"__cluster_dims__|this_cluster\b|cluster_group\b"),
    ("launch attributes", r"cudaLaunchKernelEx\w*|cudaLaunchAttribute\w*"),
    ("CUTLASS or CuTe", r"(?:cutlass|cute)\s*::"),
    ("cuBLAS", r"cublas\w+"),
    ("cuDNN", r"cudnn\w+"),
    ("cuFFT", r"cufft\w+"),
    ("cuRAND", r"curand\w+"),
    ("CUB", r"cub\s*::"),
    ("Thrust", r"thrust\s*::"),
    ("texture memory", r"texture\s*<|tex[123]D\w*\s*[<(]|cudaTextureObject_t\b"),
    ("surface memory", r"surface\s*<|surf[123]D\w*\s*[<(]|cudaSurfaceObject_t\b"),
    ("grid-wide barriers", r"this_grid\b|grid_group\b|cudaLaunchCooperative\w+|this_multi_grid\b"),
    ("CUDA graphs", r"cudaGraph\w+|cudaStreamBeginCapture\b"),
    ("peer and inter-process memory", r"cudaIpc\w+|cudaDeviceEnablePeerAccess\b"),
    ("register redistribution", r"__\w*setmaxnreg\w*"),
    ("8-bit floats", r"__nv_fp8\w*|__nv_fp4\w*|__nv_fp6\w*"),
    ("PyTorch's C++ interface", r"(?:torch|at|c10)\s*::"),
    ("the driver's interface", r"cu(?:Init|Mem[A-Z]|Launch|Module|Ctx|Device[A-Z])\w*"),
    ("warp intrinsics without a mask", r"__(?:shfl(?:_up|_down|_xor)?|ballot|any|all)\s*\("),
)  # fmt: skip
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"\n]*)[>\"]", re.MULTILINE)


def features_of(source: str) -> tuple[Feature, ...]:
    """Everything that would keep it from being emulated, by line, each name once."""
    found: dict[str, int] = {}
    code = _code(source)
    for name, pattern in _WORDS:
        match = re.search(rf"(?<![\w.>])(?:{pattern})", code)
        if match:
            found[name] = line_of(code, match.start())
    for include in _INCLUDE.finditer(_code(source, keep="string")):
        for name, pattern in _HEADERS:
            if re.match(pattern, include.group(1)):
                line = line_of(source, include.start())
                found[name] = min(line, found.get(name, line))
    features = (Feature(name=name, line=line) for name, line in found.items())
    return tuple(sorted(features, key=lambda feature: feature.line))


def _code(source: str, keep: str = "") -> str:
    """The source with blanks for comments and strings, every line on its number."""
    blank = [c if c == "\n" else " " for c in source]
    for token in tokens_of(source):
        if token.kind != "string" or keep == "string":
            blank[token.start : token.end] = source[token.start : token.end]
    return "".join(blank)
