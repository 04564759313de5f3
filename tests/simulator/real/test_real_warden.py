"""The warden within this process, where its lines can be followed; as a process of its own in test_real_processes."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from astroferry.simulator.real import warden

if TYPE_CHECKING:
    from pathlib import Path

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); open('here', 'w').close(); time.sleep(600)"


@pytest.fixture(autouse=True)
def only_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, other children of this process are not the warden's, and none is adopted."""

    def members(_root: int, groups: set[int], rows: list[tuple[int, int, int]]) -> set[int]:
        return {pid for pid, _, group in rows if group in groups}

    monkeypatch.setattr(warden, "offspring", members)
    monkeypatch.setattr(warden, "prctl", lambda _option, _argument: None)


def program(tmp_path: Path, code: str, **more: Any) -> dict[str, Any]:
    argv = [sys.executable, "-IS", "-c", code]
    return {"name": "one", "argv": argv, "env": {}, "cwd": str(tmp_path), "log": str(tmp_path / "log"), **more}


def run(order: dict[str, Any], then: bytes) -> list[dict[str, Any]]:
    """What a warden with that order tells, when `then` follows on its stdin and the parent goes."""
    reading, writing = os.pipe()
    out = io.StringIO()
    os.write(writing, json.dumps(order).encode() + b"\n" + then)
    os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as source:
        assert warden.main(source, out) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_told_to_stop_it_keeps_the_folders(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    told = run({"programs": [program(tmp_path, "import time; time.sleep(600)")], "leftovers": [str(kept)]}, b"stop\n")
    assert [next(iter(fact)) for fact in told] == ["started", "exited"]
    assert told[1]["status"] == -15
    assert kept.exists()


def test_left_alone_it_removes_the_folders(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    run({"programs": [], "leftovers": [str(tmp_path / "left")]}, b"")
    assert not (tmp_path / "left").exists()


def test_what_cannot_run_is_told(tmp_path: Path) -> None:
    missing = {**program(tmp_path, ""), "argv": ["/not/there"]}
    (told,) = run({"programs": [missing]}, b"")
    assert told["failed"] == "one"
    (told,) = run({"programs": [program(tmp_path, "", user="nobody-of-that-name")]}, b"")
    assert told["failed"] == "one"


def test_the_stubborn_are_killed_and_named(tmp_path: Path) -> None:
    out = io.StringIO()
    keeper = warden.Warden(out, 0.1)
    assert keeper.start(program(tmp_path, STUBBORN))
    while not (tmp_path / "here").exists():
        time.sleep(0.01)
    keeper.end()
    assert [next(iter(json.loads(line))) for line in out.getvalue().splitlines()] == ["started", "killed", "exited"]


def test_a_child_that_outlives_its_program_is_asked_too(tmp_path: Path) -> None:
    code = "import os, time\nif os.fork() == 0: time.sleep(600)\nopen('here', 'w').close()"
    keeper = warden.Warden(io.StringIO(), 10.0)
    assert keeper.start(program(tmp_path, code))
    while not (tmp_path / "here").exists() or keeper._running:
        keeper.reap()
        time.sleep(0.01)
    assert keeper.left()
    keeper.end()
    assert not keeper.left()


def test_a_signal_ends_the_watch_not_the_tidying_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: object) -> bool:
        warden.asked_to_end(15, None)
        return False

    monkeypatch.setattr(warden, "watch", interrupted)
    told = run({"programs": [program(tmp_path, "import time; time.sleep(600)")]}, b"")
    assert [next(iter(fact)) for fact in told] == ["started", "exited"]


def test_a_parent_that_no_longer_listens_is_no_error(tmp_path: Path) -> None:
    closed = io.StringIO()
    closed.close()
    warden.Warden(closed, 0.1).tell(started="one")
    warden.send(2**22 + 1, 15)


def test_started_again_nothing_that_it_forked_is_left(tmp_path: Path) -> None:
    """Seen with a real scheduler killed inside its critical section: its workers held the lock for ever."""
    forks = "import os, time\npid = os.fork()\ntime.sleep(600) if not pid else print(pid, flush=True)"
    keeper = warden.Warden(io.StringIO(), 5)
    assert keeper.start(program(tmp_path, forks, restarts=1))
    log = tmp_path / "log"
    while len(log.read_text().split()) < 2:
        keeper.reap()
        time.sleep(0.01)
    first, second = (int(word) for word in log.read_text().split())
    alive = {pid for pid, *_ in warden.table()}
    assert (first in alive, second in alive) == (False, True)
    keeper.end()
