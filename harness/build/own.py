"""
Parts of the harness that are compiled, once for each compiler and processor: programs, objects and
precompiled headers. If one does not build, the harness or the machine is broken.
"""

from collections.abc import Sequence
from pathlib import Path

from harness.build import cache
from harness.build.toolchain import Compiler, compile_boxed, find_compiler
from harness.disk import cache_root, write_atomically
from harness.errors import ToolError
from harness.records import Limits
from harness.sandbox.door import Nursery

DEFAULT = "g++"
_LIMITS = Limits()  # however little a submission is granted


def build_own(
    source: str,
    result: str,
    flags: tuple[str, ...],
    nursery: Nursery,
    compiler: Compiler | None = None,
) -> Path:
    """A piece that is one source."""
    compiler = compiler or find_compiler(DEFAULT)
    # `-x c`: gcc and clang take the name's suffix for C++ and would look for its library
    standard = ["-std=c++20", "own.cpp"] if "++" in compiler.path.name else ["-x", "c", "own.cpp"]
    return build_kept(
        [*standard, "-o", "out", *flags],
        result,
        nursery=nursery,
        compiler=compiler,
        key=cache.key_of(source, "\0".join(flags), compiler.identity),
        files={"own.cpp": source.encode()},
    )


def build_kept(
    arguments: Sequence[str],
    result: str,
    *,
    nursery: Nursery,
    compiler: Compiler,
    key: str,
    files: dict[str, bytes],
    reads: Sequence[Path] = (),
) -> Path:
    """What the compiler leaves as `out`, kept under a key of all that went in."""
    with cache.locked(key):
        entry = cache.lookup(key)
        if entry is None:
            compiled, data = compile_boxed(
                nursery,
                compiler,
                arguments,
                files=files,
                reads=reads,
                result="out",
                limits=_LIMITS,
            )
            if data is None:
                raise ToolError(f"{compiler.path} cannot build our {result}:\n{compiled.log}")
            entry = cache.store(key, {"seconds": compiled.seconds, "log": ""}, data)
    assert entry.artefact is not None
    return entry.artefact


def precompiled(
    text: bytes,
    flags: Sequence[str],
    *,
    nursery: Nursery,
    compiler: Compiler,
    reads: Sequence[Path] = (),
    reads_key: str = "",
) -> Path:
    """A header that includes others, compiled for these flags: what to include instead."""
    key = cache.key_of("prelude", text, "\0".join(flags), compiler.identity, reads_key)
    folder = cache_root() / "preludes" / key
    header = folder / "prelude.hpp"
    with cache.locked(key):
        if not header.exists():
            compiled, data = compile_boxed(
                nursery,
                compiler,
                [*flags, "-x", "c++-header", "prelude.hpp", "-o", "prelude.hpp.gch"],
                files={"prelude.hpp": text},
                reads=reads,
                result="prelude.hpp.gch",
                limits=_LIMITS,
            )
            if data is None:
                raise ToolError(f"the standard headers do not compile:\n{compiled.log}")
            with cache.writing():
                write_atomically(folder / "prelude.hpp.gch", data)
                write_atomically(header, text)
                # whatever the umask: compilers run as another user
                folder.chmod(0o755)
                (folder / "prelude.hpp.gch").chmod(0o644)
                header.chmod(0o644)
    return header
