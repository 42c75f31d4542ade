"""The checker alone: a program that stands in for the runtime plays small kernels to it."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EMULATION = HERE.parents[1] / "harness" / "emulation"
CHECKER = EMULATION / "checker"
RACE, UNINITIALISED, BOUNDS = 1, 3, 4
NONE = 0
OWN = ("-std=c++20", "-O1", "-g1", "-Wall", "-Wextra", "-Werror")
CHECKED = (
    "-std=c++20", "-O1", "-g1", "-fsanitize=thread", "--param", "tsan-distinguish-volatile=1",
    "-fno-builtin-memcpy", "-fno-builtin-memmove", "-fno-builtin-memset",
    "-include", str(EMULATION / "include" / "grade" / "redirected.h"),
)  # fmt: skip
LANES = "with no barrier and no __syncwarp between them"
BLOCKS = "blocks run in any order"
# what each scenario is found to be, and some of the words
SCENARIOS = (
    ("barrier", NONE, ""),
    ("no barrier", RACE, "thread (63,0,0) has written, with no barrier between them"),
    ("read first", RACE, "writes shared memory `s[63]`, which thread (0,0,0) has read"),
    ("write after read", RACE, "thread (3,0,0) writes shared memory `s[3]`, which thread (40,0,0)"),
    ("third reader", RACE, "which thread (40,0,0) has read"),
    ("warp collective", NONE, ""),
    ("other warp", RACE, "reads shared memory `s[32]`"),
    ("tile chain", NONE, ""),
    ("tile too small", RACE, LANES),
    ("volatile lanes", RACE, LANES),
    ("same value", NONE, ""),
    ("same value, then read", RACE, "reads `y[0]`"),
    ("other value", RACE, "writes `y[0]`"),
    ("last value", RACE, "writes `y[0]`, which thread (0,0,0) has written"),
    ("blocks add", RACE, f"`y[0]`, which thread (0,0,0) of block (0,0,0) has written; {BLOCKS}"),
    ("launches add", NONE, ""),
    ("atomics", NONE, ""),
    ("atomic and store", RACE, "only one of them is an atomic"),
    ("first atomic and load", RACE, BLOCKS),
    ("last block", NONE, ""),
    ("last block, no fence", RACE, "`y[0]`"),
    ("last block, plain counter", RACE, BLOCKS),
    ("flag", NONE, ""),
    ("flag, no fence", RACE, BLOCKS),
    ("builtin atomics", NONE, ""),
    ("relaxed atomics", RACE, "`y[0]`"),
    ("unwritten", UNINITIALISED, "shared memory `s[0]` before any thread of this block"),
    ("written by another block", UNINITIALISED, "block (1,0,0)"),
    ("bytes", NONE, ""),
    ("bytes and words", RACE, "1 byte"),
    ("behind the end", BOUNDS, "reads 4 bytes right behind the end of `x` (512 bytes: index 128"),
    ("before the start", BOUNDS, "4 bytes that begin 4 bytes before `y`"),
    ("misaligned", BOUNDS, "an address that is no multiple of 4"),
    ("shared, behind the end", BOUNDS, "right behind the end of shared memory `s`"),
    ("shared, before the start", BOUNDS, "4 bytes before shared memory `big`"),
    ("input", BOUNDS, "writes `x[5]`, which is an input"),
    ("wild", BOUNDS, "at 0x10, which is no memory of the device's"),
    ("heap", BOUNDS, "writes 4 bytes"),
    ("stack", NONE, ""),
    ("copy", BOUNDS, "40 bytes that reach 8 bytes beyond the end of `x`"),
    ("memcpy", BOUNDS, "1000 bytes that reach 488 bytes beyond the end of `x`"),
    ("memset", RACE, "reads `y[15]`"),
    ("taken back", BOUNDS, "reads 4 bytes"),
)  # fmt: skip


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, with pieces of kernels that are instrumented and the checker they call."""
    folder = tmp_path_factory.mktemp("checker")
    sources = [HERE / "scenarios.cpp", *sorted(CHECKER.glob("*.cpp"))]
    kernels = folder / "pieces.o"
    compile_piece = ["g++", *CHECKED, "-c", str(HERE / "pieces.cpp"), "-o", str(kernels)]
    subprocess.run(compile_piece, check=True)
    whole = folder / "all.cpp"
    whole.write_text("".join(f'#include "{source}"\n' for source in sources))
    program = folder / "player"
    paths = [f"-I{CHECKER}", f"-I{HERE}"]
    build = ["g++", *OWN, *paths, str(whole), str(kernels), "-o", str(program)]
    subprocess.run(build, check=True)
    return program


@pytest.mark.parametrize(
    ("name", "why", "words"), SCENARIOS, ids=[scenario[0] for scenario in SCENARIOS]
)
def test_what_is_found(player: Path, name: str, why: int, words: str) -> None:
    """Each small kernel is found to be what it is, in words that say what clashed."""
    done = subprocess.run([player, name], check=True, capture_output=True, text=True)
    found, _, said = done.stdout.strip().partition(" ")
    assert int(found) == why, done.stdout
    assert words in said
