"""What is said of a faulty file: line, column, the fault, the place under a caret, the mend."""

from collections.abc import Callable

import pytest

Told = Callable[[str], str]
Expected = Callable[..., str]

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
        3, "!!", "the tag !!python/object/apply:os.system is not read",
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
    "a key that is a list": (
        "title: Scale", "? [a]\n: Scale",
        3, "[a]", "a key of the front matter must be a word", "",
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


def test_a_message_looks_like_a_compilers(told: Told, right: str) -> None:
    """File, line, column and fault; the source with a caret; the mend."""
    assert told(right.replace("type: float,", "type: flaot,")) == (
        "problem.md:9:26: the type `flaot` is not known\n"
        "    9 |   - {name: factor, type: flaot, pointer: false}\n"
        "                                 ^\n"
        "      mend: did you mean `float`?"
    )


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
