"""What a box sees of the host's disk: the system and the Python environment, less this package."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.disk import cache_root

_SYSTEM = ("/usr", "/nix/store", "/gnu/store")
LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")  # into /usr, on most systems
# what loaders and compilers ask for; names of people and machines are not among it
_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d")
_HARDWARE = ("/sys/devices/system/cpu", "/sys/devices/system/node")
DEVICES = ("null", "zero", "full", "random", "urandom")
# not a whole prefix: an environment may have been made in the folder of a project
_PYTHON = ("bin", "lib", "lib64", "libexec", "include", "share", "pyvenv.cfg")

# an installed package brings problems and references along; a checkout has them beside it
_OURS = ("harness", "problems", "reference", "submissions", "tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    readable: tuple[str, ...]  # none of them inside another
    hidden: tuple[str, ...]  # inside of those
    python: tuple[str, ...]
    cache: str  # the folder of what was built before, or the deepest above it that is there


def of_this_interpreter() -> View:
    """What every box of ours may read: asked of the judge, whose environment is the one meant."""
    python = tuple(_python_environment())
    folders = [path for path in LINKS if not Path(path).is_symlink()]
    etc = [f"/etc/{name}" for name in _ETC]
    found: list[str] = []
    for path in _present([*_SYSTEM, *folders, *etc, *_HARDWARE, *python]):
        if not any(Path(path).is_relative_to(other) for other in found):
            found.append(path)
    package = Path(__file__).parents[1]
    ours = [*(package.parent / name for name in _OURS), *(Path(p, "harness") for p in sys.path)]
    hidden = _present(dict.fromkeys(str(path.resolve()) for path in ours))
    return View(readable=tuple(found), hidden=tuple(hidden), python=python, cache=_cache())


def _python_environment() -> list[str]:
    """Where the interpreter and its packages are: never a checkout that sys.path leads to."""
    packages = [p for p in sys.path if Path(p).name in {"site-packages", "dist-packages"}]
    trees = [f"{prefix}/{part}" for prefix in (sys.prefix, sys.base_prefix) for part in _PYTHON]
    return _present(dict.fromkeys([*trees, *packages]))


def _cache() -> str:
    root = cache_root().resolve()
    return str(next(folder for folder in (root, *root.parents) if folder.is_dir()))


def _present(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if Path(path).exists()]
