"""Memory seen from outside: what a box has, and the most that it had."""

from typing import TYPE_CHECKING

import pytest

from harness.sandbox.door import Nursery
from harness.sandbox.gauge import CLEARLY_BYTES, GRAIN_BYTES

if TYPE_CHECKING:
    from tests.sandbox.conftest import Try

MEGABYTE = 1 << 20
BYTES = 24 * MEGABYTE
PR_SET_NAME = 15

# each waits for its turn, does something with so much memory, and waits again
TAKES = f"""
def take():
    block = mmap.mmap(-1, {BYTES}, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for page in range(0, {BYTES}, 4096):
        block[page] = 1
    return block
"""
TURNS = """
slots[0] = 1
while not slots[1]:
    pass
{act}
slots[2] = 1
time.sleep(60)
"""
GIVES_BACK = TAKES + TURNS.format(act="take().close()")
KEEPS = TAKES + TURNS.format(act="kept = take()")
TAKES_NOTHING = TURNS.format(act="pass")
IN_A_CHILD = TAKES + TURNS.format(
    act="""
if os.fork() == 0:
    take()
    os._exit(0)
os.wait()
"""
)
IN_A_FILE = TURNS.format(
    act=f"""
file = os.memfd_create("hidden")
for _ in range({BYTES // MEGABYTE}):
    os.write(file, bytes({MEGABYTE}))
os.close(file)
"""
)


def risen(nursery: Nursery, attempt: "Try", program: str) -> tuple[int, bool]:
    """How far a box rose in its turn; and whether more than its first process is counted."""
    trial = attempt(nursery, program)
    trial.wait_for(0)
    trial.box.freeze()
    with trial.box.gauge() as gauge:
        before = gauge.level()
        if before is None:
            pytest.skip("no peak can be forgotten on this machine")
        trial.board[1] = 1
        trial.box.thaw()
        trial.wait_for(2)
        trial.box.freeze()
        rise = gauge.risen(before)
    assert rise is not None
    return rise, before.group is not None


@pytest.mark.parametrize("program", [GIVES_BACK, KEEPS], ids=["given back", "kept"])
def test_the_most_that_it_had_is_seen(nursery: Nursery, attempt: "Try", program: str) -> None:
    """Whether it is there still or not."""
    assert risen(nursery, attempt, program)[0] == pytest.approx(BYTES, abs=GRAIN_BYTES)


def test_what_takes_nothing_does_not_rise(nursery: Nursery, attempt: "Try") -> None:
    """Two boxes at once differ by nothing either."""
    assert risen(nursery, attempt, TAKES_NOTHING)[0] < GRAIN_BYTES


@pytest.mark.parametrize("program", [IN_A_CHILD, IN_A_FILE], ids=["child", "file"])
def test_what_no_process_shows_is_counted_where_boxes_are(
    best: Nursery, attempt: "Try", program: str
) -> None:
    """A child that has ended and a file that nobody mapped are memory of the box."""
    rise, is_counted = risen(best, attempt, program)
    if not is_counted:
        pytest.skip("nobody counts the memory of a box on this machine")
    assert rise == pytest.approx(BYTES, abs=2 * CLEARLY_BYTES)


def test_what_is_kept_shows_beside_another_box(nursery: Nursery, attempt: "Try") -> None:
    """The level of one box above that of another, to the same grain."""
    levels = []
    for program in (TAKES_NOTHING, KEEPS):
        trial = attempt(nursery, program)
        trial.board[1] = 1
        trial.wait_for(2)
        trial.box.freeze()
        with trial.box.gauge() as gauge:
            levels.append(gauge.level())
    zero, high = levels
    if zero is None or high is None:
        pytest.skip("no peak can be forgotten on this machine")
    assert high.above(zero) == pytest.approx(BYTES, abs=GRAIN_BYTES)
    assert zero.above(high) == 0


HOSTILE = {
    "a size": b"a kB",
    "a field of its own": b"\rVmHWM:\t9 kB",
    "no text": b"\xff\xfe: 1 kB",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=list(HOSTILE))
def test_a_process_may_be_named_as_it_likes(best: Nursery, attempt: "Try", name: bytes) -> None:
    """A name stands in /proc beside the sizes, and says nothing of them."""
    named = f"import ctypes\nctypes.CDLL(None).prctl({PR_SET_NAME}, {name!r})\n"
    rise, _ = risen(best, attempt, named + KEEPS)
    assert rise == pytest.approx(BYTES, abs=GRAIN_BYTES)


def test_what_has_ended_has_no_level(best: Nursery, attempt: "Try") -> None:
    """Of a process that is no more nothing is said, rather than something."""
    trial = attempt(best, "slots[0] = 1")
    trial.box.wait(10.0)
    with trial.box.gauge() as gauge:
        assert gauge.level() is None
