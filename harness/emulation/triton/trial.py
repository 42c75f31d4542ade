"""
The installed Triton tried out in a box: does the interpreter, mended, do what is relied upon?

Its insides change from one release to the next, and a mend that has come loose would be a wrong
verdict. What is left in the descriptor is `ok`, or what failed.
"""

import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import torch

from harness.emulation.triton.findings import Found, Kind
from harness.emulation.triton.interpreted import Emulation

OK = b"ok"
WORDS_BYTES = 4096
# read while this package can still be seen; Triton wants a kernel to lie in a file
_KERNELS = resources.files("harness.emulation.triton").joinpath("kernels.py").read_bytes()
_COUNT, _BLOCK = 100, 32


def main(result: int) -> None:
    try:
        words = _failure().encode(errors="replace")
    except BaseException as error:  # noqa: BLE001 — whatever it is, no kernel can be judged with it
        last = traceback.format_exception_only(error)[-1]
        words = f"it fails with {last.strip()}".encode(errors="replace")
    os.pwrite(result, (words or OK)[:WORDS_BYTES], 0)
    os._exit(0)


def _failure() -> str:
    emulation = Emulation()
    with emulation.around():
        kernels = _loaded()
    for name, check in _CHECKS.items():
        if not check(emulation, kernels):
            return name
    return ""


def _loaded() -> Any:
    path = Path.cwd() / "kernels.py"
    path.write_bytes(_KERNELS)
    spec = importlib.util.spec_from_file_location("kernels", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["kernels"] = module
    spec.loader.exec_module(module)
    return module


def _adds(emulation: Emulation, kernels: Any) -> bool:
    one, other = (torch.randn(_COUNT).bfloat16() for _ in range(2))
    total = one + other
    with emulation.around():  # in place: right only if it runs once
        kernels.add[lambda meta: (-(-_COUNT // meta["BLOCK"]),)](one, other, one, _COUNT)
    return torch.equal(one, total) and kernels.add.best_config.kwargs["BLOCK"] == _BLOCK


def _multiplies(emulation: Emulation, kernels: Any) -> bool:
    one, other = (torch.randn(16, 16).bfloat16() for _ in range(2))
    result = torch.empty(16, 16)
    with emulation.around():
        kernels.multiply[(1,)](one, other, result, 16)
    return torch.allclose(result, one.float() @ other.float(), atol=1e-4)


def _finds(kind: Kind, emulation: Emulation, launch: Callable[[], object]) -> bool:
    try:
        with emulation.around():
            launch()
    except Found as found:
        return found.finding.kind is kind
    return False


def _guards(emulation: Emulation, kernels: Any) -> bool:
    values, result = torch.randn(_COUNT), torch.randn(4 * _BLOCK)
    return _finds(Kind.BOUNDS, emulation, lambda: kernels.unguarded[(4,)](values, result, _BLOCK))


def _watches(emulation: Emulation, kernels: Any) -> bool:
    values = torch.randn(4 * _BLOCK)
    return _finds(
        Kind.RACE, emulation, lambda: kernels.racing[(4,)](values, torch.zeros(1), _BLOCK)
    )


def _is_fair(emulation: Emulation, kernels: Any) -> bool:
    values, result = torch.randn(4 * _BLOCK), torch.zeros(1)
    arrived = torch.zeros(1, dtype=torch.int32)
    with emulation.around():
        kernels.last_sums[(4,)](values, torch.empty(4), arrived, result, _BLOCK, 4)
    return torch.allclose(result, values.sum(), atol=1e-4)


def _knows_library(emulation: Emulation, kernels: Any) -> bool:
    values = torch.randn(_BLOCK)
    result = torch.empty_like(values)
    with emulation.around():
        kernels.tangents[(1,)](values, result, _BLOCK)
    return torch.allclose(result, values.tanh())


_CHECKS: dict[str, Callable[[Emulation, Any], bool]] = {
    "a sum in bfloat16, tuned": _adds,
    "a product in bfloat16": _multiplies,
    "an access out of bounds": _guards,
    "a race between programs": _watches,
    "a reduction by the last program, which is no race": _is_fair,
    "a function of the device library": _knows_library,
}
