"""What is said of faulty sizes, formulas, cases, dtypes, tolerances and inputs."""

from collections.abc import Callable

import pytest

from harness.problem.cases import known_dtypes

Told = Callable[[str], str]
Expected = Callable[..., str]

# what is replaced, by what, then: line, what the caret points to, the fault, the mend
FAULTS = {
    "shape of no tensor": (
        "shapes: {x: [n],", "shapes: {x: [n], z: [n],",
        11, "z:", "`z` is not a pointer parameter", "shapes are for pointer parameters",
    ),
    "tensor without a shape": (
        "shapes: {x: [n],", "shapes: {",
        11, "{", "`x` has no shape", "add `x: [ … ]`",
    ),
    "misspelt size": (
        "[2*half]", "[2*hlf]",
        11, "2*hlf", "shape of y: `hlf` is not a scalar parameter or a `let`",
        "did you mean `half`?",
    ),
    "call in a formula": (
        "[2*half]", "['max(n, 2)']",
        11, "'max", "shape of y: formulas call nothing; use + - * // % ** and comparisons", "",
    ),
    "wrong division": (
        "n // 2", "n / 2",
        10, "n / 2", "let half: `/` does not give whole numbers; write `//`", "",
    ),
    "let of a parameter": (
        "{half: n // 2}", "{half: n // 2, factor: 2}",
        10, "factor", "`factor` is a parameter already", "give the derived size another name",
    ),
    "let before its turn": (
        "{half: n // 2}", "{some: 2*half, half: n // 2}",
        10, "2*half", "let some: `half` is not a scalar parameter or a `let`",
        "use scalar parameters and `let` names",
    ),
    "too many axes": (
        "[2*half]", "[n, 1, 1, 1, 1, 1, 1, 1, 1]",
        11, "[n, 1", "`y` has 9 axes", "at most 8",
    ),
    "case lacks a scalar": (
        "{n: 4, factor: 2}\n  test:\n    - {name: small}\n    - {name: large, n: 8}",
        "{n: 4}\n  test:\n    - {name: small}\n    - {name: large, factor: 2}",
        18, "{name", "case `small` gives no value for factor", "add it here or under `defaults`",
    ),
    "misspelt default": (
        "{n: 4, factor: 2}", "{n: 4, factor: 2, facto: 3}",
        16, "facto:", "`facto` is not a scalar parameter", "did you mean `factor`?",
    ),
    "case gives a tensor": (
        "{name: large, n: 8}", "{name: large, x: 8}",
        19, "x:", "`x` is not a scalar parameter", "cases give scalar parameters",
    ),
    "case breaks a rule": (
        "n: 8", "n: 7",
        19, "{name", "case `large` breaks `require: n % 2 == 0`, where n is 7", "",
    ),
    "axis of nothing": (
        "n: 8", "n: 0",
        19, "{name", "case `large`: axis `n` of `x` is 0", "every axis is at least 1",
    ),
    "tensor beyond all memory": (
        "x: [n]", "x: [n, 2**20, 2**18]",
        19, "{name", f"case `large`: `x` has {2**41} elements", "at most 2**40",
    ),
    "flops that cannot be had": (
        "flops: n", "flops: 8 // (n - 8) + 9",
        19, "{name", "case `large`: flops `8 // (n - 8) + 9`: division by zero", "",
    ),
    "flops below none": (
        "flops: n", "flops: n - 5",
        18, "{name", "case `small`: flops is -1", "",
    ),
    "fewer terms than none": (
        "{reduction: n}", "{reduction: 6 - n}",
        19, "{name", "case `large`: reduction is -2", "",
    ),
    "case twice": (
        "name: large", "name: small",
        19, "{name", "a case named `small` stands on line 18 too", "rename one",
    ),
    "too large for its type": ("n: 8", "n: 256", 19, "256", "n: 256 does not fit uint8_t", ""),
    "negative without a sign": ("n: 8", "n: -2", 19, "-2", "n: -2 does not fit uint8_t", ""),
    "not whole": ("n: 8", "n: 1.5", 19, "1.5", "n: '1.5' is not a whole number", ""),
    "octal": ("n: 8", "n: 010", 19, "010", "n: '010' is not a whole number", ""),
    "sexagesimal": ("n: 8", "n: 1:30", 19, "1:30", "n: '1:30' is not a whole number", ""),
    "word for a number": (
        "factor: 2", "factor: 1e999",
        16, "1e999", "factor: '1e999' is not a number", "write it like 1.0e-4",
    ),
    "infinite": (
        "factor: 2", "factor: 1.0e+999",
        16, "1.0e", "factor: 1.0e+999 is not a finite number", "",
    ),
    "whole but infinite": (
        "factor: 2", f"factor: 1{'0' * 120}e",
        16, "100", f"factor: '1{'0' * 120}e' is not a number", "write it like 1.0e-4",
    ),
    "beyond a float": (
        "factor: 2", "factor: 1.0e+39",
        16, "1.0e", "factor: 1e+39 does not fit float", "",
    ),
    "defined by itself": (
        "{n: 4, factor: 2}", "{n: n + 1, factor: 2}",
        16, "n + 1", "n: `n + 1` uses names that are not scalars of the case", "",
    ),
    "unknown group of cases": (
        "  test:\n", "  tests:\n",
        17, "tests", "`tests` is not a group of cases", "did you mean `test`?",
    ),
    "bench of another device": (
        "  test:\n", "  bench: {tpu: [{}]}\n  test:\n",
        17, "tpu", "no bench cases for `tpu`", "write cpu: or cuda:",
    ),
    "bound without a reason": (
        "{reduction: n}", "{absolute: 0.1}",
        14, "{", "an explicit bound needs its reason", "add `because: …`",
    ),
    "bound below zero": (
        "{reduction: n}", "{relative: -0.1, because: why}",
        14, "-0.1", "relative: a bound below zero admits nothing", "",
    ),
    "unknown tolerance": (
        "{reduction: n}", "exakt",
        14, "exakt", "tolerance `exakt` is not known", "did you mean `exact`?",
    ),
    "unknown distribution": (
        "flops: n", "inputs: {x: nromal}",
        13, "nromal", "distribution `nromal` is not known", "did you mean `normal`?",
    ),
    "unknown dtype": (
        "flops: n", "dtypes: [float23]",
        13, "float23", "dtype `float23` is not known", "did you mean `float32`?",
    ),
    "one rule that is no list": (
        "[n % 2 == 0]", "n % 2 == 0",
        12, "n % 2", "require must be a list", "write `[n % 2 == 0]`",
    ),
    "one axis that is no list": (
        "{x: [n],", "{x: n,",
        11, "n,", "the shape of x must be a list", "write `[n]`",
    ),
    "cases without a group": (
        "  defaults: {n: 4, factor: 2}\n  test:\n    -", "    -",
        16, "- {name: small", "cases must be a mapping",
        "write it like `cases: {test: [{n: 7}, {n: 8}]}`",
    ),
    "case that is no mapping": (
        "{name: large, n: 8}", "8",
        19, "8", "a case must be a mapping", "write it like `{name: small, n: 7}`",
    ),
    "case of a name that is a path": (
        "name: large", "name: ../large",
        19, "../", "'../large' is no name for a case", "letters, digits and . _ + -, up to 64",
    ),
    "too many rules": (
        "[n % 2 == 0]", f"[{','.join('n' * 65)}]",
        12, "[n", "require: 65 entries", "at most 64",
    ),
    "too many cases": (
        "    - {name: large, n: 8}", "    - {}\n" * 256,
        18, "- {name: small", "test cases: 257 entries", "at most 256",
    ),
    "one equals sign": (
        "[n % 2 == 0]", "[n = 4]",
        12, "n = 4", "require: `n = 4` is not a formula; compare with `==`", "",
    ),
    "a caret for a power": (
        "flops: n", "flops: n^2",
        13, "n^2", "flops: `^` is no power; write `**`", "",
    ),
    "a factor before a name": (
        "flops: n", "flops: 2n",
        13, "2n", "flops: `2n` is not a formula; write `*` between factors", "",
    ),
    "a count that is not whole": (
        "flops: n", "flops: 1.0e+9",
        13, "1.0e", "flops must be a whole number or a formula", "like 2*n, or 10**9",
    ),
    "a derived size that cannot be had": (
        "{half: n // 2}", "{half: n // (8 - n)}",
        19, "{name", "case `large`: let half `n // (8 - n)`: division by zero", "",
    ),
    "size beyond counting": (
        "flops: n", "flops: n * 2**60",
        19, "{name", "case `large`: flops `n * 2**60`: the value is beyond 2**62", "",
    ),
    "empty reason": (
        "{reduction: n}", "{absolute: 0.1, because: ''}",
        14, "{", "an explicit bound needs its reason", "add `because: …`",
    ),
    "tolerance that says nothing": (
        "{reduction: n}", "",
        14, "", "tolerance must be a mapping", "write it like `tolerance: {reduction: n}`",
    ),
    "dtype twice": (
        "flops: n", "dtypes: [float32, float32]",
        13, "[float32", "one of the dtypes stands twice", "keep one",
    ),
    "dtypes that are no list": (
        "flops: n", "dtypes: float32",
        13, "float32", "dtypes must be a list", "write `[float32]`",
    ),
    "dtype that is empty": (
        "flops: n", "dtypes: ['']",
        13, "''", "dtype `` is not known",
        f"one of {', '.join(known_dtypes())}",
    ),
    "inputs of a scalar": (
        "flops: n", "inputs: {n: normal}",
        13, "n: normal", "`n` is not a pointer parameter", "cases give the scalars",
    ),
    "bounds without a distribution": (
        "flops: n", "inputs: {x: [0, 1]}",
        13, "[0", "`x`: bounds of which distribution?",
        "{uniform: [-1, 1]}, or {integers: [0, 9]}",
    ),
    "bounds the wrong way round": (
        "flops: n", "inputs: {x: {integers: [6, n]}}",
        18, "{name", "case `small`: `x` is drawn from 6 to 4", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_place_and_mend(
    told: Told, expected: Expected, right: str, name: str
) -> None:
    """One mistake gives one message, which is exactly this one."""
    old, new, line, at, what, mend = FAULTS[name]
    assert old in right
    text = right.replace(old, new, 1)
    assert told(text) == expected(text, line, at, what, mend)
