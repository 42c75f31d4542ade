"""
The emulation's corpus on a card and here, side by side: `tests/gpu/run`.

A planted fault need not show on a card: what the emulation finds and the card does not suffer is
no contradiction, and compute-sanitizer, where it is installed, is a second opinion. A clean kernel
that is not right on the card is one, and so is a fault that the sanitizer sees and we do not.
"""

import argparse
import datetime as dt
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.build.nvcc import find_nvcc
from harness.cards import Cards, cards
from harness.errors import ToolError
from harness.records import Problem
from harness.sandbox.door import Nursery
from tests.conftest import DOUBLED, DOUBLING, written_problem
from tests.emulation.playing import CLEAN, PLANTED, build_player, play

HERE = Path(__file__).parent
TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
TIMEOUT_S = 60


def main() -> int:
    parser = argparse.ArgumentParser(description="The corpus on a card and here, side by side.")
    parser.add_argument("--without-card", action="store_true", help="build all, and run nothing")
    asked = parser.parse_args()
    found = cards()
    if not found.found and not asked.without_card:
        print(f"no card: {found.trouble}", file=sys.stderr)
        return 1
    try:
        nvcc = find_nvcc().path
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    _print_head(found, nvcc)
    with Nursery() as nursery, tempfile.TemporaryDirectory() as folder:
        player = build_player(Path(folder))
        problem = written_problem(Path(folder), DOUBLING, DOUBLED)
        for path in (*CLEAN, *PLANTED):
            here = _emulated(player, nursery, problem, path)
            there = _on_card(nvcc, path, Path(folder), runs=not asked.without_card)
            first = path.read_text().partition("\n")[0].removeprefix("// ").partition(":")[0]
            print(f"| {path.stem} | {first} | {here} | {' | '.join(there)} |", flush=True)
    return 0


def _print_head(found: Cards, nvcc: Path) -> None:
    card = ", ".join(f"{card.name} ({card.arch})" for card in found.found) or "no card: built only"
    version = _said([str(nvcc), "--version"]).strip().splitlines()[-1]
    today = dt.datetime.now(tz=dt.UTC).date()
    print(
        f"# Emulated, and on a card\n\n{today}: {card}; driver for CUDA {found.driver}; {version}\n"
    )
    print(f"| kernel | is | emulated | on the card | {' | '.join(TOOLS)} |")
    print("| --- | --- | --- | --- |" + " --- |" * len(TOOLS))


def _emulated(player: Path, nursery: Nursery, problem: Problem, path: Path) -> str:
    """What all orders come to, each access watched; more than one word if they differ."""
    ends = play(player, nursery, problem, path, checked=True)
    return ", ".join(dict.fromkeys(end.word for end in ends))


def _on_card(nvcc: Path, path: Path, folder: Path, *, runs: bool) -> list[str]:
    program = folder / path.stem
    command = [
        str(nvcc),
        "-std=c++20",
        "-O2",
        "-arch=native" if runs else "-arch=sm_90",
        "-lineinfo",
    ]
    built = subprocess.run(
        [*command, "-o", str(program), str(path), str(HERE / "card.cu")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if built.returncode != 0:
        return ["does not compile", *("-" for _ in TOOLS)]
    if not runs:
        return ["compiles", *("-" for _ in TOOLS)]
    sanitizer = shutil.which("compute-sanitizer") or shutil.which(
        str(nvcc.with_name("compute-sanitizer"))
    )
    seen = [
        _sanitized([sanitizer, "--tool", tool, "--error-exitcode", "9", str(program)])
        if sanitizer
        else "-"
        for tool in TOOLS
    ]
    return [_said([str(program)]).strip() or "died", *seen]


def _sanitized(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return "hangs"
    return "found" if done.returncode == 9 else "-"


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "hangs"
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
