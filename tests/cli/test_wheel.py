"""What travels in the wheel is enough to grade with."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLUG = "conv-depthwise-separable-2d"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    words = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_grades_from_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    """`grade submission.py --problem SLUG` finds problem and reference in the package."""
    shutil.copy(
        ROOT / "submissions" / SLUG / "accepted" / "functional.py", tmp_path / "submission.py"
    )
    code = (
        "import sys, harness\n"
        f"assert harness.__file__.startswith({str(unpacked)!r}), harness.__file__\n"
        "from harness.cli.main import main\n"
        "main()\n"
    )
    words = ["submission.py", "--problem", SLUG, "--tier", "sample"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("accepted")
