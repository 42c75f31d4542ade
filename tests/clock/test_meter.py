"""This machine, measured for real, for a moment."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import machine
from harness.clock import meter, roofs
from harness.clock.meter import Job, Measured
from harness.records import MEMORY, Cache, Roofs
from harness.sandbox.door import Nursery

CORES = machine.usable_cores()
QUICK_S = 0.004
SMALL, LARGE = 16 << 10, 16 << 20


@pytest.fixture(scope="module")
def tools() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture(scope="module")
def measured(tools: Nursery) -> Measured:
    """Every kind that the program knows, on little data and on much."""
    kinds = [(name, kind) for name, kinds in meter.PATTERNS.items() for kind in kinds]
    jobs = [
        Job(figure=(where, name, 1), kind=kind, threads=1, nbytes=nbytes)
        for where, nbytes in (("L1", SMALL), (MEMORY, LARGE))
        for name, kind in kinds
    ]
    jobs += [
        Job(figure=("", name, threads), kind=kind, threads=threads, nbytes=0)
        for name, kinds_ in meter.OPERATIONS.items()
        for kind in kinds_
        for threads in meter.thread_counts(CORES)
    ]
    return meter.measure(tools, jobs, job_s=QUICK_S, max_rounds=meter.MIN_ROUNDS)


def test_every_figure_is_a_rate(measured: Measured) -> None:
    """More than a tape drive, less than a galaxy; and the spread is a part of it."""
    figures = [(b.bytes_s, b.spread) for b in measured.bandwidths]
    figures += [(p.flops_s, p.spread) for p in measured.peaks]
    assert len(measured.bandwidths) == 2 * len(meter.PATTERNS)
    for rate, spread in figures:
        assert 1e8 < rate < 1e16
        assert 0.0 <= spread < 1.0
    assert measured.rounds == meter.MIN_ROUNDS


def test_a_near_cache_is_quicker_than_what_is_far(measured: Measured) -> None:
    """The same pattern on 16 KiB and on 16 MiB: another world."""
    found = {(b.where, b.pattern): b.bytes_s for b in measured.bandwidths}
    for pattern in ("read", "copy", "add"):
        assert found["L1", pattern] > 1.5 * found[MEMORY, pattern]


def test_single_precision_is_twice_double(measured: Measured) -> None:
    """Vectors hold twice as many, so the ratio shows that vectors were used at all."""
    peaks = {(p.dtype, p.threads): p.flops_s for p in measured.peaks}
    assert 1.4 < peaks["float32", 1] / peaks["float64", 1] < 2.8


# ---- the plan -----------------------------------------------------------------------------------

TYPICAL = (
    Cache(level=1, size_bytes=48 << 10, instances=8),
    Cache(level=2, size_bytes=2 << 20, instances=8),
    Cache(level=3, size_bytes=32 << 20, instances=2),
)


@pytest.mark.parametrize(
    ("cores", "counts"),
    [
        (1, (1,)),
        (2, (1, 2)),
        (6, (1, 2, 4, 6)),
        (8, (1, 2, 4, 8)),
        (96, (1, 2, 4, 8, 16, 32, 64, 96)),
    ],
)
def test_threads_double_up_to_all_cores(cores: int, counts: tuple[int, ...]) -> None:
    """1, 2, 4, …, all."""
    assert meter.thread_counts(cores) == counts


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_sets_lie_in_their_cache_and_in_no_nearer_one(threads: int) -> None:
    """All threads' sets together: at least twice the nearer caches, at most this one."""
    jobs = [j for j in meter.jobs_of(TYPICAL, 8, 64 << 30) if j.threads == threads and j.nbytes]
    for depth, cache in enumerate(TYPICAL):
        totals = {job.nbytes * threads for job in jobs if job.figure[0] == cache.name}
        assert totals
        assert max(totals) <= cache.held_bytes(threads)
        if depth:
            assert min(totals) >= 2 * TYPICAL[depth - 1].held_bytes(threads)
    (memory,) = {job.nbytes * threads for job in jobs if job.figure[0] == MEMORY}
    assert memory == meter.BEYOND * TYPICAL[-1].held_bytes(threads)


def test_a_small_machine_is_not_filled() -> None:
    """What is taken for memory is a quarter of what is free."""
    room = 64 << 20
    most = max(job.nbytes * job.threads for job in meter.jobs_of(TYPICAL, 8, room))
    assert most <= max(room // 4, TYPICAL[-1].held_bytes(8))


def test_a_last_cache_no_larger_than_the_nearer_ones_is_measured_too() -> None:
    """Where L3 is a part of what L2 holds, there is still one set for it."""
    squeezed = (*TYPICAL[:2], Cache(level=3, size_bytes=3 << 20, instances=1))
    where = {job.figure[0] for job in meter.jobs_of(squeezed, 8, 64 << 30)}
    assert where == {"", "L1", "L2", "L3", MEMORY}


# ---- kept ---------------------------------------------------------------------------------------


@pytest.fixture
def known(measured: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Roofs:
    """Real figures of this machine, kept in a cache of their own."""
    monkeypatch.setenv("GRADE_CACHE", str(tmp_path))
    facts = roofs.facts()
    known = Roofs(
        fingerprint=roofs.fingerprint_of(facts),
        facts=facts,
        caches=machine.caches(),
        bandwidths=measured.bandwidths,
        peaks=measured.peaks,
        half_factor=1,
        rounds=measured.rounds,
        seconds=1.0,
    )
    roofs.keep(known)
    return known


def _file(root: Path) -> Path:
    (found,) = (root / "machines").glob("*.json")
    return found


def test_what_is_kept_is_found_again(known: Roofs) -> None:
    """To the last digit."""
    assert roofs.of_this_machine() == known


def test_another_machine_is_not_this_one(known: Roofs, tmp_path: Path) -> None:
    """Any other fact is another fingerprint, and finds nothing."""
    for number, (key, value) in enumerate(known.facts):
        others = list(known.facts)
        others[number] = (key, f"{value}0")
        assert roofs.fingerprint_of(tuple(others)) != known.fingerprint
    _file(tmp_path).rename(_file(tmp_path).with_name("another.json"))
    assert roofs.of_this_machine() is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-20],
        lambda text: text.replace('"rounds": ', '"rounds": 1'),
        lambda text: text.replace("machine/1", "machine/2"),
        lambda _: "[]",
        lambda _: "{}",
        lambda _: "not JSON",
        lambda _: "\0",
        lambda _: "",
    ],
)
def test_a_spoilt_file_is_none(known: Roofs, tmp_path: Path, spoil: Callable[[str], str]) -> None:
    """Half a file, an edited figure, another schema, nonsense: as if nothing were there."""
    path = _file(tmp_path)
    path.write_text(spoil(path.read_text()))
    assert roofs.of_this_machine() is None
    roofs.keep(known)
    assert roofs.of_this_machine() == known


def test_a_document_of_other_fields_is_none(known: Roofs, tmp_path: Path) -> None:
    """Though its checksum is right: what is read is what is meant."""
    for key in json.loads(_file(tmp_path).read_text()):
        document = roofs.document_of(known)
        if document.pop(key, None) is None:
            continue
        document["check"] = roofs._check(document)
        _file(tmp_path).write_text(json.dumps(document))
        assert roofs.of_this_machine() is None, key


@pytest.mark.parametrize(
    ("features", "factor"),
    [((), 1), (("avx512f",), 1), (("avx512_bf16",), 2), (("avx512_fp16", "amx_bf16"), 16)],
)
def test_half_precision_has_a_peak_only_with_instructions(
    features: tuple[str, ...], factor: int
) -> None:
    """Else it is computed in float32, at float32's peak."""
    assert roofs.half_factor(frozenset(features)) == factor
