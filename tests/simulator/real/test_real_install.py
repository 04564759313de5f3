from __future__ import annotations

import fcntl
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import uv

from astroferry.errors import AstroferryError, RemoteError, UsageError
from astroferry.simulator.real import install
from astroferry.simulator.real.install import RELEASES, ensure, find_python, installation

if TYPE_CHECKING:
    from pathlib import Path

UV = """#!/bin/sh
echo "$@" >> "$UV_LOG"
[ "$1" = venv ] && mkdir -p "$4/bin"
[ "$1" = "$UV_FAILS" ] && { echo "cannot reach https://user:canary@index.example/simple" >&2; exit 2; }
exit 0
"""


@pytest.fixture
def uv_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tool, log = tmp_path / "uv", tmp_path / "uv.log"
    tool.write_text(UV)
    tool.chmod(0o755)
    log.touch()
    monkeypatch.setenv("ASTROFERRY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_LOG", str(log))
    monkeypatch.setattr(install, "uv_binary", lambda: str(tool))
    monkeypatch.setattr(install, "find_python", lambda _wanted: (sys.executable, (3, 12)))
    return log


def test_installs_once(uv_log: Path) -> None:
    told: list[str] = []
    venv = ensure("3.3", told.append)
    assert venv == installation("3.3") / "venv"
    assert venv.parent.name.startswith("airflow-3.3-py3.12-")
    assert (venv.parent / "lock.txt").read_text() == RELEASES["3.3"].lock
    calls = uv_log.read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["venv", "pip"]
    assert "--no-deps" in calls[1]
    assert ensure("3.3") == venv
    assert len(uv_log.read_text().splitlines()) == 2
    assert len(told) == 1


def test_what_was_built_in_part_is_thrown_away(uv_log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_FAILS", "pip")
    with pytest.raises(RemoteError, match=r"cannot reach https://index\.example/simple") as caught:
        ensure("2.11")
    assert "canary" not in str(caught.value)
    left = installation("2.11") / "venv" / "left-over"
    left.touch()
    monkeypatch.setenv("UV_FAILS", "")
    ensure("2.11")
    assert not left.exists()


def test_two_processes_do_not_build_at_once(uv_log: Path) -> None:
    folder = installation("3.3")
    folder.parent.mkdir()
    told: list[str] = []
    waiting = threading.Event()

    def say(line: str) -> None:
        told.append(line)
        waiting.set()

    with (folder.parent / f"{folder.name}.lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        second = threading.Thread(target=ensure, args=("3.3", say))
        second.start()
        assert waiting.wait(10)
        assert uv_log.read_text() == ""
        # The other process gets ready meanwhile.
        folder.mkdir()
        (folder / "ready").touch()
    second.join(10)
    assert uv_log.read_text() == ""
    assert told[0].startswith("Waiting for another process")


def test_a_cache_that_cannot_be_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ASTROFERRY_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(AstroferryError, match="Set ASTROFERRY_CACHE"):
        ensure("3.3")


def test_the_cache_is_in_the_home_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASTROFERRY_CACHE", raising=False)
    assert install.cache_folder().parts[-2:] == (".cache", "astroferry")


def test_the_python_that_runs_us_is_used_where_it_fits() -> None:
    assert find_python(install.Release("3.3", "3.3.2", (sys.version_info[:2],))) == (
        sys.executable,
        sys.version_info[:2],
    )


def test_another_python_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = install.Release("2.11", "2.11.2", ((3, 7), (3, 8), (3, 9)))
    for name, script in (("python3.7", "exit 0"), ("python3.8", "echo stub; exit 127")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "python3.9").write_text("#!/not/there\n")
    (tmp_path / "python3.9").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python(wanted) == (str(tmp_path / "python3.7"), (3, 7))
    (tmp_path / "python3.7").unlink()
    with pytest.raises(UsageError, match=r"runs on Python 3\.7 or 3\.8 or 3\.9; this is"):
        find_python(wanted)


def test_the_installer_is_found_or_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert subprocess.run([install.uv_binary(), "--version"], check=True, capture_output=True).stdout.startswith(
        b"uv "
    )

    def missing() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(uv, "find_uv_bin", missing)
    with pytest.raises(UsageError, match=r"astroferry\[simulator\]"):
        install.uv_binary()


@pytest.mark.parametrize("version", RELEASES)
def test_locks_hold_versions_only(version: str) -> None:
    lines = RELEASES[version].lock.splitlines()
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; python_full_version == '3\.13\.\*')?", line) for line in lines)
    names = {line.partition("==")[0] for line in lines}
    providers = {f"apache-airflow-providers-{name}" for name in ("standard", "http", "postgres", "ssh")}
    assert providers <= names
    assert ("astronomer-starship" in names) == (version == "2.11")
    assert any(line.startswith(f"apache-airflow=={RELEASES[version].airflow}") for line in lines)
