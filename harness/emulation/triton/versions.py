"""Which releases of Triton the interpreter was mended for: its insides are nobody's interface."""

from importlib import metadata

TESTED = ("3.7.1", "3.9.0")  # the first and the last, as in the extra `triton`
MEND = "`.github/setup triton`, or `pip install 'triton>={},<={}'`".format(*TESTED)


def installed() -> str | None:
    try:
        return metadata.version("triton")
    except metadata.PackageNotFoundError:
        return None


def trouble() -> str:
    """Why no Triton kernel can be emulated here; empty if nothing speaks against it."""
    version = installed()
    if version is None:
        return f"Triton is not installed: {MEND}"
    first, last = (_numbers(tested) for tested in TESTED)
    if not first <= _numbers(version) <= last:
        return f"Triton {version} was never tried here, {' to '.join(TESTED)} were: {MEND}"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    plain = version.partition("+")[0].split(".")[:3]
    return tuple(int(part) if part.isdigit() else 0 for part in plain)
