"""The nouns: frozen, and right about themselves."""

import dataclasses
import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import records
from harness.arena.memory import numpy_dtype
from harness.dtypes import DTYPES, DType
from harness.records import Argument, Fault, Param, Role

NOUNS = [noun for _, noun in inspect.getmembers(records, dataclasses.is_dataclass)]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_record_is_frozen(noun: type) -> None:
    """Frozen, slotted and by keyword: nobody changes a verdict in passing."""
    parameters = noun.__dataclass_params__  # type: ignore[attr-defined]
    assert parameters.frozen
    assert "__slots__" in vars(noun)
    assert all(field.kw_only for field in dataclasses.fields(noun))


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=lambda dtype: dtype.name)
def test_a_dtype_is_what_numpy_says(dtype: DType) -> None:
    """Size and precision are those of the type that arrays have."""
    element = numpy_dtype(dtype)
    assert dtype.size_bytes == element.itemsize
    if dtype.is_float:
        one, two = np.ones(1, element), np.full(1, 2, element)
        assert dtype.eps == float((np.nextafter(one, two) - one)[0])
    else:
        assert dtype.eps == 0.0


@pytest.mark.parametrize(
    ("pointer", "const", "role"),
    [(True, True, Role.INPUT), (True, False, Role.OUTPUT),
     (False, True, Role.SCALAR), (False, False, Role.SCALAR)],
)  # fmt: skip
def test_the_role_follows_from_pointer_and_const(pointer: bool, const: bool, role: Role) -> None:
    """A pointer that is not const is written; what is no pointer is a scalar."""
    assert Param(name="x", dtype=None, pointer=pointer, const=const).role is role


@pytest.mark.parametrize(
    ("shape", "count", "nbytes"), [((), 1, 2), ((3, 1, 4), 12, 24), ((1,), 1, 2)]
)
def test_an_argument_knows_its_size(shape: tuple[int, ...], count: int, nbytes: int) -> None:
    """The product of its axes, times the size of an element."""
    argument = Argument(name="x", role=Role.INPUT, dtype=DTYPES["float16"], shape=shape)
    assert (argument.count, argument.nbytes) == (count, nbytes)


def test_a_fault_without_its_text_is_one_line() -> None:
    """Place and fault, and the mend below where there is one."""
    fault = Fault(line=3, column=7, what="wrong")
    assert fault.render("a.md") == "a.md:3:7: wrong"
    mended = dataclasses.replace(fault, mend="right it")
    assert mended.render("a.md") == "a.md:3:7: wrong\n      mend: right it"


@settings(max_examples=60, deadline=None, database=None)
@given(st.text("ab\tñ ", min_size=1, max_size=40), st.integers(1, 12_000), st.data())
def test_the_caret_points_to_the_column(line: str, number: int, data: st.DataObject) -> None:
    """Under the very character, tabs and long line numbers included."""
    column = data.draw(st.integers(1, len(line)))
    text = "\n" * (number - 1) + line
    _, source, caret = Fault(line=number, column=column, what="x").render("f", text).split("\n")
    assert len(source) == len(caret.rstrip("^")) + len(line) - column + 1
    assert source[len(caret) - 1] == line[column - 1].replace("\t", " ")


def test_the_table_of_dtypes_cannot_be_changed() -> None:
    """It is shared by everybody."""
    with pytest.raises(TypeError):
        DTYPES["float32"] = DTYPES["int8"]  # type: ignore[index]
    assert np.dtype("float32").itemsize == DTYPES["float32"].size_bytes


def test_a_code_frame_is_harmless_and_points_at_its_column() -> None:
    """No control character of a file reaches the terminal, and the caret stays under its column."""
    line = "\x1b[2J" + "a" * 300 + "X" + "b" * 300
    fault = Fault(line=1, column=line.index("X") + 1, what="here")
    source, caret = fault.render("f.md", line).splitlines()[1:3]
    assert "\x1b" not in source
    assert source[caret.index("^")] == "X"
    assert len(source) < 200
