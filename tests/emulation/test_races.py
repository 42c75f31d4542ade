"""The order of programs at each element, without Triton: what conflicts, and what does not."""

import numpy as np

from harness.emulation.triton.races import Order, Shadow

AT = np.array([0, 4])
FLAG = np.array([64], np.uint64)
ALL = np.array([True, True])


def touched(*steps: str) -> list[str]:
    """What is found when programs 1 and 2 do these things, each as `<program><letter>`."""
    order, shadow, found, last = Order(), Shadow(16, 4), [], 0
    for step in steps:
        program, deed = int(step[0]), step[1]
        if program != last:
            order.begin(program)
        last = program
        if deed in "+-":  # releases, acquires
            order.synchronise(FLAG, acquires=deed == "-", releases=deed == "+")
            continue
        conflict = {
            "r": lambda: shadow.read(AT, 4, order),
            "w": lambda: shadow.write(AT, 4, order, ALL),
            "s": lambda: shadow.write(AT, 4, order, ~ALL),
            "a": lambda: shadow.change(AT, 4, order),
        }[deed]()
        if conflict is not None:
            found.append(f"{step} {conflict.before} {conflict.offset}")
    return found


def test_two_programs_at_one_element_conflict() -> None:
    """Unless both only read, or both are atomic, or both write the same."""
    assert touched("1w", "2w") == ["2w writes 0"]
    assert touched("1w", "2r") == ["2r writes 0"]
    assert touched("1r", "2w") == ["2w reads 0"]
    assert touched("1a", "2r") == ["2r changes atomically 0"]
    assert touched("1w", "2a") == ["2a writes 0"]
    assert touched("1r", "2r") == touched("1a", "2a") == touched("1w", "2s") == []
    assert touched("1r", "2s") == ["2s reads 0"]


def test_one_program_never_conflicts_with_itself() -> None:
    """Whatever it does in whatever order."""
    assert touched("1r", "1w", "1a", "1r", "1w") == []


def test_a_release_that_was_acquired_orders_what_came_before_it() -> None:
    """And nothing that came after."""
    assert touched("1w", "1+", "2-", "2w") == []
    assert touched("1+", "1w", "2-", "2w") == ["2w writes 0"]
    assert touched("1w", "1+", "2w") == ["2w writes 0"]
    assert touched("1w", "2-", "2w") == ["2w writes 0"]


def test_an_order_is_handed_on() -> None:
    """Who acquires from one that had acquired knows of both."""
    assert touched("1w", "1+", "2-", "2+", "3-", "3w") == []


def test_its_own_read_hides_no_other_reader() -> None:
    """Two readers are remembered of each element."""
    assert touched("1r", "2r", "2w") == ["2w reads 0"]


def test_smaller_accesses_are_told_apart() -> None:
    """Two bytes of one element are two places."""
    order, shadow = Order(), Shadow(16, 4)
    order.begin(1)
    assert shadow.write(np.array([0]), 1, order, ALL[:1]) is None
    order.begin(2)
    assert shadow.write(np.array([1]), 1, order, ALL[:1]) is None
    conflict = shadow.read(np.array([0]), 4, order)
    assert conflict is not None
    assert conflict.offset == 0
