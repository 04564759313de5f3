from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from astroferry.errors import RemoteError
from astroferry.simulator.real import warden
from astroferry.simulator.real.processes import Guard, Program, tail

if TYPE_CHECKING:
    from pathlib import Path

# Says "here" once it is set up, on its log.
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); open('here', 'w').close(); time.sleep(600)"


def program(tmp_path: Path, code: str, name: str = "one") -> Program:
    return Program(name, (sys.executable, "-c", code), {"ONLY": "this"}, str(tmp_path), str(tmp_path / f"{name}.log"))


def running(pid: int) -> bool:
    return any(pid == row[0] for row in warden.table())


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


def test_programs_get_only_their_environment_and_end_is_told(tmp_path: Path) -> None:
    guard = Guard(tmp_path)
    guard.stop()
    guard.start([program(tmp_path, "import os; print(sorted(os.environ)); raise SystemExit(7)")])
    with guard._told:
        assert guard._told.wait_for(lambda: guard.ended, timeout=20)
    assert guard.ended == {"one": 7}
    guard.stop()
    assert guard.ended == {}
    assert "'ONLY'" in tail(tmp_path / "one.log")
    assert "'PATH'" not in tail(tmp_path / "one.log")
    assert not guard.running
    assert guard.warden_pid is None


def test_what_does_not_end_is_killed(tmp_path: Path) -> None:
    guard = Guard(tmp_path, grace=0.2)
    guard.start([program(tmp_path, STUBBORN)])
    wait_for(tmp_path / "here")
    pid = guard.pids["one"]
    guard.stop()
    assert not running(pid)
    assert guard.killed == ["one"]


def test_what_cannot_run_is_said_and_the_others_end(tmp_path: Path) -> None:
    guard = Guard(tmp_path)
    sleeper = program(tmp_path, "import time; time.sleep(600)", "sleeper")
    missing = Program("missing", ("/not/there",), {}, str(tmp_path), str(tmp_path / "m.log"))
    with pytest.raises(RemoteError, match=r"missing: .*No such file"):
        guard.start([sleeper, missing])
    assert not guard.running
    assert not running(guard.pids["sleeper"])


def test_a_warden_that_breaks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no warden today')")
    monkeypatch.setattr(warden, "__file__", str(broken))
    with pytest.raises(RemoteError, match="no warden today"):
        Guard(tmp_path).start([program(tmp_path, "pass")])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_everything_ends_with_a_killed_parent(how: signal.Signals, tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    parent = f"""
import os, sys, time
from pathlib import Path
from astroferry.simulator.real.processes import Guard, Program
here = Path({str(tmp_path)!r})
guard = Guard(here, grace=0.2, leftovers=[here / "left"])
guard.start([Program("one", (sys.executable, "-c", {STUBBORN!r}), {{}}, str(here), str(here / "one.log"))])
print(guard.warden_pid, guard.pids["one"], flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        watcher, one = map(int, process.stdout.readline().split())
        wait_for(tmp_path / "here")
        process.send_signal(how)
    while running(watcher):
        time.sleep(0.01)
    assert not running(one)
    assert not left.exists()


def test_a_killed_warden_takes_its_programs_along(tmp_path: Path) -> None:
    guard = Guard(tmp_path)
    guard.start([program(tmp_path, STUBBORN)])
    wait_for(tmp_path / "here")
    assert guard.warden_pid is not None
    os.kill(guard.warden_pid, signal.SIGKILL)
    while running(guard.pids["one"]):
        time.sleep(0.01)
    guard.stop()


def test_a_warden_that_is_asked_to_end_tidies_up(tmp_path: Path) -> None:
    guard = Guard(tmp_path, grace=0.2)
    guard.start([program(tmp_path, STUBBORN)])
    wait_for(tmp_path / "here")
    assert guard.warden_pid is not None
    os.kill(guard.warden_pid, signal.SIGTERM)
    with guard._told:
        assert guard._told.wait_for(lambda: guard._over, timeout=20)
    assert not running(guard.pids["one"])
    guard.stop()


def test_offspring_are_descendants_and_members_of_groups() -> None:
    rows = [(10, 1, 10), (11, 10, 11), (12, 11, 11), (13, 12, 13), (20, 1, 20), (21, 1, 11), (22, 21, 22)]
    assert warden.offspring(10, {11}, rows) == {11, 12, 13, 21, 22}
    assert warden.offspring(20, set(), rows) == set()


def test_without_proc_the_table_comes_from_ps(tmp_path: Path) -> None:
    mine = [row for row in warden.table(tmp_path / "no-proc") if row[0] == os.getpid()]
    assert mine == [row for row in warden.table() if row[0] == os.getpid()]


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    assert tail(tmp_path / "none") == ""
    (tmp_path / "log").write_text("x" * 50 + "end\n")
    assert tail(tmp_path / "log", 5) == "xend"
