"""What a compiler's report says, read as plain fields and as nothing else."""

import pytest

from harness.build.triton import _read
from harness.records import KernelNeeds


def test_a_line_of_a_report_tells_what_a_kernel_needs() -> None:
    """Shared memory, registers and spilled bytes; what is not told is none."""
    read = _read("ok\tadd\t7\t1024\t40\t", "add.py", "sm_90")
    assert read == KernelNeeds(name="add", registers=40, shared_bytes=1024, spill_bytes=0)


def test_a_kernel_that_does_not_compile_is_named_with_its_line() -> None:
    """And with the compiler's own words."""
    read = _read("bad\tadd\t7\tit is wrong", "add.py", "sm_90")
    assert read == "kernel `add` (add.py:7) does not compile for sm_90: it is wrong"


@pytest.mark.parametrize(
    "line",
    ["", "ok", "ok\tadd\t7\t-1\t4\t0", "ok\ta b\t7\t1\t4\t0", "ok\tadd\t7\t1\t4\t9999999999"],
)
def test_anything_else_is_not_read(line: str) -> None:
    """A stranger's process wrote it."""
    assert _read(line, "add.py", "sm_90") == "add.py: what its compiler reports cannot be read"
