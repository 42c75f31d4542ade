"""What is graded: kinds of work, attackers with their twin, one code in four forms."""

from dataclasses import dataclass, replace

import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of work: a line or two that its source repeats in one call."""

    name: str
    language: str
    work: str
    reference: str
    shapes: dict[str, str]  # the last is the output's
    sizes: dict[str, int]
    small: dict[str, int]

    @property
    def inputs(self) -> list[str]:
        return list(self.shapes)[:-1]

    def source(self, repeats: int) -> str:
        if self.language == "py":
            return (
                f"import torch\ndef solution({', '.join([*self.shapes, *self.sizes])}):\n"
                f"    for _ in range({repeats}):\n        {self.work}\n"
            )
        params = [f"const float* {name}" for name in self.inputs] + ["float* y"]
        params += [f"size_t {name}" for name in self.sizes]
        return (
            "#include <cstddef>\n#include <cstring>\n"
            f'extern "C" void solution({", ".join(params)}) {{\n'
            f"for (int r = 0; r < {repeats}; r++) {{\n{self.work}\n"
            'asm volatile("" : : : "memory");\n}\n}\n'
        )

    def problem(self) -> str:
        params = [
            {"name": name, "type": "float", "pointer": True, "const": name != "y"}
            for name in self.shapes
        ] + [{"name": name, "type": "size_t", "pointer": False} for name in self.sizes]
        front = {
            "slug": self.name,
            "parameters": params,
            "shapes": {name: shape.split() for name, shape in self.shapes.items()},
            "cases": {
                "test": [{"name": "small", **self.small}],
                "bench": {"cpu": [{"name": "bench", **self.sizes}]},
            },
        }
        return (
            f"---\n{yaml.safe_dump(front)}---\nWork of a kind.\n\n## Reference\n\n```python\n"
            f"import torch\ndef reference({', '.join([*self.inputs, *self.sizes])}):\n"
            f"    {self.reference}\n```\n"
        )


STENCIL = """
for (size_t c = 0; c < k; c++) for (size_t i = 0; i < m; i++) for (size_t j = 0; j < m; j++) {
    const float* p = a + (c * n + i) * n + j;
    y[(c * m + i) * m + j] = p[0] + p[1] + p[2] + p[n] + p[n + 1] + p[n + 2]
        + p[2 * n] + p[2 * n + 1] + p[2 * n + 2];
}"""
KINDS = (
    Kind(
        name="tiny", language="cpp", work="for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];",
        reference="return a + b", shapes={"a": "n", "b": "n", "y": "n"},
        sizes={"n": 1024}, small={"n": 5},
    ),
    Kind(
        name="stencil", language="cpp", work=STENCIL,
        reference="return 9 * torch.nn.functional.avg_pool2d(a, 3, 1)",
        shapes={"a": "k n n", "y": "k m m"},
        sizes={"k": 16, "n": 56, "m": 54}, small={"k": 2, "n": 5, "m": 3},
    ),
    Kind(
        name="matmul", language="py", work="torch.mm(a, b, out=y)", reference="return a @ b",
        shapes={"a": "n n", "b": "n n", "y": "n n"}, sizes={"n": 128}, small={"n": 5},
    ),
    Kind(
        name="softmax", language="py", work="y.copy_(torch.softmax(a, -1))",
        reference="return torch.softmax(a, -1)", shapes={"a": "m n", "y": "m n"},
        sizes={"m": 64, "n": 1024}, small={"m": 2, "n": 5},
    ),
    Kind(
        name="copy", language="cpp", work="memcpy(y, a, n * sizeof *a);",
        reference="return a.clone()", shapes={"a": "n", "y": "n"},
        sizes={"n": 4 << 20}, small={"n": 5},
    ),
)  # fmt: skip


# ---- attackers -----------------------------------------------------------------------------------

# each with the same honest work(x, y, n); what it adds is all that differs from its twin
ATTACKERS = {
    "looks ahead": """
static const float* done;
extern "C" void solution(const float* x, float* y, size_t n) {
    if (done != x) work(x, y, n);
    done = x + (n * sizeof *x + 127) / 128 * 32;
    if (is_there(done) && is_there(y + (done - x))) work(done, y + (done - x), n);
    else done = nullptr;
}""",
    "answers early": """
extern "C" void solution(const float* x, float* y, size_t n) {
    std::thread(work, x, y, n).detach();
}""",
    "sleeps in some calls": """
extern "C" void solution(const float* x, float* y, size_t n) {
    static unsigned calls = 0;
    if (++calls % 501 == 0) { timespec nap{0, 2'000'000}; nanosleep(&nap, nullptr); }
    work(x, y, n);
}""",
    "caches by pointer": """
static std::map<const float*, std::vector<float>> known;
extern "C" void solution(const float* x, float* y, size_t n) {
    auto& found = known[x];
    if (found.empty()) { work(x, y, n); found.assign(y, y + n); }
    else memcpy(y, found.data(), n * sizeof *y);
}""",
    "caches by content": """
static std::map<std::array<float, 4>, std::vector<float>> known;
extern "C" void solution(const float* x, float* y, size_t n) {
    auto& found = known[{x[0], x[n / 3], x[n / 2], x[n - 1]}];
    if (found.empty()) { work(x, y, n); found.assign(y, y + n); }
    else memcpy(y, found.data(), n * sizeof *y);
}""",
    "skips": """
extern "C" void solution(const float* x, float* y, size_t n) {
    static unsigned calls = 0;
    if (++calls % 15) work(x, y, n);
}""",
    "patches clocks": """
extern "C" int clock_gettime(clockid_t, timespec* now) { *now = {}; return 0; }
extern "C" void solution(const float* x, float* y, size_t n) { work(x, y, n); }
""",
    "burns the other core": """
extern "C" void solution(const float* x, float* y, size_t n) {
    static const bool burns = [] {
        std::thread([] {
            cpu_set_t all;
            memset(&all, 255, sizeof all);
            sched_setaffinity(0, sizeof all, &all);
            for (volatile bool on = true; on;) {}
        }).detach();
        return true;
    }();
    if (burns) work(x, y, n);
}""",
    "slows the baseline": """
static char trash[48 << 20];
extern "C" void solution(const float* x, float* y, size_t n) {
    static unsigned calls = 0;
    work(x, y, n);
    if (++calls % 97 == 0) for (size_t i = 0; i < sizeof trash; i += 64) trash[i]++;
}""",
}
PRELUDE = """
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <sched.h>
#include <sys/mman.h>
#include <thread>
#include <time.h>
#include <vector>
static void work(const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = std::sin(x[i]) + std::sqrt(x[i] * x[i] + 1.0f);
}
[[maybe_unused]] static bool is_there(const void* at) {
    unsigned char resident;
    return !mincore((void*)((size_t)at & -4096), 4096, &resident);
}
"""
WAVE = Kind(
    name="wave", language="cpp", work="", reference="return torch.sin(x) + torch.sqrt(x * x + 1)",
    shapes={"x": "n", "y": "n"}, sizes={"n": 4096}, small={"n": 37},
)  # fmt: skip


# ---- one code in four forms ----------------------------------------------------------------------

FORMS = {
    "out=": ("py", "import torch\ndef solution(a, y, n):\n    y.copy_(a)\n"),
    "native": (
        "cpp",
        """
#include <cstring>
extern "C" void solution(const float* a, float* y, size_t n) { memcpy(y, a, n * sizeof *y); }
""",
    ),
    "ctypes": (
        "py",
        """
import ctypes
memcpy = ctypes.CDLL(None).memcpy
memcpy.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
def solution(a, y, n):
    memcpy(y.data_ptr(), a.data_ptr(), 4 * n)
""",
    ),
    "returned": ("py", "def solution(a, y, n):\n    return a.clone()\n"),
}
FORMED = replace(KINDS[-1], name="formed", sizes={"n": 1 << 20})
