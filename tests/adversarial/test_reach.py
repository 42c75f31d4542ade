"""Classes B, G and H across runs: what one leaves another does not find, nothing goes on living."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.arena.host import Arena
from harness.build.toolchain import Compiler, compile_boxed
from harness.pipeline import grade
from harness.records import Grade, Limits, Policy, Problem, Verdict

HONEST = "def solution(x, y, n):\n    y.copy_(x * 2)\n"
NAME = "grade-test-left-behind"
COMMON = ("/tmp", "/dev/shm")
# whatever outlives a process by itself, and whatever the next one may be told by
PLACES = f"""
import ctypes, os, sys
from pathlib import Path
libc = ctypes.CDLL(None)
places = [Path(folder, "{NAME}") for folder in {{folders}}]
KEY, SIZE = 0x6752, 4096
"""
PLANTS = f"""{PLACES}
for place in places:
    try:
        place.write_text("was here")
    except OSError:
        pass
libc.shmget(KEY, SIZE, 0o1666)
os.environ.update(LD_PRELOAD="/tmp/evil.so", PYTHONSTARTUP="/tmp/evil.py")
libc.setenv(b"LD_PRELOAD", b"/tmp/evil.so", 1)
{HONEST}"""
LOOKS = f"""{PLACES}
found = [str(place) for place in places if place.exists()]
found += ["a shared segment"] if libc.shmget(KEY, SIZE, 0o666) >= 0 else []
found += [name for name in ("LD_PRELOAD", "PYTHONSTARTUP") if name in os.environ]
assert not found, "found " + ", ".join(found)
{HONEST}"""
# behind walls everything may be tried; without them, only what the test itself clears away
EVERYWHERE = (
    f"[*{COMMON!r}, '/var/tmp', '/usr/lib', os.getcwd(), os.path.expanduser('~'), *sys.path]"
)


@pytest.fixture(scope="module")
def open_air() -> Iterator[Arena]:
    """The same judge with the walls down: the twin of what is shown here."""
    with Arena(has_walls=False) as arena:
        yield arena


@pytest.fixture
def run(tmp_path: Path, doubling: Problem) -> Callable[[str, Arena], Grade]:
    def graded(source: str, arena: Arena) -> Grade:
        path = tmp_path / "attempt.py"
        path.write_text(source)
        return grade(path, doubling, policy=Policy(time=False), arena=arena)

    return graded


def sweep() -> None:
    """What the unwalled twin left on the machine itself."""
    for folder in COMMON:
        Path(folder, NAME).unlink(missing_ok=True)
    subprocess.run(["ipcrm", "-M", "0x6752"], capture_output=True, check=False)


def test_what_one_leaves_the_next_does_not_find(
    arena: Arena, open_air: Arena, run: Callable[[str, Arena], Grade]
) -> None:
    """B8, H10: files, shared segments and variables of one run are not there in the next."""
    if not arena.tools.walls.root:
        pytest.skip("no root of its own on this machine")
    assert run(PLANTS.replace("{folders}", EVERYWHERE), arena).verdict is Verdict.ACCEPTED
    second = run(LOOKS.replace("{folders}", EVERYWHERE), arena)
    assert second.verdict is Verdict.ACCEPTED, second.message
    try:
        run(PLANTS.replace("{folders}", repr(COMMON)), open_air)
        assert "found /tmp" in run(LOOKS.replace("{folders}", repr(COMMON)), open_air).message
    finally:
        sweep()


TOKEN = "c4n4ry-in-the-environment"
TELLS = """
import glob
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        print(open(path, "rb").read())
    except OSError:
        pass
import os
print(dict(os.environ), flush=True)
"""


def test_no_secret_of_the_environment_gets_in(
    monkeypatch: pytest.MonkeyPatch, run: Callable[[str, Arena], Grade]
) -> None:
    """B10: what stands in the judge's environment is neither in a runner's nor in a compiler's."""
    monkeypatch.setenv("CANARY_TOKEN", TOKEN)
    plain = subprocess.run([sys.executable, "-c", TELLS], capture_output=True, check=True)
    assert TOKEN.encode() in plain.stdout
    with Arena() as arena:
        told = run(f"{TELLS}raise ValueError\n{HONEST}", arena)
        assert "PATH" in told.log
        assert TOKEN not in told.log
        shell = Compiler(path=Path("/bin/sh"), name="under test", identity="sh")
        words = "env; cat /proc/*/environ; echo built > out"
        compiled, built = compile_boxed(
            arena.tools, shell, ["-c", words], files={}, result="out", limits=Limits()
        )
        assert built == b"built\n"
        assert "PATH=" in compiled.log
        assert TOKEN not in compiled.log


STAYS = f"""
import os, signal
def stay():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, 32):
                if number not in (signal.SIGKILL, signal.SIGSTOP):
                    signal.signal(number, signal.SIG_IGN)
            os.execv("/bin/sleep", ["{NAME}", "300"])
        os._exit(0)
    os.wait()
"""


def staying() -> list[int]:
    """Processes of the whole machine that carry the daemon's name."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if (entry / "cmdline").read_bytes().startswith(NAME.encode()):
                    found.append(int(entry.name))
    return found


def test_no_daemon_survives_its_grade(arena: Arena, run: Callable[[str, Arena], Grade]) -> None:
    """G2: a child that left its session and ignores every signal is gone when the grade is; a
    plain process leaves it behind.
    """
    source = f"{STAYS}def solution(x, y, n):\n    stay()\n    y.copy_(x * 2)\n"
    assert run(source, arena).verdict is Verdict.ACCEPTED
    assert not staying()
    subprocess.run([sys.executable, "-c", f"{STAYS}stay()"], check=True)
    left = staying()
    while not left:  # it is still on its way to its name
        left = staying()
    for pid in left:
        os.kill(pid, 9)
