from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from astroferry.errors import Exit, PlanError, PlanInUseError
from astroferry.model import files
from astroferry.model.files import PlanLock, atomic_write, beside, must_be_writable, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLD = """
import sys
from pathlib import Path
from astroferry.errors import PlanInUseError
from astroferry.model.files import PlanLock
try:
    with PlanLock(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.readline()
except PlanInUseError as error:
    print(error, flush=True)
    sys.exit(int(error.exit))
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestAtomicWrite:
    def test_writes_the_text_with_the_line_ends_given(self, tmp_path: Path) -> None:
        atomic_write(tmp_path / "a.toml", "one\r\ntwo\nümlaut\n")
        assert (tmp_path / "a.toml").read_bytes() == "one\r\ntwo\nümlaut\n".encode()
        assert names(tmp_path) == ["a.toml"]

    def test_a_new_file_has_the_mode_given_and_an_old_one_keeps_its_own(self, tmp_path: Path) -> None:
        path = tmp_path / "a.toml"
        atomic_write(path, "1", mode=0o600)
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o640)
        atomic_write(path, "2")
        assert path.stat().st_mode & 0o777 == 0o640
        assert path.read_text() == "2"

    def test_a_missing_folder_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(PlanError, match=r"a\.toml cannot be written: No such file or directory"):
            atomic_write(tmp_path / "nowhere" / "a.toml", "x")

    def test_a_folder_in_its_place_is_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "a.toml").mkdir()
        with pytest.raises(PlanError, match="cannot be written"):
            atomic_write(tmp_path / "a.toml", "x")
        assert names(tmp_path) == ["a.toml"]

    @pytest.mark.parametrize("step", ["fsync", "chmod", "replace", "fdopen"])
    @pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
    def test_a_failure_at_any_step_leaves_the_old_file_whole_and_nothing_beside_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, failure: BaseException
    ) -> None:
        path = tmp_path / "a.toml"
        path.write_text("old")

        def fail(*_: Any, **__: Any) -> None:
            raise failure

        monkeypatch.setattr(files.os, step, fail)  # type: ignore[attr-defined] # the module files uses, not its export
        with pytest.raises(PlanError if isinstance(failure, OSError) else KeyboardInterrupt) as caught:
            atomic_write(path, "new")
        monkeypatch.undo()
        if isinstance(failure, OSError):
            assert str(caught.value) == f"{path} cannot be written: No space left on device."
        assert path.read_text() == "old"
        assert names(tmp_path) == ["a.toml"]

    def test_text_that_is_no_unicode_leaves_the_old_file_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "a.toml"
        path.write_text("old")
        with pytest.raises(UnicodeEncodeError):
            atomic_write(path, "\ud800")
        assert path.read_text() == "old"
        assert names(tmp_path) == ["a.toml"]

    def test_the_file_is_synced_before_it_takes_its_name_and_the_folder_after(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order: list[str] = []
        fsync, replace = os.fsync, os.replace

        def note_fsync(descriptor: int) -> None:
            order.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
            fsync(descriptor)

        def note_replace(old: str, new: Path) -> None:
            order.append("rename")
            replace(old, new)

        monkeypatch.setattr(os, "fsync", note_fsync)
        monkeypatch.setattr(os, "replace", note_replace)
        atomic_write(tmp_path / "a", "x")
        assert order == ["file", "rename", "folder"]


class TestMustBeWritable:
    def test_a_new_or_an_old_file_in_a_folder_of_ours(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        must_be_writable(tmp_path / "a")
        monkeypatch.chdir(tmp_path)
        Path("a").write_text("")
        must_be_writable(Path("a"))
        assert names(tmp_path) == ["a"]

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(PlanError, match=r"There is no folder .*/nowhere to write a to"):
            must_be_writable(tmp_path / "nowhere" / "a")

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(PlanError, match="is a folder; name a file"):
            must_be_writable(tmp_path)

    def test_a_folder_of_somebody_else(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # Tests may run as root, who may write anywhere.
        monkeypatch.setattr(os, "access", lambda *_: False)
        with pytest.raises(PlanError, match="cannot be written to"):
            must_be_writable(tmp_path / "a")


class TestReadText:
    def test_reads_utf_8_and_keeps_line_ends(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes("ü\r\n".encode())
        assert read_text(tmp_path / "a", "plan") == "ü\r\n"

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(PlanError, match=r"There is no plan at .*/a\."):
            read_text(tmp_path / "a", "plan")

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(PlanError, match="is a folder, not a plan"):
            read_text(tmp_path, "plan")

    def test_not_text(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"abc\xff")
        with pytest.raises(PlanError, match=r"is not a plan: it is not UTF-8 text \(byte 3\)"):
            read_text(tmp_path / "a", "plan")

    def test_not_to_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("")
        with pytest.raises(PlanError, match=r"The plan .* cannot be read: Not a directory"):
            read_text(tmp_path / "a" / "b", "plan")


@pytest.fixture
def plan_path(tmp_path: Path) -> Path:
    return tmp_path / "migration.toml"


@pytest.fixture
def holder(plan_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the plan until it is told or killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(plan_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(files.__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


class TestPlanLock:
    def test_is_held_inside_and_free_outside(self, plan_path: Path) -> None:
        with PlanLock(plan_path):
            held = (plan_path.parent / ".migration.toml.lock").read_text()
            assert held == f"{socket.gethostname()} pid {os.getpid()}\n"
            with pytest.raises(PlanInUseError), PlanLock(plan_path):
                pass
        assert (plan_path.parent / ".migration.toml.lock").read_text() == ""
        with PlanLock(plan_path):
            pass

    def test_is_let_go_when_the_work_fails(self, plan_path: Path) -> None:
        with pytest.raises(ZeroDivisionError), PlanLock(plan_path):
            _ = 1 / 0
        with PlanLock(plan_path):
            pass

    def test_letting_go_twice_does_no_harm(self, plan_path: Path) -> None:
        lock = PlanLock(plan_path)
        with lock:
            pass
        lock.__exit__(None, None, None)

    def test_a_second_process_is_told_who_has_it(self, plan_path: Path) -> None:
        with PlanLock(plan_path):
            other = subprocess.run(
                [sys.executable, "-c", HOLD, str(plan_path)],
                check=False,
                capture_output=True,
                text=True,
                timeout=30,
                env={**os.environ, "PYTHONPATH": str(Path(files.__file__).parents[2])},
            )
        assert other.returncode == Exit.IN_USE
        assert f"{plan_path} is in use by {socket.gethostname()} pid {os.getpid()}." in other.stdout

    def test_dies_with_a_killed_holder(self, plan_path: Path, holder: subprocess.Popen[str]) -> None:
        with pytest.raises(PlanInUseError, match=f"{socket.gethostname()} pid {holder.pid}"), PlanLock(plan_path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=10)
        assert f"pid {holder.pid}" in (plan_path.parent / ".migration.toml.lock").read_text()
        with PlanLock(plan_path):
            held = (plan_path.parent / ".migration.toml.lock").read_text()
            assert held == f"{socket.gethostname()} pid {os.getpid()}\n"

    def test_a_holder_that_has_not_written_its_name_yet(self, plan_path: Path) -> None:
        with (plan_path.parent / ".migration.toml.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with pytest.raises(PlanInUseError, match="in use by another process"), PlanLock(plan_path):
                pass

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with (
            pytest.raises(PlanError, match=r"lock cannot be made: No such file"),
            PlanLock(tmp_path / "nowhere" / "migration.toml"),
        ):
            pass

    def test_a_file_system_that_cannot_lock(self, plan_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", refuse)
        before = names(Path("/dev/fd"))
        with pytest.raises(PlanError, match="cannot be locked: No locks available"), PlanLock(plan_path):
            pass
        assert names(Path("/dev/fd")) == before


def test_beside_is_relative_to_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    plan = tmp_path / "migration.toml"
    assert beside(plan, "inventory.json") == tmp_path / "inventory.json"
    assert beside(plan, "/else/where") == Path("/else/where")
    assert beside(plan, "~/dags") == Path("/home/ada/dags")
    assert beside(plan, "") == tmp_path
    monkeypatch.chdir(tmp_path)
    assert beside(Path("migration.toml"), "dags") == tmp_path / "dags"


def test_a_mark_that_editors_of_windows_write_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(b"\xef\xbb\xbfname = 1\r\n")
    assert read_text(path, "plan") == "name = 1\r\n"
