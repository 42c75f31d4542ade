"""GPUs that a Triton kernel can be compiled for, and the shared memory that a block may have."""

# bytes, as NVIDIA's programming guide lists them for blocks that ask for more than is usual
SHARED_BYTES = {
    80: 166912, 86: 101376, 87: 166912, 89: 101376, 90: 232448, 100: 232448, 103: 232448,
    110: 232448, 120: 101376, 121: 101376,
}  # fmt: skip
NAMES = tuple(f"sm_{capability}" for capability in SHARED_BYTES)


def capability_of(name: str) -> int:
    """Of one of the names above; the suffix of a variant (`sm_90a`) says nothing more."""
    return int(name.removeprefix("sm_").rstrip("af"))
