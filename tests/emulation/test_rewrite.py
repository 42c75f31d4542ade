"""CUDA C++ becomes C++ on the same lines, and nothing else of it changes."""

import pytest

from harness.emulation.rewrite import rewrite

LAUNCHES = {
    "k<<<g, b>>>(x, n);": "(::grade::configure(g, b), k(x, n));",
    "k<<<g, b, s, t>>>();": "(::grade::configure(g, b, s, t), k());",
    "n::K<float, 16><<<1, 2>>>(x);": "(::grade::configure(1, 2), n::K<float, 16>(x));",
    "::k<<<1, 2>>>(x);": "(::grade::configure(1, 2), ::k(x));",
    "return ::k<<<1, 2>>>(x);": "return (::grade::configure(1, 2), ::k(x));",
    "K<(a > b), A<B<int>>><<<1, 2>>>(x);":
        "(::grade::configure(1, 2), K<(a > b), A<B<int>>>(x));",
    "k<<<dim3(A<B<C>>>::n), (n >> 3)>>>(x);":
        "(::grade::configure(dim3(A<B<C>>>::n), (n >> 3)), k(x));",
    "if (n) k<<<1, 2>>>(x); else j<<<1, 2>>>(y);":
        "if (n) (::grade::configure(1, 2), k(x)); else (::grade::configure(1, 2), j(y));",
    "(a ? k : j)<<<1, 2>>>(x);": "(::grade::configure(1, 2), (a ? k : j)(x));",
    "table[i]<<<1, 2>>>(x);": "(::grade::configure(1, 2), table[i](x));",
    "it->second<<<1, 2>>>(x);": "(::grade::configure(1, 2), it->second(x));",
    "T::template K<3><<<1, 2>>>(x);": "(::grade::configure(1, 2), T::template K<3>(x));",
    "NAMED(k)<<<1, 2>>>(x);": "(::grade::configure(1, 2), NAMED(k)(x));",
    "k<<<1, 2>>>(f(a, b)[0], {1, 2});": "(::grade::configure(1, 2), k(f(a, b)[0], {1, 2}));",
    "#define GO k<<<1, 2>>>": "#define GO ::grade::configure(1, 2), k",
}  # fmt: skip


@pytest.mark.parametrize(("cuda", "plain"), LAUNCHES.items(), ids=LAUNCHES.keys())
def test_a_launch_is_a_call(cuda: str, plain: str) -> None:
    """The kernel is called behind its configuration, with its arguments as they were written."""
    assert rewrite(cuda) == plain


UNTOUCHED = (
    "int x = a << b >> c;",
    "A<B<C<int>>> x;",
    'puts("k<<<1, 2>>>(x)"); // k<<<1, 2>>>(x)',
    'auto s = R"x(__global__ void k() { } k<<<1, 1>>>())x";',
    "/* __shared__ float x[3]; */ char c = '\"'; int i = 1'000'000;",
    "__global__ void declared(float* x);",
    "template __global__ void K<float>(float*);",
    "void f() __attribute__((__noinline__));",
    'asm volatile("" ::: "memory");',
    "if (a < b && c > d) f();",
    "k<<<1, 2",
    "__shared__",
    "#define SHARED __shared__",
    "",
)


@pytest.mark.parametrize("source", UNTOUCHED)
def test_the_rest_stays_as_it_is(source: str) -> None:
    """Comments, strings, other signs, and what is only begun are not rewritten."""
    assert rewrite(source) == source


def test_a_kernels_body_is_what_a_thread_runs() -> None:
    """The body becomes a lambda, whatever stands between `__global__` and its brace."""
    for head in ("void k(int n)", "void __launch_bounds__(256, 2) k(int n = f(0))",
                 "static void k(A<B<int>> n) "):  # fmt: skip
        for word in ("__global__", '#define KERNEL extern "C" __global__\nKERNEL'):
            text = rewrite(f"{word} {head} {{ if (n) {{ return; }} }}")
            begun = "{ ::grade::run(__func__, [=]() mutable {"
            assert text == f"{word} {head} {begun} if (n) {{ return; }} }}); }}"


SHARED = {
    "__shared__ float x[4][5];": (("x", "float x[4][5];"),),
    "__shared__ A<B, 2> a, *b, c[1 << 2];":
        (("a", "A<B, 2> a;"), ("b", "A<B, 2> *b;"), ("c", "A<B, 2> c[1 << 2];")),
    "static __shared__ volatile int n;": (("n", "volatile int n;"),),
    "volatile __shared__ int n;": (("n", "volatile int n;"),),
    "__shared__ __align__(16) unsigned char raw[sizeof(T) * N];":
        (("raw", "__align__(16) unsigned char raw[sizeof(T) * N];"),),
    "__shared__ struct { int a; float b; } s;": (("s", "struct { int a; float b; } s;"),),
    "__shared__ typename T::Kind kind[a < b ? 1 : 2];":
        (("kind", "typename T::Kind kind[a < b ? 1 : 2];"),),
}  # fmt: skip


@pytest.mark.parametrize(("cuda", "members"), SHARED.items(), ids=SHARED.keys())
def test_shared_memory_is_a_reference(cuda: str, members: tuple[tuple[str, str], ...]) -> None:
    """Each name of a declaration refers to a type of its own, of which the block has one."""
    text = rewrite(cuda)
    pieces = text.split("struct grade_shared_")[1:]
    assert len(pieces) == len(members)
    for piece, (name, member) in zip(pieces, members, strict=True):
        number, rest = piece.split(" ", 1)
        own = f'::grade::shared<grade_shared_{number}>("{name}").{name};'
        assert rest.strip() == f"{{ {member} }}; auto& {name} = {own}"


@pytest.mark.parametrize("word", ["", "__align__(16) ", "alignas(16) "])
def test_the_launchs_own_memory_is_a_pointer(word: str) -> None:
    """What is `extern` lies where the launch asked for it, at one place for all kernels."""
    for source in (f"extern __shared__ {word}float4 x[];", f"extern {word}__shared__ float4 x[];"):
        assert rewrite(source) == "static float4* const x = (float4*)::grade_dynamic_memory;"


def test_lines_keep_their_numbers() -> None:
    """Whatever is rewritten, what stands behind it stays on its line, in macros too."""
    source = (
        "__global__\nvoid k(float* x,\n  int n)\n{\n  __shared__ float\n    a[3],\n    b;\n"
        "  extern __shared__\n float c[];\n}\n"
        "#define GO(x) \\\n  k \\\n  <<<1, \\\n 2>>>(x)\n"
        "void f() {\n  k<\n  3\n  ><<<dim3(\n 1), 2\n  >>>(\n  x,\n  n);\n  last(); }\n"
    )
    text = rewrite(source)
    assert text.count("\n") == source.count("\n")
    for word in ("last()", "void f()", "#define GO"):
        assert text[: text.index(word)].count("\n") == source[: source.index(word)].count("\n")
    macro = text[text.index("#define GO") : text.index("void f()")].rstrip("\n")
    assert all(line.endswith("\\") for line in macro.split("\n")[:-1])


def test_the_assembly_of_another_processor_is_no_code() -> None:
    """What it says is not assembled; a barrier for the compiler alone stays."""
    assert rewrite('asm volatile("mov.u32 %0, %laneid;" : "=r"(x));').startswith(
        "grade_inline_assembly volatile("
    )
