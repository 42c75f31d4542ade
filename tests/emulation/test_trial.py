"""The trial of an installed Triton: it passes as it is, and sees each mend that has come loose."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.emulation.triton.versions import trouble

pytestmark = pytest.mark.skipif(bool(trouble()), reason=trouble() or "Triton is here")
SCRIPT = """
import os
from harness.emulation.triton import bfloat16, library, memory, races, trial, tuning

LOOSE = {
    "nothing": lambda: None,
    "bfloat16": lambda: setattr(bfloat16, "mend", lambda: None),
    "tuning": lambda: setattr(tuning, "mend", lambda: None),
    "library": lambda: setattr(library, "mend", lambda: None),
    "bounds": lambda: setattr(memory.Memory, "_tell_outside", lambda *_: None),
    "races": lambda: setattr(races.Shadow, "_first", lambda *_: None),
    "order": lambda: setattr(races.Order, "is_known", lambda *_: False),
}
for name, loosen in LOOSE.items():
    if os.fork() == 0:
        loosen()
        result = os.memfd_create("result")
        os.dup2(result, 9)
        if os.fork() == 0:
            trial.main(9)
        os.wait()
        print(name, os.pread(9, 200, 0).decode(), sep=": ", flush=True)
        os._exit(0)
    os.wait()
"""


def test_the_trial_sees_what_is_not_mended(tmp_path: Path) -> None:
    """As it is all is well; without any one of the mends something fails, and is named."""
    env = {**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        env=env, cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    assert said.pop("nothing") == "ok"
    assert said.keys() == {"bfloat16", "tuning", "library", "bounds", "races", "order"}
    assert "ok" not in said.values(), said
    assert said["races"] == "a race between programs"
    assert said["bounds"] == "an access out of bounds"
