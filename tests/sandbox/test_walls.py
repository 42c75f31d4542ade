"""What stands between a box and the machine: each wall, and what it lets through as it should."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.records import Limits
from harness.sandbox.box import Box, Ended
from harness.sandbox.door import Nursery
from harness.sandbox.held import isolation_of, level_of, missing_in
from harness.sandbox.view import of_this_interpreter

DEADLINE_S = 20.0
ROOT = Path(__file__).parents[2]
WELL = Ended(code=0, signal=None)
MARK = "c4n4ry-of-the-host"
# what a linker made cannot be marked as a program where no attribute of a file may be set
LOADER = "/lib64/ld-linux-x86-64.so.2"
SETTINGS: dict[str, dict[str, bool]] = {"root": {}, "rules": {"namespaces": False}}


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=list(SETTINGS))
def walled(request: pytest.FixtureRequest) -> Iterator[Nursery]:
    """Boxes with a root of their own, and boxes behind Landlock's rules."""
    with Nursery(**request.param) as nursery:
        wants_root = not request.param
        if nursery.walls.root is not wants_root or not nursery.walls.filter:
            pytest.skip(f"not to be had on this machine: {nursery.troubles}")
        yield nursery


@pytest.fixture(scope="module")
def rooted() -> Iterator[Nursery]:
    with Nursery() as nursery:
        if not nursery.walls.root:
            pytest.skip(f"no root of its own on this machine: {nursery.troubles}")
        yield nursery


@pytest.fixture(scope="module")
def open_air() -> Iterator[Nursery]:
    """Boxes without any of these walls: the honest twin of every test here."""
    with Nursery(walls=False, namespaces=False, groups=False) as nursery:
        yield nursery


def ran(nursery: Nursery, program: str, **given: Any) -> tuple[Ended | None, str]:
    given.setdefault("limits", Limits())
    with nursery.bear_program([sys.executable, "-I", "-S", "-c", program], **given) as box:
        return box.wait(DEADLINE_S), box.log.text()


def shell(nursery: Nursery, words: str, **given: Any) -> tuple[Ended | None, str]:
    with nursery.bear_program(["/bin/sh", "-c", words], limits=Limits(), **given) as box:
        return box.wait(DEADLINE_S), box.log.text()


# ---- the disk -----------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that everybody may read, in folders that everybody may enter."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o711)
    path = tmp_path / "secret.txt"
    path.write_text(MARK)
    path.chmod(0o666)
    return path


def test_the_hosts_files_cannot_be_read(walled: Nursery, open_air: Nursery, secret: Path) -> None:
    """A file that is nobody's business cannot be opened; without walls it can."""
    program = f"print(open({str(secret)!r}).read())"
    ended, log = ran(walled, program)
    assert ended == Ended(code=1, signal=None)
    assert MARK not in log
    assert MARK in ran(open_air, program)[1]


def test_the_hosts_files_cannot_be_written(
    walled: Nursery, open_air: Nursery, secret: Path
) -> None:
    """A file that everybody may write stays as it is; without walls it is written."""
    program = f"open({str(secret)!r}, 'w').write('changed')"
    assert ran(walled, program)[0] == Ended(code=1, signal=None)
    assert secret.read_text() == MARK
    assert ran(open_air, program)[0] == WELL
    assert secret.read_text() == "changed"


@pytest.mark.parametrize(
    "deed", ["chmod(path, 0o600)", "utime(path, (0, 0))", "chown(path, -1, 0)"]
)
def test_attributes_of_the_hosts_files_cannot_be_set(
    walled: Nursery, open_air: Nursery, secret: Path, deed: str
) -> None:
    """Nor can who may use a file be changed, or when it was: of that, rules over files say nothing;
    without walls its owner can.
    """
    program = f"import os; path = {str(secret)!r}; os.{deed}"
    before = secret.stat()
    assert ran(walled, program)[0] == Ended(code=1, signal=None)
    assert secret.stat() == before
    assert ran(open_air, program)[0] == WELL


def test_others_keep_their_limits(walled: Nursery) -> None:
    """Whoever can be seen cannot be given tighter limits; without walls whoever is ours can."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        tightens = f"import resource; resource.prlimit({other.pid}, resource.RLIMIT_CORE, (0, 0))"
        assert ran(walled, tightens)[0] == Ended(code=1, signal=None)
        plain = subprocess.run([sys.executable, "-c", tightens], check=False)
        other.communicate(b"\n")
    assert plain.returncode == 0


def test_what_is_handed_over_can_be_read_and_not_written(walled: Nursery, secret: Path) -> None:
    """A file that a box is given is there, under the name in its arguments, to be read only."""
    program = "import sys; print(open(sys.argv[1]).read()); open(sys.argv[1], 'a').write('x')"
    argv = [sys.executable, "-I", "-S", "-c", program, str(secret)]
    with walled.bear_program(argv, reads=[secret], limits=Limits()) as box:
        assert box.wait(DEADLINE_S) == Ended(code=1, signal=None)
        assert MARK in box.log.text()
    assert secret.read_text() == MARK


@pytest.mark.xfail(
    reason="/proc/self/mountinfo names what is bound, and where that lies in its own file system;"
    " copies instead of binds would be silent, at the cost of a hundred megabytes of headers",
    strict=True,
)
def test_where_a_thing_lies_on_the_host_is_not_told(rooted: Nursery, secret: Path) -> None:
    """A box that was handed a file does not learn the folder that it came from."""
    shown = shell(rooted, f"cat {secret} /proc/self/mountinfo", reads=[secret])[1]
    assert MARK in shown
    assert str(secret.parent) not in shown


@pytest.mark.parametrize("name", ["problems", "reference", "submissions", "tests", "harness"])
def test_problems_and_references_are_not_there(
    walled: Nursery, open_air: Nursery, name: str
) -> None:
    """Neither what is asked nor what is right can be looked up, nor this package itself."""
    packages = [Path(folder, "harness/bundled", name) for folder in sys.path]
    for folder in (ROOT / name, *packages):
        if folder.is_dir():
            file = next(path for path in folder.rglob("*") if path.is_file())
            assert ran(walled, f"open({str(file)!r})")[0] == Ended(code=1, signal=None)
            assert ran(open_air, f"open({str(file)!r})")[0] == WELL


def test_this_package_is_hidden_under_all_its_names(walled: Nursery, open_air: Nursery) -> None:
    """However a folder of packages can be reached (lib64 is often a link), ours is not in it."""
    view = of_this_interpreter()
    trees = [Path(tree) for tree in view.python if Path(tree).is_dir()]
    names = [path for tree in trees for path in tree.glob("python*/site-packages/harness/**/*.md")]
    for path in names[:: max(1, len(names) // 4)]:
        assert ran(walled, f"open({str(path)!r})")[0] == Ended(code=1, signal=None)
        assert ran(open_air, f"open({str(path)!r})")[0] == WELL


def test_python_and_its_packages_are_there(walled: Nursery) -> None:
    """The interpreter's own library and the installed packages can be imported."""
    path = [entry for entry in sys.path if Path(entry).name == "site-packages"]
    assert ran(walled, f"import sys; sys.path += {path!r}; import json, ssl, click")[0] == WELL


def test_compilers_work(walled: Nursery) -> None:
    """A program can be compiled and run with all that compilers need."""
    source = b'#include <cmath>\n#include <cstdio>\nint main() { return std::printf("hi") - 2; }'
    words = f"g++ -fopenmp -o out a.cpp && {LOADER} ./out"
    assert shell(walled, words, files={"a.cpp": source}) == (WELL, "hi")


def test_a_compiler_cannot_read_the_hosts_files(
    walled: Nursery, open_air: Nursery, secret: Path
) -> None:
    """Neither a diagnostic nor an object shows a file of the host's; without walls they do."""
    for line in (f'#include "{secret}"', f'__asm__(".incbin \\"{secret}\\"");'):
        for nursery, shows in ((walled, False), (open_air, True)):
            words = "gcc -c a.c -o out; cat out 2>/dev/null"
            log = shell(nursery, words, files={"a.c": line.encode()})[1]
            assert (MARK in log) is shows


def test_a_box_leaves_nothing_for_the_next(rooted: Nursery, open_air: Nursery) -> None:
    """What one box writes into the common folders is not there for another; without walls it is."""
    words = "echo x > /tmp/grade-test-left && echo x > /dev/shm/grade-test-left && ls /tmp /dev/shm"
    look = "ls /tmp/grade-test-left /dev/shm/grade-test-left"
    try:
        assert shell(rooted, words)[0] == WELL
        assert shell(rooted, look)[0] == Ended(code=2, signal=None)
        assert shell(open_air, words)[0] == WELL
        assert shell(open_air, look)[0] == WELL
    finally:
        for folder in ("/tmp", "/dev/shm"):
            Path(folder, "grade-test-left").unlink(missing_ok=True)


def test_the_system_is_read_only(rooted: Nursery) -> None:
    """Nothing outside the working folder and /tmp can be written, not even by a user who may."""
    log = shell(rooted, "grep -v -E ' (/box|/tmp|/dev/[a-z]+) ' /proc/mounts")[1]
    options = [line.split()[3].split(",") for line in log.splitlines()]
    assert options
    assert all("ro" in option and "nosuid" in option for option in options)


def test_a_box_does_not_say_who_goes_first(rooted: Nursery, open_air: Nursery) -> None:
    """Where memory ends it is ended before the judge, and cannot take that back; without walls it
    can, unless root has said it.
    """
    words = "cat /proc/self/oom_score_adj; echo 0 > /proc/self/oom_score_adj"
    ended, log = shell(rooted, words)
    assert ended != WELL
    assert log.startswith("1000\n")
    assert "Read-only file system" in log
    assert "Read-only" not in shell(open_air, words)[1]


def test_all_files_of_a_box_together_are_limited(rooted: Nursery, open_air: Nursery) -> None:
    """Many files within the limit of one fill the folder up; without walls they do not."""
    words = "for i in 1 2 3; do head -c 600000 /dev/zero > part$i || exit 1; done"
    limits = Limits(file_bytes=1 << 20)
    for nursery, expected in ((rooted, 1), (open_air, 0)):
        with nursery.bear_program(["/bin/sh", "-c", words], limits=limits) as box:
            assert box.wait(DEADLINE_S) == Ended(code=expected, signal=None)


def test_the_judge_reads_results_after_the_end(walled: Nursery) -> None:
    """What a box has left in its folder can be read until the box is closed."""
    with walled.bear_program(["/bin/sh", "-c", "echo out > result"], limits=Limits()) as box:
        assert box.wait(DEADLINE_S) == WELL
        box.kill()
        assert (box.scratch / "result").read_text() == "out\n"
        descriptor = box.scratch
    assert not descriptor.exists()


# ---- others -------------------------------------------------------------------------------------

CONNECT = """
import socket
socket.create_connection(("127.0.0.1", {port}), timeout=5)
"""


def test_the_network_is_not_there(walled: Nursery, open_air: Nursery) -> None:
    """A listener on the host's own address cannot be reached; without walls it can."""
    import socket  # noqa: PLC0415 — of this test alone

    with socket.create_server(("127.0.0.1", 0)) as listener:
        program = CONNECT.format(port=listener.getsockname()[1])
        assert ran(walled, program)[0] == Ended(code=1, signal=None)
        assert ran(open_air, program)[0] == WELL


def test_a_box_can_talk_to_itself(rooted: Nursery) -> None:
    """Socket pairs, which Python's own library uses within a process, work."""
    program = "import socket; a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'"
    assert ran(rooted, program)[0] == WELL


def test_no_other_process_is_to_be_seen(rooted: Nursery, open_air: Nursery) -> None:
    """A box's /proc shows its own processes; without walls all of them."""
    words = "ls /proc | grep -c '^[0-9]'"
    assert int(shell(rooted, words)[1]) <= 4
    assert f"{os.getpid()}\n" in shell(open_air, "ls /proc")[1]
    assert f"{os.getpid()}\n" not in shell(rooted, "ls /proc")[1]


def test_the_nursery_cannot_be_read(walled: Nursery) -> None:
    """Neither the environment nor the memory of the process that bore a box can be opened."""
    pids = (walled._process.pid, os.getpid(), 0)
    for pid in pids:
        for name in ("environ", "mem", "maps"):
            program = f"import os; os.open('/proc/{pid}/{name}', os.O_RDONLY)"
            assert ran(walled, program)[0] == Ended(code=1, signal=None)


# ---- rights -------------------------------------------------------------------------------------


def status_of(box: Box) -> dict[str, str]:
    lines = (line.split(":", 1) for line in box.log.text().splitlines() if ":" in line)
    return {name: value.strip() for name, value in lines}


def test_a_box_has_no_rights(walled: Nursery) -> None:
    """No capability is left, none can be gained, and the filter is on."""
    with walled.bear_program(["/bin/cat", "/proc/self/status"], limits=Limits()) as box:
        assert box.wait(DEADLINE_S) == WELL
        status = status_of(box)
    names = ["CapInh", "CapPrm", "CapEff", "CapAmb"]
    if os.geteuid() == 0 or walled.walls.root:  # nobody else may lower the bound
        names.append("CapBnd")
    assert {int(status[name], 16) for name in names} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_roots_boxes_are_another_users(rooted: Nursery, open_air: Nursery) -> None:
    """As root, a box is nobody, without any of our groups; without walls it is root."""
    words = "import os; print(os.getresuid(), os.getresgid(), os.getgroups())"
    nobody = (65534, 65534, 65534)
    assert ran(rooted, words)[1].strip() == f"{nobody} {nobody} []"
    assert ran(open_air, words)[1].startswith("(0, 0, 0)")


CALLS = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
for number in {numbers}:
    assert libc.syscall(number, 0, 0, 0, 0, 0, 0) == -1, number
    print(number, errno.errorcode[ctypes.get_errno()])
"""
# of those that are refused: some that need no right, so that it is the filter that refuses them
PLAIN = {"keyctl": 250, "userfaultfd": 323, "io_uring_setup": 425, "kcmp": 312, "modify_ldt": 154}


def test_refused_calls_are_refused_by_the_kernel(walled: Nursery, open_air: Nursery) -> None:
    """The filter is in force: calls that it names fail with EPERM; without it they do otherwise."""
    program = CALLS.format(numbers=list(PLAIN.values()))
    ended, log = ran(walled, program)
    assert ended == WELL, log
    assert set(log.split()[1::2]) == {"EPERM"}
    if set(ran(open_air, program)[1].split()[1::2]) == {"EPERM"}:
        pytest.skip("this machine refuses them to everybody")


MEDDLES = r"""
import os, resource, sys
pid, through = int(sys.argv[1]), []
def tried(name, deed):
    try:
        deed()
        through.append(name)
    except OSError:
        pass
tried("priority", lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))
tried("scheduler", lambda: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0)))
tried("cores", lambda: os.sched_setaffinity(pid, os.sched_getaffinity(pid)))
tried("limits", lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (64, 64)))
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
print(*through)
"""


def test_a_box_cannot_slow_another(walled: Nursery, open_air: Nursery) -> None:
    """Priority, scheduler, cores and limits of another box, which may be the same user's, stay as
    they are; without walls each can be changed.
    """
    found = []
    for nursery in (walled, open_air):
        with nursery.bear_program(["/bin/sleep", "60"], limits=Limits()) as other:
            argv = [sys.executable, "-I", "-S", "-c", MEDDLES, str(other.pid)]
            with nursery.bear_program(argv, limits=Limits()) as box:
                assert box.wait(DEADLINE_S) == WELL, box.log.text()
                found.append(box.log.text().split())
    assert found == [[], ["priority", "scheduler", "cores", "limits"]]


def test_threads_and_processes_can_still_be_made(walled: Nursery) -> None:
    """Libc falls back when clone3 is not there: threads and child processes are as ever."""
    program = (
        "import subprocess, threading\n"
        "thread = threading.Thread(target=print, args=('thread',)); thread.start(); thread.join()\n"
        "print(subprocess.run(['/bin/echo', 'child'], capture_output=True, text=True).stdout)"
    )
    ended, log = ran(walled, program)
    assert ended == WELL
    assert log.split() == ["thread", "child"]


def test_a_pinned_box_cannot_choose_other_cores(rooted: Nursery, open_air: Nursery) -> None:
    """A box that was given cores keeps to them; without walls it can widen its choice."""
    mine = sorted(os.sched_getaffinity(0))
    program = f"import os; os.sched_setaffinity(0, {mine!r})"
    assert ran(rooted, program, cpus=mine[:1])[0] == Ended(code=1, signal=None)
    assert ran(rooted, program)[0] == WELL
    assert ran(open_air, program, cpus=mine[:1])[0] == WELL


# ---- told ---------------------------------------------------------------------------------------


def test_levels_are_told_as_they_are(rooted: Nursery, open_air: Nursery) -> None:
    """With everything the level is three and nothing is missing; without walls it is one."""
    assert level_of(rooted) == (3 if rooted.has_groups else 2)
    assert bool(missing_in(rooted)) is not rooted.has_groups
    assert level_of(open_air) == 1
    held = {p.name: p.holds for p in isolation_of(open_air).properties}
    assert not held["file_read"]
    assert not held["seccomp"]


def test_what_is_lost_has_a_reason(walled: Nursery) -> None:
    """Every property that does not hold says why, and every lower level what would mend it."""
    isolation = isolation_of(walled)
    assert all(item.holds or item.reason for item in isolation.properties)
    assert isolation.level == 3 or "missing" in isolation.missing


def test_rules_are_the_second_level(walled: Nursery) -> None:
    """Without namespaces of its own a box is at level two, and its grade says what was refused."""
    if walled.walls.root:
        pytest.skip("this one has a root of its own")
    assert level_of(walled) == 2
    assert "namespaces" in missing_in(walled)


# ---- where the kernel refuses -------------------------------------------------------------------

REFUSED = """
import json, sys
from harness.records import Limits
from harness.sandbox import filter as seccomp, kernel
from harness.sandbox.door import Nursery
from harness.sandbox.held import isolation_of
seccomp.DENIED.update(json.loads(sys.argv[1]))
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
kernel.install_filter(seccomp.program(is_alone=True, affinity=True))
with Nursery() as nursery:
    argv = ["/bin/cat", sys.argv[2], "/proc/self/status"]
    with nursery.bear_program(argv, limits=Limits()) as box:
        box.wait(20)
        isolation = isolation_of(nursery)
        held = {p.name: p.holds for p in isolation.properties}
        print(json.dumps([isolation.level, held, isolation.missing, box.log.text()]))
"""


def graded_where(refused: dict[str, int], secret: Path) -> tuple[int, dict[str, bool], str, str]:
    """As in a container: the judge itself lives behind a filter, ours, that refuses namespaces."""
    done = subprocess.run(
        [sys.executable, "-c", REFUSED, json.dumps(refused), str(secret)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    level, held, missing, log = json.loads(done.stdout)
    return level, held, missing, log


def test_where_namespaces_are_refused_rules_stand(secret: Path) -> None:
    """In a container that refuses namespaces the level is two, and it is said how to get three."""
    level, held, missing, log = graded_where({}, secret)
    if not held["file_read"]:
        pytest.skip("this kernel has no Landlock")
    assert level == 2
    assert held["network"]
    assert held["seccomp"]
    assert not held["pid_namespace"]
    assert "--privileged" in missing
    assert MARK not in log
    assert "CapEff:\t0000000000000000" in log


def test_where_rules_are_refused_too_the_loss_is_told(secret: Path) -> None:
    """Where Landlock is refused too the level is one: files can be read, and it is said."""
    level, held, missing, log = graded_where({"landlock_create_ruleset": 444}, secret)
    assert level == 1
    assert held["network"]
    assert held["seccomp"]
    assert not held["file_read"]
    assert "level 1 of 3" in missing
    assert MARK in log


# ---- other users ------------------------------------------------------------------------------

ORDINARY = """
import json, sys
sys.path.insert(0, sys.argv[1])
from harness.records import Limits
from harness.sandbox.door import Nursery
from harness.sandbox.held import isolation_of
answer = []
for namespaces in (True, False):
    with Nursery(namespaces=namespaces) as nursery:
        words = f"cat {sys.argv[2]}; grep CapEff /proc/self/status; echo x > f && cat f"
        with nursery.bear_program(["/bin/sh", "-c", words], limits=Limits()) as box:
            box.wait(20)
            isolation = isolation_of(nursery)
            held = {p.name: p.holds for p in isolation.properties}
            answer.append([nursery.walls.root, isolation.level, held, box.log.text()])
print(json.dumps(answer))
"""


OPEN_PYTHON = "/usr/bin/python3"


@pytest.fixture
def open_python() -> str:
    """An interpreter that everybody may run, wherever the one of these tests lies."""
    asked = [OPEN_PYTHON, "-c", "import sys; assert sys.version_info >= (3, 11)"]
    if not Path(OPEN_PYTHON).exists() or subprocess.run(asked, check=False).returncode:
        pytest.skip("no Python that everybody may run")
    return OPEN_PYTHON


BY_ROOT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from harness.records import Limits
from harness.sandbox.door import Nursery
with Nursery(namespaces=False) as nursery:
    words = (
        "id -u; echo 'int main() {}' > $TMPDIR/a.c && gcc $TMPDIR/a.c"
        " && /lib64/ld-linux-x86-64.so.2 ./a.out && echo ran"
    )
    with nursery.bear_program(["/bin/sh", "-c", words], limits=Limits()) as box:
        box.wait(20)
        print(json.dumps([nursery.walls.user, nursery.troubles, box.log.text()]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("is_open", [True, False], ids=["open cache", "closed cache"])
def test_root_without_namespaces_becomes_another_user_if_it_can(
    open_python: str, secret: Path, is_open: bool
) -> None:
    """Behind rules alone a box is another user's if that one can reach what was built before."""
    cache = secret.parent / "cache"
    cache.mkdir(mode=0o755 if is_open else 0o700)
    done = subprocess.run(
        [open_python, "-c", BY_ROOT, str(ROOT)], env={"GRADE_CACHE": str(cache)}, cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    is_other, troubles, log = json.loads(done.stdout)
    assert is_other is is_open
    assert log.split() == ["65534" if is_open else "0", "ran"]
    assert is_open or "cannot be read by user 65534" in troubles[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests here are run by an ordinary user")
def test_an_ordinary_user_has_walls_too(open_python: str, secret: Path) -> None:
    """Whoever is not root gets the same walls inside a user namespace, or Landlock's rules."""
    done = subprocess.run(
        [open_python, "-c", ORDINARY, str(ROOT), str(secret)],
        user=65534, group=65534, extra_groups=[], env={}, cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "No module named 'harness'" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("this checkout is not open to everybody")
    assert done.returncode == 0, done.stderr
    for has_root, level, held, log in json.loads(done.stdout):
        if level == 1:
            pytest.skip("no walls for ordinary users on this machine")
        assert MARK not in log
        assert "CapEff:\t0000000000000000" in log
        assert log.endswith("x\n")
        assert held["file_read"]
        assert held["seccomp"]
        assert not held["other_user"]
        assert held["pid_namespace"] is has_root
