"""
CUDA C++ becomes C++: what no header can express is rewritten in the text.

    K<<<grid, block>>>(a, b)          (::grade::configure(grid, block), K(a, b))
    __global__ void K(…) { body }     void K(…) { ::grade::run(__func__, [=]() mutable { body }); }
    __shared__ float tile[16], sum;   a reference to the block's memory for each of the names
    extern __shared__ float part[];   a pointer to the memory that the launch asked for

So a launch is an ordinary call, with the overloads, deductions and conversions of C++; it is made
once, and what a thread runs is a copy of the lambda, with parameters of its own. Every line stays
on its line number. Everything else (`__device__`, `threadIdx`, …) is in the headers.
"""

from collections.abc import Iterator, Mapping

from harness.emulation.macros import aliases, define_around
from harness.emulation.shared import Edit, shared_memory
from harness.emulation.tokens import Token, closing, opening, tokens_of

# words that cannot be macros: the compiler's and the system's own headers use them
_WORDS: Mapping[str, str] = {"__noinline__": "__attribute__((noinline))"}
# an instruction of another processor: whatever it says, it must not be assembled for this one
_KEYWORDS = {"return", "else", "do", "if", "while", "for", "switch", "case"}
_ASSEMBLY = {"asm", "__asm__", "__asm"}


def rewrite(source: str) -> str:
    """The same program in C++, line by line."""
    tokens = tokens_of(source)
    edits = [
        *_launches(source, tokens),
        *_kernels(source, tokens),
        *shared_memory(source, tokens),
        *_words(tokens),
    ]
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < done:
            continue  # inside of what was rewritten already
        pieces += [source[done : edit.start], edit.text]
        done = edit.end
    return "".join([*pieces, source[done:]])


# ---- launches -----------------------------------------------------------------------------------


def _launches(source: str, tokens: tuple[Token, ...]) -> Iterator[Edit]:
    for index, token in enumerate(tokens):
        if token.text != "<<<":
            continue
        first, last = _callee(tokens, index - 1), _angles(tokens, index + 1)
        if first is None or last is None:
            continue  # the compiler will say what is wrong with it
        # the name moves behind the configuration, and takes its line breaks along
        kernel = source[tokens[first].start : token.start]
        after = last + 3
        called = after < len(tokens) and tokens[after].text == "("
        end = closing(tokens, after) if called else None
        opened = "::grade::configure(" if end is None else "(::grade::configure("
        yield Edit(tokens[first].start, token.end, opened)
        yield Edit(tokens[last].start, tokens[last + 2].end, f"), {kernel}")
        if end is not None:
            yield Edit(tokens[end].end, tokens[end].end, ")")


def _angles(tokens: tuple[Token, ...], at: int) -> int | None:
    """Where the `>>>` begins that closes a configuration."""
    depth = 0
    for index in range(at, len(tokens) - 2):
        text = tokens[index].text
        depth += (text in "([{") - (text in ")]}")
        if depth < 0 or text == ";":
            return None
        three = tokens[index : index + 3]
        together = three[2].end - three[0].start == len(">>>")
        if depth == 0 and together and all(token.text == ">" for token in three):
            return index
    return None


def _callee(tokens: tuple[Token, ...], at: int) -> int | None:
    """The first token of what is launched: `kernel`, `ns::K<T, 2>`, `(a ? b : c)`."""
    first = _operand(tokens, at)
    while first:
        before = tokens[first - 1].text
        if before not in {"::", ".", "->"}:
            break
        is_scoped = first > 1 and (
            tokens[first - 2].text == ">"
            or (tokens[first - 2].kind == "name" and tokens[first - 2].text not in _KEYWORDS)
        )
        if before == "::" and not is_scoped:
            return first - 1  # `::kernel`
        first = _operand(tokens, first - 2)
    return first


def _operand(tokens: tuple[Token, ...], at: int) -> int | None:
    """A name with the brackets behind it, or an expression in parentheses."""
    index = at
    while index >= 0 and tokens[index].text in {">", ")", "]"}:
        opened = opening(tokens, index)
        if opened is None:
            return None
        named = opened > 0 and tokens[opened - 1].kind == "name"
        if tokens[index].text == ")" and not (named and tokens[opened - 1].text not in _KEYWORDS):
            return opened
        index = opened - 1
    if index < 0 or tokens[index].kind != "name":
        return None
    return index - 1 if index and tokens[index - 1].text == "template" else index


# ---- kernels ------------------------------------------------------------------------------------


def _kernels(source: str, tokens: tuple[Token, ...]) -> Iterator[Edit]:
    names = aliases(source, "__global__")
    for index, token in enumerate(tokens):
        if token.kind != "name" or token.text not in names:
            continue
        body = _body(tokens, index + 1)
        if body is None:
            continue
        begin, end = body
        define = define_around(source, token.start)
        if define is not None and tokens[end].end > define.end():
            continue  # the macro ends before the body: it is an alias, or none of ours
        opened = "{ ::grade::run(__func__, [=]() mutable {"
        yield Edit(tokens[begin].start, tokens[begin].end, opened)
        yield Edit(tokens[end].start, tokens[end].end, "}); }")


def _body(tokens: tuple[Token, ...], at: int) -> tuple[int, int] | None:
    """The braces of the function that begins here; None for a declaration."""
    index = at
    while index < len(tokens):
        text = tokens[index].text
        if text in {";", "}", "#"}:
            return None
        if text == "{":
            end = closing(tokens, index)
            return None if end is None else (index, end)
        if text in {"(", "["}:
            after = closing(tokens, index)
            if after is None:
                return None
            index = after
        index += 1
    return None


# ---- single words -------------------------------------------------------------------------------


def _words(tokens: tuple[Token, ...]) -> Iterator[Edit]:
    for index, token in enumerate(tokens):
        if token.kind != "name":
            continue
        if token.text in _WORDS and (not index or tokens[index - 1].text != "("):
            yield Edit(token.start, token.end, _WORDS[token.text])
        elif token.text in _ASSEMBLY and not _is_empty_assembly(tokens, index):
            yield Edit(token.start, token.end, "grade_inline_assembly")


def _is_empty_assembly(tokens: tuple[Token, ...], at: int) -> bool:
    """`asm volatile("" ::: "memory")` orders memory, on every processor."""
    after = [token.text for token in tokens[at + 1 : at + 4] if token.text not in {
        "volatile", "__volatile__"}]  # fmt: skip
    return after[:2] == ["(", '""']
