"""The books against the catalogue of attacks: each of its IDs is tried here, tried elsewhere, or
stands here with its reason.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SIZES = {"A": 14, "B": 10, "C": 15, "D": 6, "E": 15, "F": 6, "G": 10, "H": 10, "I": 9, "J": 10}
CATALOGUE = [f"{group}{number + 1}" for group, size in SIZES.items() for number in range(size)]
FOLDERS = sorted(path.parent for path in HERE.glob("*/expected.yml"))
TRIED = {folder.name.partition("-")[0] for folder in FOLDERS}


@dataclass(frozen=True, slots=True)
class Entry:
    """Why an ID has no folder, or what of it a folder cannot show; and the tests that do."""

    why: str
    tests: tuple[str, ...] = ()


def _elsewhere(*tests: str) -> Entry:
    return Entry("not the doing of a kernel alone, or shown with more of the judge in view", tests)


def _gpu(what: str) -> Entry:
    return Entry(f"GPU only, and not tried yet: {what}")


def _advisory(what: str) -> Entry:
    return Entry(f"advisory, never a verdict: {what}")


FLOORS = "tests/house/test_floors.py::"
SHAPES = "tests/problem/test_shapes.py::"
SUBMISSION = "tests/ground/test_submission.py::"
WALLS = "tests/sandbox/test_walls.py::"
BOOKS = {
    "B1": _elsewhere(WALLS + "test_problems_and_references_are_not_there"),
    "B2": _elsewhere(WALLS + "test_problems_and_references_are_not_there"),
    "B3": _elsewhere("tests/arena/test_memory.py::test_poison_is_a_nan_and_differs_each_time"),
    "B4": _gpu("a scan of what other contexts left; of host memory it is A3"),
    "B5": _elsewhere("tests/arena/test_python.py::test_nothing_of_the_judge_is_in_reach"),
    "B6": _elsewhere("tests/pipeline/test_grade.py::test_seeds_are_fresh_each_time"),
    "B7": _elsewhere("tests/proof/test_prove.py::test_each_flaw_is_found"),
    "B8": _elsewhere(
        WALLS + "test_a_box_leaves_nothing_for_the_next",
        "tests/arena/test_python.py::test_one_submission_never_sees_another",
    ),
    "B9": _elsewhere(WALLS + "test_the_network_is_not_there"),
    "B10": _elsewhere("tests/sandbox/test_box.py::test_the_environment_is_built_from_nothing"),
    "C5": Entry(
        "the machine's clock is not ours to turn, even in a test; the calls are on the list",
        ("tests/sandbox/test_filter.py::test_each_listed_call_is_refused",),
    ),
    "C6": _gpu("events are overwritten; on a CPU see C4"),
    "C10": _gpu("a persisting cache"),
    "C12": _elsewhere(
        "tests/clock/test_scores.py::test_what_failed_has_no_speedup",
        "tests/clock/test_statistics.py::test_spikes_do_not_move_the_estimate",
    ),
    "C13": _elsewhere(
        "tests/clock/test_statistics.py::"
        "test_the_interval_holds_the_truth_although_launches_are_biased"
    ),
    "C14": _elsewhere("tests/pipeline/test_timed.py::test_one_grade_at_a_time_has_the_clock"),
    "D3": Entry("no input is marked static, so all of them are fresh in every call: see D1, C9"),
    "D4": _elsewhere(WALLS + "test_a_box_leaves_nothing_for_the_next"),
    "D6": _elsewhere(
        "tests/build/test_cache.py::test_another_build_is_another_entry",
        "tests/build/test_cache.py::test_a_key_depends_on_where_its_parts_end",
    ),
    "E9": _elsewhere("tests/problem/test_faults.py::test_a_fault_is_told_with_its_place_and_mend"),
    "F1": Entry(
        "policy: allowed unless a problem forbids it, and told in every grade",
        ("tests/delegation/test_calls.py::test_every_grade_tells_whom_it_calls",),
    ),
    "F3": _advisory("a branch that is never taken"),
    "F4": _advisory("code that is hidden from readers"),
    "F5": _advisory("words to a reviewing model; none is asked"),
    "F6": Entry(
        "every folder's twin looks like its attack and is accepted",
        ("tests/adversarial/test_attacks.py::test_its_twin_is_accepted",),
    ),
    "G1": _elsewhere("tests/arena/test_native.py::test_whatever_goes_wrong_has_its_verdict"),
    "G2": _elsewhere(
        "tests/sandbox/test_box.py::test_nothing_survives_a_kill",
        "tests/sandbox/test_box.py::test_daemons_end_with_the_first_process",
    ),
    "G3": _elsewhere("tests/sandbox/test_quotas.py::test_a_box_has_no_more_processes_than_allowed"),
    "G4": _elsewhere(
        "tests/sandbox/test_quotas.py::test_the_processes_of_a_box_share_its_memory",
        "tests/sandbox/test_quotas.py::test_a_folder_in_memory_counts",
    ),
    "G5": _elsewhere("tests/sandbox/test_box.py::test_the_log_is_capped"),
    "G6": _elsewhere(WALLS + "test_all_files_of_a_box_together_are_limited"),
    "G7": _elsewhere("tests/arena/test_wire.py::test_silence_lasts_no_longer_than_it_may"),
    "G8": _elsewhere("tests/arena/test_native.py::test_whatever_goes_wrong_has_its_verdict"),
    "G9": Entry("see C15", (WALLS + "test_a_pinned_box_cannot_choose_other_cores",)),
    "G10": _elsewhere(SUBMISSION + "test_a_file_over_the_size_limit_is_told"),
    "H1": _elsewhere(WALLS + "test_a_compiler_cannot_read_the_hosts_files"),
    "H2": _elsewhere("tests/report/test_harmless.py::test_nothing_that_a_stranger_says_acts"),
    "H3": _elsewhere("tests/arena/test_native.py::test_a_crash_when_loaded_is_located"),
    "H4": _elsewhere("tests/build/test_cpp.py::test_a_compile_bomb_is_stopped"),
    "H5": _elsewhere(
        SUBMISSION + "test_other_flags_are_refused_by_name",
        "tests/adversarial/test_compile.py::test_no_flag_comes_with_a_source",
        "tests/adversarial/test_compile.py::test_no_flag_comes_with_a_name",
    ),
    "H7": Entry("what it defines is loaded for itself, in a runner that knows nothing: see A7"),
    "H8": _elsewhere(FLOORS + "test_torch_is_imported_by_the_python_runner_alone"),
    "H9": _elsewhere(
        "tests/pipeline/test_mended.py::test_an_artefact_too_large_is_the_submissions_fault"
    ),
    "H10": _elsewhere("tests/sandbox/test_box.py::test_the_environment_is_built_from_nothing"),
    "I1": _elsewhere(
        "tests/problem/test_catalogue.py::test_a_slug_is_looked_up_and_never_joined_into_a_path"
    ),
    "I2": _elsewhere(
        "tests/problem/test_front_matter.py::test_a_bomb_of_aliases_goes_off_in_no_time"
    ),
    "I3": _elsewhere(
        SHAPES + "test_refuses_what_is_not_arithmetic",
        SHAPES + "test_refuses_huge_values_before_they_grow",
    ),
    "I4": _elsewhere(SHAPES + "test_refuses_huge_values_before_they_grow"),
    "I5": _elsewhere("tests/report/test_harmless.py::test_an_order_is_shown_and_not_obeyed"),
    "I6": _elsewhere("tests/house/test_workflows.py::test_no_workflow_trusts_a_pull_request"),
    "I7": Entry("not yet: there is no leaderboard"),
    "I8": _elsewhere(
        SUBMISSION + "test_a_fifo_is_told_and_does_not_hang",
        "tests/problem/test_spec.py::test_bytes_that_are_not_utf8_are_told_by_line",
    ),
    "I9": _elsewhere(
        "tests/ground/test_disk.py::test_a_reader_never_sees_a_half",
        "tests/build/test_cache.py::test_two_builders_make_one_artefact",
    ),
    "J1": _elsewhere("tests/cli/test_isolation.py::test_off_is_told"),
    "J2": _elsewhere(
        "tests/sandbox/test_doctor.py::test_every_attack_is_stopped",
        "tests/sandbox/test_doctor.py::test_no_attack_is_inert",
    ),
    "J3": Entry("no test here knows a time; what is timed is asked for its order and its state"),
    "J4": _elsewhere(
        "tests/clock/test_statistics.py::test_a_baseline_that_differs_from_itself_is_unstable"
    ),
    "J5": _elsewhere("tests/oracle/test_compare.py::test_one_element_beyond_the_bound_is_found"),
    "J6": _elsewhere("tests/problem/test_catalogue.py::test_another_reference_is_another_problem"),
    "J7": _gpu("an error that stays with its context"),
    "J8": _elsewhere("tests/sandbox/test_nursery.py::test_nothing_is_left_of_a_killed_judge"),
    "J9": _elsewhere("tests/ground/test_disk.py::test_a_write_that_fails_leaves_the_old_file"),
    "J10": _elsewhere(FLOORS + "test_no_clock_is_read_that_can_be_turned"),
}


def test_every_attack_of_the_catalogue_is_accounted_for() -> None:
    """An ID has a folder, or an entry with its reason, or both; and there are no others."""
    assert len(CATALOGUE) == 105
    assert set(CATALOGUE) == TRIED | BOOKS.keys()


@pytest.mark.parametrize("test", sorted({test for entry in BOOKS.values() for test in entry.tests}))
def test_what_the_books_name_exists(test: str) -> None:
    """A test that stands for an attack is there under that name."""
    path, _, name = test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_is_whole(folder: Path) -> None:
    """Each lane has its attack and its twin, and a lane that is missing has its reason."""
    lanes = {path.suffix for path in folder.glob("attack.*")}
    assert lanes
    assert lanes == {path.suffix for path in folder.glob("twin.*")}
    told = yaml.safe_load((folder / "expected.yml").read_text())
    assert bool(told.get("only")) is (lanes != {".cpp", ".py"})
