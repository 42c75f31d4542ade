"""What a box says of a module is believed in form alone."""

import pytest

from harness.drafting.sketch import Garbled, Refusal, read_sketch

LINES = (
    "subject\tfunction\tdouble\tplain",
    "input\tx\tfloat32\tnormal\t-\t-\tderived\ts0; 4",
    "returns\tone",
    "output\tfloat32\town\tkeeps\ts0 * 4",
    "size\ts0",
    "case\ttest\t7",
    "end",
)
WHOLE = "\n".join(LINES)


def test_a_whole_answer_is_read() -> None:
    """Tensors, formulas and cases come out as they were said."""
    sketch = read_sketch(WHOLE)
    assert sketch.entry == "double"
    assert sketch.tensors[0].axes == ("s0", "4")
    assert sketch.outputs[0].axes == ("s0 * 4",)
    assert sketch.cases == [("test", (7,))]


@pytest.mark.parametrize(
    ("line", "other"),
    [
        (6, ""),
        (6, "end\nmore"),
        (0, "subject\tfunction\tdouble\tplain\textra"),
        (0, "import\tos"),
        (1, LINES[1].replace("s0; 4", "__import__('os')")),
        (1, LINES[1].replace("s0; 4", "s0 ** s7")),
        (1, LINES[1].replace("derived", "sworn")),
        (3, LINES[3].replace("s0 * 4", 's0; "]}')),
        (4, "size\tbatch"),
        (5, "case\ttest\t7\t8"),
        (5, "case\ttest\t-7"),
        (5, f"case\ttest\t{2**50}"),
        (5, "case\tlast\t7"),
    ],
)
def test_what_is_no_answer_is_refused(line: int, other: str) -> None:
    """Lines, words, formulas and numbers that the box does not say of itself are not taken."""
    lines = [*LINES[:line], other, *LINES[line + 1 :]]
    with pytest.raises(Garbled):
        read_sketch("\n".join(lines))


@pytest.mark.parametrize(
    ("line", "other", "words"),
    [
        (0, "error\t3\tit raised\tmend it", "it raised"),
        (0, "subject\tfunction\tdüble\tplain", "is no name"),
        (1, LINES[1].replace("\tx\t", '\tx"}\t'), "is no name"),
        (1, LINES[1].replace("float32", "complex64"), "complex64"),
        (2, "scalar\tfactor\tfloat\tinf", "no finite number"),
    ],
)
def test_what_has_no_place_in_a_problem_is_told(line: int, other: str, words: str) -> None:
    """Names, types and numbers that a problem cannot have are the author's to change."""
    lines = [*LINES[:line], other, *LINES[line + 1 :]]
    with pytest.raises(Refusal, match=words):
        read_sketch("\n".join(lines))
