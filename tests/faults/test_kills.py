"""A few kills at random moments; `tests/studies/kill_at_random.py` does hundreds."""

import os
import subprocess
import sys
from pathlib import Path

STUDY = Path(__file__).parents[1] / "studies" / "kill_at_random.py"
KILLS = 6


def test_nothing_is_left_of_a_killed_judge_runner_or_builder() -> None:
    """After each kill there is no process, group, folder or half a result, and nothing wrong is
    accepted.
    """
    done = subprocess.run(
        [sys.executable, str(STUDY), str(KILLS)],
        env=os.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
