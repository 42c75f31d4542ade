"""The doctor's attacks: each goes through where nothing stops it, none where all walls stand."""

import os
from functools import partial
from pathlib import Path

import pytest

from harness.sandbox.attacks import ATTACKS, write_file
from harness.sandbox.doctor import MODULE, PROGRAM, Examination, Finding, examine
from harness.sandbox.door import Nursery

# what an ordinary machine may refuse to anybody: then nothing can be shown with it
MAY_BE_REFUSED = {"trace a process", "make a namespace", "use a privilege", "use a keyring"}


@pytest.fixture(scope="module")
def well() -> Examination:
    return examine()


@pytest.fixture(scope="module")
def bare() -> Examination:
    """The same attacks on boxes without walls, of a nursery that has our whole environment."""
    careless = partial(Nursery, walls=False, groups=False, namespaces=False, env=os.environ)
    return examine(careless)


def found(examination: Examination, axis: str, door: str) -> Finding:
    (finding,) = [f for f in examination.findings if (f.axis, f.door) == (axis, door)]
    return finding


@pytest.mark.parametrize("door", [PROGRAM, MODULE])
@pytest.mark.parametrize("axis", ATTACKS)
def test_every_attack_is_stopped(well: Examination, axis: str, door: str) -> None:
    """At the highest level each attack is stopped, through both doors."""
    if well.isolation.level < 3:
        pytest.skip(well.isolation.missing)
    finding = found(well, axis, door)
    if finding.holds is None and axis in MAY_BE_REFUSED:
        pytest.skip(finding.reason)
    assert finding.holds, finding.reason
    assert finding.reason


# limits on one process hold without any wall
WITHOUT_WALLS = {"memory of a process", "a large file", "find a descriptor"}


@pytest.mark.parametrize("door", [PROGRAM, MODULE])
@pytest.mark.parametrize("axis", [axis for axis in ATTACKS if axis not in WITHOUT_WALLS])
def test_no_attack_is_inert(bare: Examination, axis: str, door: str) -> None:
    """Without walls each attack goes through, or the doctor says that it proves nothing."""
    finding = found(bare, axis, door)
    if axis not in MAY_BE_REFUSED:
        assert finding.holds is False
    assert not finding.holds


def test_an_attack_does_not_meet_what_its_control_has_left(tmp_path: Path) -> None:
    """Who writes as another user after the control is not stopped by the control's own file."""
    for count in (1, 2):
        write_file({"folder": str(tmp_path)})
        assert len(list(tmp_path.iterdir())) == count


def test_the_doctor_tells_well_from_ill(well: Examination, bare: Examination) -> None:
    """Without walls a machine is not well, and it is said what would mend it."""
    assert not bare.is_well
    assert bare.isolation.level == 1
    assert bare.isolation.missing
    assert well.is_well is (well.isolation.level == 3)
