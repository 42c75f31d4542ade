"""
SIGKILL for a judge, a runner or a builder at a random moment of a real grade, many times over.

    python tests/studies/kill_at_random.py 200 > tests/studies/kill_at_random.md

Afterwards nothing may be left: no process, no control group, no temporary folder, no half of a
result; and a wrong kernel is never accepted, whatever was killed.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.sandbox import cgroups, kernel, processes, quotas

ROOT = Path(__file__).parents[2]
SLUG = "conv-depthwise-2d-square-input-sq-kernel"
SUBMISSIONS = ROOT / "submissions" / SLUG
KERNELS = {
    "right": SUBMISSIONS / "accepted" / "naive.cpp",
    "wrong": SUBMISSIONS / "wrong_answer" / "drops_odd_row.cpp",
}
BUILDERS = ("g++", "cc1plus", "as", "collect2", "ld")
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    victim: str
    kernel: str
    found: bool  # there was somebody to be killed at that moment
    code: int
    left: tuple[str, ...]  # what should not be there


class Grade:
    """One grade of its own: a folder for its scratch, a source that was never built before."""

    def __init__(self, folder: Path, name: str) -> None:
        self.scratch, self.result = folder / "scratch", folder / "result"
        self.scratch.mkdir()
        self.result.mkdir()
        source = folder / "kernel.cpp"
        fresh = f"// {random.random()}\n"
        source.write_text(KERNELS[name].read_text() + fresh)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness.cli.main", str(source), "--problem", SLUG,
             "--no-time", "--tier", "sample", "--json", str(self.result / "grade.json")],
            env={**os.environ, "TMPDIR": str(self.scratch)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def boxed(self, *, builders: bool) -> list[int]:
        """First processes of boxes and all below them, of one kind."""
        pids = [
            pid
            for nursery in processes.children(self.process.pid)
            for box in processes.children(nursery)
            for pid in processes.tree(box)
        ]
        return [pid for pid in pids if (_is_builder(pid) if builders else _is_runner(pid))]

    def left(self) -> tuple[str, ...]:
        """What is there although it should not be, once all had time to go away."""
        give_up = time.monotonic() + PATIENCE_S
        while (found := [*self._left()]) and time.monotonic() < give_up:
            time.sleep(0.01)
        return tuple(found)

    def _left(self) -> list[str]:
        _bury()
        orphans = processes.tree(os.getpid())[1:]
        folders = [f"folder {path.name}" for path in self.scratch.iterdir()]
        homes = [cgroups.find_home()[0], *(quotas._home_v1(c)[0] for c in quotas.CONTROLLERS)]
        name = f"grade-{self.process.pid}-*"
        groups = [f"group {path}" for home in homes if home for path in home.glob(name)]
        return [*(f"process {pid} {_name(pid)}" for pid in orphans), *folders, *groups]

    def halves(self) -> tuple[str, ...]:
        """Files in the result's folder that are no whole result."""
        found = []
        for path in self.result.iterdir():
            try:
                assert json.loads(path.read_text())["schema"] == "grade/1"
            except (ValueError, KeyError, AssertionError):
                found.append(f"half a result {path.name}")
        return tuple(found)


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _is_builder(pid: int) -> bool:
    return _name(pid) in BUILDERS


def _is_runner(pid: int) -> bool:
    """Ours in C++, or one in Python with torch: what has not become a compiler yet has none."""
    if _name(pid) != Path(sys.executable).resolve().name and _name(pid) != "python":
        return bool(_name(pid)) and not _is_builder(pid)
    with contextlib.suppress(OSError):
        return "libtorch" in Path(f"/proc/{pid}/maps").read_text()
    return False


def _bury() -> None:
    """Those that came to us when their parents were killed, and have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def judge(grade: Grade, moment: float) -> bool:
    time.sleep(moment)
    was_alive = grade.process.poll() is None
    grade.process.kill()
    return was_alive


def _one_of(grade: Grade, *, builders: bool) -> bool:
    while grade.process.poll() is None:
        if pids := grade.boxed(builders=builders):
            processes.send(random.choice(pids), signal.SIGKILL)
            return True
    return False


def runner(grade: Grade, moment: float) -> bool:
    return _soon_after_its_birth(grade, moment, builders=False)


def builder(grade: Grade, moment: float) -> bool:
    return _soon_after_its_birth(grade, moment, builders=True)


def _soon_after_its_birth(grade: Grade, moment: float, *, builders: bool) -> bool:
    """Neither lives for long: a moment of a whole grade is mostly one without them."""
    while not grade.boxed(builders=builders) and grade.process.poll() is None:
        time.sleep(0.001)
    time.sleep(moment / 20)
    return _one_of(grade, builders=builders)


VICTIMS: dict[str, Callable[[Grade, float], bool]] = {
    "judge": judge,
    "runner": runner,
    "builder": builder,
}


def undisturbed(name: str) -> tuple[int, float]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        code = Grade(Path(folder), name).process.wait()
        return code, time.monotonic() - began


def killed(victim: str, name: str, moment: float) -> Killed:
    with tempfile.TemporaryDirectory() as folder:
        grade = Grade(Path(folder), name)
        found = VICTIMS[victim](grade, moment)
        code = grade.process.wait()
        return Killed(
            victim=victim, kernel=name, found=found, code=code,
            left=(*grade.left(), *grade.halves()),
        )  # fmt: skip


def study(count: int) -> list[Killed]:
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)  # whoever survives its parents comes to us
    assert [undisturbed(name)[0] for name in KERNELS] == [0, 1]
    _, whole_s = undisturbed("right")
    kills: list[Killed] = []
    with contextlib.suppress(KeyboardInterrupt):  # what was done by then is told
        while sum(kill.found for kill in kills) < count:  # whom nobody met was not killed
            victim = list(VICTIMS)[len(kills) % 3]
            kills.append(killed(victim, random.choice([*KERNELS]), random.uniform(0, whole_s)))
    return kills


def verdict_on(kills: list[Killed]) -> list[str]:
    """What should not have happened."""
    wrong = [f"{k.victim}: {thing}" for k in kills for thing in k.left]
    wrong += [f"{k.victim}: wrong, accepted" for k in kills if k.kernel == "wrong" and not k.code]
    return wrong


def _table(kills: list[Killed]) -> str:
    lines = ["| killed | grades | hit | exit codes, right kernel | wrong kernel | left behind |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for victim in VICTIMS:
        own = [k for k in kills if k.victim == victim]
        codes = [Counter(k.code for k in own if k.kernel == name) for name in KERNELS]
        told = [", ".join(f"{c}: {n}" for c, n in sorted(each.items())) for each in codes]
        hit = sum(k.found for k in own)
        cells = (victim, len(own), hit, *told, sum(len(k.left) for k in own))
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    done = study(int(sys.argv[1]))
    print(_table(done))
    print("\n".join(["", *verdict_on(done)]).rstrip())
    sys.exit(bool(verdict_on(done)))
