"""The interpreter's loads, stores and atomics, each looked at before it is done."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from triton.runtime import interpreter

from harness.emulation.triton.bfloat16 import BFLOAT16
from harness.emulation.triton.findings import Unsupported
from harness.emulation.triton.memory import Memory

_Builder = interpreter.InterpreterBuilder
_native: Any = interpreter._interpreter  # noqa: SLF001 — what the interpreter itself calls
_SEMANTICS = interpreter._ir.MEM_SEMANTIC  # noqa: SLF001 — as above
_ACQUIRING = (_SEMANTICS.ACQUIRE, _SEMANTICS.ACQUIRE_RELEASE)
_RELEASING = (_SEMANTICS.RELEASE, _SEMANTICS.ACQUIRE_RELEASE)
_FEW = 64  # lanes: a wider atomic operation hands no clock on
_RAW = np.dtype(np.uint16)


def watch(memory_of_launch: Callable[[], Memory]) -> None:
    """From now on every access of every kernel goes through the memory of its launch."""
    numpy_type = interpreter._get_np_dtype  # noqa: SLF001 — as above

    # how many words about caches come along differs between releases
    def load(_: Any, pointers: Any, mask: Any, other: Any, *policy: Any) -> Any:
        element = pointers.get_element_ty()
        kind = numpy_type(element)
        memory = memory_of_launch()
        access = memory.reach(pointers.data, mask.data, kind.itemsize, "loads")
        if policy[-1]:  # it is volatile
            memory.change(pointers.data, access, kind.itemsize)
            _synchronise(memory, access, _SEMANTICS.ACQUIRE)
        else:
            memory.read(pointers.data, access, kind.itemsize)
        rest = np.zeros(access.mask.shape, kind) if other is None else other.data
        rest = np.broadcast_to(rest, access.mask.shape)
        return interpreter.TensorHandle(_load(access.addresses, access.mask, rest, kind), element)

    def store(_: Any, pointers: Any, value: Any, mask: Any, *_policy: Any) -> None:
        memory, kind = memory_of_launch(), value.data.dtype
        access = memory.reach(pointers.data, mask.data, kind.itemsize, "stores")
        values = np.ascontiguousarray(np.broadcast_to(value.data, access.mask.shape))
        before = _load(access.addresses, access.mask, values, kind)
        memory.write(pointers.data, access, kind.itemsize, _differ(before, values))
        _native.store(access.addresses, _plain(values), access.mask)
        after = _load(access.addresses, access.mask, values, kind)
        if (lost := _differ(after, values)).any():
            memory.tell_clash(np.broadcast_to(pointers.data, lost.shape), lost)

    def rmw(
        self: Any, operation: Any, pointers: Any, value: Any, mask: Any, sem: Any, _scope: Any
    ) -> Any:
        kind = value.data.dtype
        memory = memory_of_launch()
        access = memory.reach(pointers.data, mask.data, kind.itemsize, "changes")
        memory.change(pointers.data, access, kind.itemsize)
        _synchronise(memory, access, sem)
        values = np.ascontiguousarray(np.broadcast_to(value.data, access.mask.shape))
        if kind == BFLOAT16:
            found = _change_one_by_one(operation, access.addresses, values, access.mask)
        else:
            found = _native.atomic_rmw(
                self.ir_rmw_op_to_interpreter_rmw_op[operation],
                access.addresses,
                values,
                access.mask,
                self.ir_sem_to_interpreter_sem[sem],
            )
        return interpreter.TensorHandle(found, value.dtype.scalar)

    def cas(self: Any, pointers: Any, expected: Any, value: Any, sem: Any, _scope: Any) -> Any:
        kind = value.data.dtype
        memory = memory_of_launch()
        everybody = np.ones(pointers.data.shape, bool)
        access = memory.reach(pointers.data, everybody, kind.itemsize, "changes")
        memory.change(pointers.data, access, kind.itemsize)
        _synchronise(memory, access, sem)
        if not access.mask.all():  # it has no mask: nothing may be touched
            return interpreter.TensorHandle(np.zeros_like(expected.data), expected.dtype.scalar)
        done = _native.atomic_cas(
            access.addresses, expected.data, value.data, self.ir_sem_to_interpreter_sem[sem]
        )
        return interpreter.TensorHandle(done, expected.dtype.scalar)

    _Builder.create_masked_load, _Builder.create_masked_store = load, store
    _Builder.create_atomic_rmw, _Builder.create_atomic_cas = rmw, cas
    for name, feature in _MISSING.items():
        setattr(_Builder, name, _refuse(feature))


_MISSING = {
    "create_inline_asm": "inline assembly (`tl.inline_asm_elementwise`)",
    "create_extern_elementwise": "a device library's function (`extern_elementwise`)",
    "create_int_to_ptr": "a pointer made from an integer",
}


def _refuse(feature: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise Unsupported(feature)

    return refuse


def _synchronise(memory: Memory, access: Any, sem: Any) -> None:
    if np.count_nonzero(access.mask) <= _FEW:
        memory.order.synchronise(
            access.addresses[access.mask],
            acquires=sem in _ACQUIRING,
            releases=sem in _RELEASING,
        )


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """As the native side takes it: it knows no bfloat16."""
    return values.view(_RAW) if values.dtype == BFLOAT16 else values


def _load(
    addresses: NDArray[Any], mask: NDArray[Any], rest: NDArray[Any], kind: Any
) -> NDArray[Any]:
    rest = np.ascontiguousarray(rest, kind)
    plain = _RAW if kind == BFLOAT16 else kind
    found: NDArray[Any] = _native.load(addresses, mask, _plain(rest), plain)
    return found.view(kind) if kind == BFLOAT16 else found


def _differ(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Bit by bit: no NaN differs from itself."""
    raw = np.dtype(f"u{one.dtype.itemsize}")
    different: NDArray[Any] = one.view(raw) != other.view(raw)
    return different


def _change_one_by_one(
    operation: Any, addresses: NDArray[Any], values: NDArray[Any], mask: NDArray[Any]
) -> NDArray[Any]:
    """For bfloat16, lane after lane: the native side has no such arithmetic."""
    kinds = interpreter._ir.ATOMIC_OP  # noqa: SLF001 — as above
    compute = {kinds.FADD: np.add, kinds.MAX: np.maximum, kinds.MIN: np.minimum}.get(operation)
    if compute is None and operation != kinds.XCHG:
        raise Unsupported(f"the atomic operation {operation} in bfloat16")
    found = np.zeros(values.shape, BFLOAT16)
    everybody = np.ones(1, bool)
    for lane in np.argwhere(mask):
        at = tuple(lane)
        address = np.array([addresses[at]], np.uint64)
        old = _load(address, everybody, np.zeros(1, BFLOAT16), BFLOAT16)
        new = values[at] if compute is None else compute(old[0], values[at])
        _native.store(address, _plain(np.array([new], BFLOAT16)), everybody)
        found[at] = old[0]
    return found
