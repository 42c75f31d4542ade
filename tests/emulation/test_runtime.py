"""What a card promises is kept under every schedule, and what it leaves undefined is found."""

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.emulation.conftest import PROGRAMS

if TYPE_CHECKING:
    from tests.emulation.conftest import MakeProgram

SCHEDULES = {"forward": "0", "reverse": "1", "random": "2"}
DIVERGENCE, LAUNCH, TRAP, UNSUPPORTED = 2, 5, 6, 7
# each fault: what it is found to be, and words that say it
FAULTS = {
    "barrier_in_a_branch": (DIVERGENCE, "waits at __syncthreads in line"),
    "barriers_in_both_branches": (DIVERGENCE, "kernel `two_barriers`, block (0,0,0): thread ("),
    "barrier_in_a_loop": (DIVERGENCE, "waits for lanes of its warp in line"),
    "mask_names_lanes_elsewhere": (DIVERGENCE, "neither can go on"),
    "reads_a_lane_that_has_ended": (DIVERGENCE, "with mask 0xffffffff and reads lane"),
    "reads_a_lane_that_never_was": (DIVERGENCE, "which is not there"),
    "own_lane_not_in_mask": (DIVERGENCE, "is not in the mask 0x0000ffff"),
    "masks_that_differ": (DIVERGENCE, "neither can go on"),
    "launch_error_nobody_looks_at": (LAUNCH, "`nothing` was not launched with grid (1,1,1), block"),
    "too_much_shared_memory": (LAUNCH, "65536 bytes of shared memory"),
    "too_much_declared": (LAUNCH, "`__shared__ more` and what was declared before it take 49408"),
    "called_without_a_launch": (LAUNCH, "called without a launch"),
    "trap": (TRAP, "thread (5,0,0): __trap() was called"),
    "assertion": (TRAP, "thread (7,0,0): assertion `(int)threadIdx.x < n` failed"),
    "launch_inside_of_a_kernel": (UNSUPPORTED, "dynamic parallelism"),
    "launch_of_no_kernel": (UNSUPPORTED, "not recognised as a kernel"),
}


def parts_of(name: str) -> list[str]:
    return re.findall(r"^PART\((\w+)\)", (PROGRAMS / f"{name}.cu").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def right(make_program: "MakeProgram") -> Path:
    return make_program("right")


@pytest.fixture(scope="module")
def faults(make_program: "MakeProgram") -> Path:
    return make_program("faults")


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
@pytest.mark.parametrize("part", parts_of("right"))
def test_right_kernels_are_right(right: Path, part: str, schedule: str) -> None:
    """Whatever the order of threads and blocks, a right kernel answers as on a card."""
    done = subprocess.run([right, part, schedule], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
@pytest.mark.parametrize("part", FAULTS)
def test_faults_are_found(faults: Path, part: str, schedule: str) -> None:
    """A fault is found in any order, and told by its kind, with kernel, block and thread."""
    why, words = FAULTS[part]
    done = subprocess.run([faults, part, schedule], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done
    assert done.stdout.startswith(f"found {why} ")
    assert words in done.stdout


def test_every_fault_is_played() -> None:
    """No part of the program stands there untested."""
    assert set(parts_of("faults")) == set(FAULTS)
