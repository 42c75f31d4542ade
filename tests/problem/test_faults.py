"""What is said of a faulty file: line, column, the fault, the place under a caret, the mend."""

import itertools
import time
from collections.abc import Callable

import pytest

from harness.problem.cases import known_dtypes
from harness.problem.fields import MAX_FAULTS
from harness.problem.marks import MAX_LENGTH

Told = Callable[[str], str]


def _expected(text: str, line: int, at: str, what: str, mend: str) -> str:
    """The message as it must be: `at` is what the caret points to, on that line."""
    source = text.splitlines()[line - 1]
    # what is missing is missed behind the colon
    column = source.index(at.removesuffix("\n")) + 1 if at else source.index(":") + 2
    column = len(source) if at.endswith("\n") else column
    caret = " " * (len("    1 | ") + column - 1) + "^"
    message = f"problem.md:{line}:{column}: {what}\n{line:>5} | {source}\n{caret}"
    return f"{message}\n      mend: {mend}" if mend else message


# what is replaced, by what, then: line, what the caret points to, the fault, the mend
FAULTS = {
    "misspelt key": (
        "difficulty: EASY", "dificulty: EASY",
        4, "dificulty", "`dificulty` is not a key", "did you mean `difficulty`?",
    ),
    "misspelt parameter key": (
        "const: false}", "const: false, constnt: false}",
        7, "constnt", "`constnt` is not a key of a parameter", "did you mean `constant`?",
    ),
    "misspelt parameter key that must be there": (
        "pointer: true, const: true}", "pointr: true, const: true}",
        6, "pointr", "`pointr` is not a key of a parameter", "did you mean `pointer`?",
    ),
    "unknown parameter key": (
        "const: true}", "const: true, colour: red}",
        6, "colour", "`colour` is not a key of a parameter",
        "one of name, type, pointer, const, constant",
    ),
    "bad boolean": (
        "pointer: true, const: true}", "pointer: true, const: NO}",
        6, "NO", "const is neither true nor false: 'NO'", "write true or false",
    ),
    "boolean as number": (
        "pointer: true, const: true}", "pointer: true, const: 1}",
        6, "1}", "const is neither true nor false: '1'", "write true or false",
    ),
    "misspelt type": (
        "type: uint8_t", "type: unit8_t",
        8, "unit8_t", "the type `unit8_t` is not known", "did you mean `uint8_t`?",
    ),
    "const and constant": (
        "const: true}", "const: true, constant: false}",
        6, "false}", "`x`: const and constant disagree", "keep `const`",
    ),
    "pointer not said": (
        "type: uint8_t, pointer: false", "type: uint8_t",
        8, "{name", "`n` does not say whether it is a pointer", "add `pointer: true|false`",
    ),
    "const not said": (
        "pointer: true, const: true}", "pointer: true}",
        6, "{name", "`x`: read or written?", "add `const: true` (read) or `const: false`",
    ),
    "key twice": (
        "title: Scale", "title: Scale\ntitle: Scales",
        4, "title", "`title` stands twice", "keep one; the first is on line 3",
    ),
    "parameter twice": (
        "let:", "  - {name: n, type: int, pointer: false}\nlet:",
        10, "n, type", "a second parameter named `n`", "rename one",
    ),
    "parameter without a name": (
        "let:", "  - {type: int, pointer: false}\nlet:",
        10, "{type", "the parameter has no `name`", "add `name: …`",
    ),
    "reserved in C++": (
        "{half: n // 2}", "{half: n // 2, register: 2}",
        10, "register", "let `register` is a reserved word in C++ or Python", "call it `register_`",
    ),
    "reserved in Python": (
        "{half: n // 2}", "{half: n // 2, lambda: 2}",
        10, "lambda", "let `lambda` is a reserved word in C++ or Python", "call it `lambda_`",
    ),
    "name of the entry": (
        "{half: n // 2}", "{half: n // 2, solution: 2}",
        10, "solution", "let `solution` is a reserved word in C++ or Python", "call it `solution_`",
    ),
    "not a name": (
        "{half: n // 2}", "{half: n // 2, 2nd: 2}",
        10, "2nd", "let '2nd' is not a name", "letters, digits and _, no digit first",
    ),
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
    "anchor": (
        "defaults: {n", "defaults: &d {n",
        16, "&d", "anchors and aliases are not read", "write it out",
    ),
    "alias": (
        "title: Scale", "title: *d",
        3, "*d", "anchors and aliases are not read", "write it out",
    ),
    "tag": (
        "title: Scale", "title: !!python/object/apply:os.system [ls]",
        3, "!!", "the tag tag:yaml.org,2002:python/object/apply:os.system is not read",
        "remove the tag",
    ),
    "escaped control character": (
        "title: Scale", 'title: "\\e[31m"',
        3, '"', "a control character", "remove it",
    ),
    "lone surrogate": (
        "title: Scale", 'title: "\\ud800"',
        3, '"', "a control character", "remove it",
    ),
    "nested too deep": (
        "title: Scale", f"title: {'[' * 11}{{a: [b]}}{']' * 11}",
        3, "{a", "nested deeper than 12 levels", "",
    ),
    "bad slug": (
        "slug: scale", "slug: ../scale",
        2, "../", "'../scale' is not a slug",
        "write `scale`: lower-case letters, digits, - and _, up to 64",
    ),
    "bad difficulty": (
        "difficulty: EASY", "difficulty: easy",
        4, "easy", "difficulty `easy` is not known", "one of EASY, MEDIUM, HARD",
    ),
    "unknown distribution": (
        "flops: n", "inputs: {x: nromal}",
        13, "nromal", "distribution `nromal` is not known", "did you mean `normal`?",
    ),
    "unknown dtype": (
        "flops: n", "dtypes: [float23]",
        13, "float23", "dtype `float23` is not known", "did you mean `float32`?",
    ),
    "not YAML": (
        "title: Scale", "title: a: b",
        3, ": b", "not valid YAML: mapping values are not allowed here",
        "quote a value that holds a colon; begin keys in one column",
    ),
    "colon without a blank": (
        "title: Scale", "title:Scale",
        3, "title", "not valid YAML: could not find expected ':'",
        "write `key: value`, with a blank behind the colon",
    ),
    "bracket left open": (
        "x: [n],", "x: [n,",
        11, "}", "not valid YAML: expected ',' or ']', but got '}'",
        "close the bracket, or quote the value that holds one",
    ),
    "a star at the beginning": (
        "title: Scale", "title: *bold*",
        3, "*\n", "not valid YAML: expected alphabetic or numeric character, but found '*'",
        "put the value in quotes",
    ),
    "a sign that YAML keeps to itself": (
        "title: Scale", "title: @scale",
        3, "@", "not valid YAML: found character '@' that cannot start any token",
        "put the value in quotes",
    ),
    "value that is a comment": (
        "title: Scale", "title: # 1 scale",
        3, "", "title is empty", "write a value, in quotes if it begins with #",
    ),
    "title that is a list": (
        "title: Scale", "title: [new]",
        3, "[new", "title must be text", "put it in quotes",
    ),
    "title of two lines": (
        "title: Scale", 'title: "Scale\\nit"',
        3, '"', "title has several lines", "make it one, or fold it with `>`",
    ),
    "empty slug": (
        "slug: scale", "slug: ''",
        2, "''", "'' is not a slug",
        "write `problem`: lower-case letters, digits, - and _, up to 64",
    ),
    "name that is empty": (
        "{half: n // 2}", "{half: n // 2, '': 2}",
        10, "''", "let '' is not a name", "letters, digits and _, no digit first",
    ),
    "type of C with a star": (
        "type: float,", "type: const double*,",
        9, "const double", "the type `const double*` is not known",
        "write `double` and `pointer: true`",
    ),
    "type of C that depends on the machine": (
        "type: float,", "type: unsigned long,",
        9, "unsigned long", "the type `unsigned long` is not known", "did you mean `uint64_t`?",
    ),
    "type of another library": (
        "type: float,", "type: std::size_t,",
        9, "std", "the type `std::size_t` is not known", "did you mean `size_t`?",
    ),
    "two types": (
        "type: float,", "type: [float, half],",
        9, "[float", "type must be text", "put it in quotes",
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
    "a key that is a list": (
        "title: Scale", "? [a]\n: Scale",
        3, "[a]", "a key of the front matter must be a word", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_place_and_mend(told: Told, right: str, name: str) -> None:
    """One mistake gives one message, which is exactly this one."""
    old, new, line, at, what, mend = FAULTS[name]
    assert old in right
    text = right.replace(old, new, 1)
    assert told(text) == _expected(text, line, at, what, mend)


def test_a_message_looks_like_a_compilers(told: Told, right: str) -> None:
    """File, line, column and fault; the source with a caret; the mend."""
    assert told(right.replace("type: float,", "type: flaot,")) == (
        "problem.md:9:26: the type `flaot` is not known\n"
        "    9 |   - {name: factor, type: flaot, pointer: false}\n"
        "                                 ^\n"
        "      mend: did you mean `float`?"
    )


WHOLE_FILES = {
    "no opening rule": (
        "\nslug: scale\ntitle: Scale\n---\n", 2, "slug", "the front matter does not begin the file",
        "the first line is `---` alone, then come the keys, then `---`",
    ),
    "a heading before": (
        "# Scale\n\n---\nslug: scale\n---\n", 4, "slug",
        "the front matter does not begin the file",
        "the first line is `---` alone, then come the keys, then `---`",
    ),
    "a key on the opening rule": (
        "--- slug: scale\n---\n", 1, "---", "the front matter does not begin the file",
        "the first line is `---` alone, then come the keys, then `---`",
    ),
    "no end": (
        "---\nslug: scale\n", 1, "---", "the front matter has no end", "close it with a line `---`",
    ),
    "nothing between": (
        "---\n---\nScale it.\n", 1, "---", "the front matter is empty", "write `key: value` lines",
    ),
    "a list": (
        "---\n- slug\n---\n", 2, "-", "the front matter is not a mapping",
        "write `key: value` lines",
    ),
    "after blank lines": (
        "\n\n---\n\n\nslg: scale\n---\n", 6, "slg", "`slg` is not a key", "did you mean `slug`?",
    ),
    "control character": (
        "---\nslug: scale\ntitle: a\x1b[31m\n---\n", 3, "\x1b", "a control character", "remove it",
    ),
    "billion laughs": (
        "---\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n---\n", 2, "&a",
        "anchors and aliases are not read", "write it out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_a_broken_frame_is_told_with_its_place(told: Told, name: str) -> None:
    """Files whose front matter is missing, open, empty, shifted or a trap."""
    text, line, at, what, mend = WHOLE_FILES[name]
    # a control character is shown as a blank: it must not act in the terminal
    assert told(text) == _expected(text, line, at, what, mend).replace("\x1b", " ")


def test_all_faults_are_told_at_once(told: Told, right: str) -> None:
    """Faults of every kind come in one go, in the order of the file, each once."""
    text = right
    for old, new in (
        ("difficulty: EASY", "difficulty: SIMPLE"),
        ("type: uint8_t", "type: unit8_t"),
        ("const: true}", "const: maybe}"),
        ("[2*half]", "[2*hlf]"),
        ("factor: 2}", "factor: two}"),
        ("name: large", "nam: large"),
    ):
        text = text.replace(old, new)
    heads = [line for line in told(text).splitlines() if line.startswith("problem.md:")]
    assert [head.split(": ", 1)[0] for head in heads] == [
        "problem.md:4:13", "problem.md:6:52", "problem.md:8:21", "problem.md:11:22",
        "problem.md:16:28", "problem.md:19:8",
    ]  # fmt: skip


def test_an_impossible_character_is_told(told: Told, right: str) -> None:
    """An escape beyond Unicode, over which PyYAML stumbles, is a fault like others."""
    message = told(right.replace("title: Scale", 'title: "\\UFFFFFFFF"'))
    assert message.startswith(
        "problem.md:1:1: not valid YAML: an escape in quotes that is no character"
    )


def test_faults_of_whole_numbers_beyond_reason_are_told(told: Told, right: str) -> None:
    """A number of five thousand digits is a fault, not a crash."""
    assert "problem.md:19:24: n: " in told(right.replace("n: 8", "n: " + "9" * 5000))
    assert "problem.md:16:28: factor: " in told(right.replace("factor: 2", "factor: " + "9" * 5000))


def test_faults_without_end_are_told_up_to_a_number(told: Told) -> None:
    """A file that is wrong everywhere is told a hundred faults, at once."""
    for line in ("title{}: x", "slug: {}"):
        text = (
            "---\n" + "\n".join(line.format(i) for i in range(2500)) + "\n---\n" + "x\n" * 400_000
        )
        assert told(text).count("mend:") == MAX_FAULTS


@pytest.mark.parametrize("size", [MAX_LENGTH, MAX_LENGTH + 1])
def test_a_front_matter_has_a_limit_of_its_own(told: Told, size: int) -> None:
    """The limit can be reached; what is beyond it is told before it is read."""
    filler = "x" * (size - len("\nslg: \n"))
    message = told(f"---\nslg: {filler}\n---\n")
    if size > MAX_LENGTH:
        assert message.startswith(
            f"problem.md:1:1: the front matter is longer than {MAX_LENGTH} characters"
        )
    else:
        assert "`slg` is not a key" in message


BOMB = "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
    for before, name in itertools.pairwise("abcdefghijklmnopqrstuvwxyz")
)


def test_a_bomb_of_aliases_goes_off_in_no_time(told: Told) -> None:
    """It is refused at its first anchor, in fifty milliseconds at most."""
    text = f"---\na: &a [x, x, x, x, x, x, x, x, x]\n{BOMB}\n---\n"
    spent = []
    for _ in range(5):
        begin = time.perf_counter()
        assert "problem.md:2:4: anchors and aliases are not read" in told(text)
        spent.append(time.perf_counter() - begin)
    assert min(spent) < 0.05
