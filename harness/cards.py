"""
Which CUDA cards there are: asked of the driver, which needs neither torch nor a toolkit.

Unproven on a card: it was written where there is none.
"""

import ctypes
from dataclasses import dataclass
from pathlib import Path

_DRIVER = "libcuda.so.1"
_MAJOR, _MINOR = 75, 76  # of the attributes of a device: its compute capability
_NAME_BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    name: str
    arch: str  # sm_90


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    found: tuple[Card, ...] = ()
    driver: str = ""  # the newest CUDA that it knows
    trouble: str = ""  # why there are none, and what to do


def cards() -> Cards:
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError:
        return Cards(trouble=_without_driver())
    if error := driver.cuInit(0):
        return Cards(trouble=f"the driver does not start (error {error}): try `nvidia-smi`")
    version, count = ctypes.c_int(), ctypes.c_int()
    driver.cuDriverGetVersion(ctypes.byref(version))
    driver.cuDeviceGetCount(ctypes.byref(count))
    return Cards(
        found=tuple(_card(driver, number) for number in range(count.value)),
        driver=f"{version.value // 1000}.{version.value % 1000 // 10}",
        trouble="" if count.value else "the driver shows no card: is CUDA_VISIBLE_DEVICES empty?",
    )


def _without_driver() -> str:
    if Path("/dev/nvidiactl").exists():
        return f"there is a card, and {_DRIVER} is not: install the driver's libraries"
    return "no card here, or none that this container was given (docker run --gpus all)"


def _card(driver: ctypes.CDLL, number: int) -> Card:
    device, name = ctypes.c_int(), ctypes.create_string_buffer(_NAME_BYTES)
    driver.cuDeviceGet(ctypes.byref(device), number)
    driver.cuDeviceGetName(name, _NAME_BYTES, device)
    capability = []
    for attribute in (_MAJOR, _MINOR):
        value = ctypes.c_int()
        driver.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
        capability.append(value.value)
    return Card(name=name.value.decode(errors="replace"), arch="sm_{}{}".format(*capability))
