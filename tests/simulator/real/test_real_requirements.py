from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from astroferry.errors import RemoteError, UsageError
from astroferry.simulator.real import install, requirements
from astroferry.simulator.real.requirements import beyond, ensure_requirements

if TYPE_CHECKING:
    from pathlib import Path

UV = """#!/bin/sh
echo "$@" >> "$UV_LOG"
[ "$2" = "$UV_FAILS" ] && { echo "no solution found" >&2; exit 1; }
while [ $# -gt 0 ]; do
  [ "$1" = -o ] && printf 'extra-package==1.0\\nApache_Airflow==3.3.2\\n' > "$2"
  shift
done
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
    monkeypatch.setattr(install, "find_python", lambda _wanted: (sys.executable, (3, 12)))
    monkeypatch.setattr(requirements, "uv_binary", lambda: str(tool))
    monkeypatch.setattr(requirements, "ensure", lambda _version, _say: tmp_path / "venv")
    return log


def test_only_what_the_airflow_lacks_is_installed_and_once(uv_log: Path, tmp_path: Path) -> None:
    file, told = tmp_path / "requirements.txt", list[str]()
    file.write_text("extra-package\napache-airflow\n", encoding="utf-8")
    packages = ensure_requirements("3.3", file, told.append)
    assert packages == ensure_requirements("3.3", file, told.append)
    resolve, put = uv_log.read_text().splitlines()
    assert resolve.startswith("pip compile")
    assert f"-c {packages.parent}/lock.txt" in resolve
    assert put.startswith("pip install --no-deps")
    assert (packages.parent / "more.txt").read_text() == "extra-package==1.0\n"
    assert len(told) == 1
    file.write_text("another\n", encoding="utf-8")
    assert ensure_requirements("3.3", file) != packages


def test_requirements_that_contradict_or_cannot_be_read(
    uv_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "requirements.txt"
    with pytest.raises(UsageError, match="cannot be read"):
        ensure_requirements("3.3", file)
    file.write_text("apache-airflow==1.0\n", encoding="utf-8")
    monkeypatch.setenv("UV_FAILS", "compile")
    with pytest.raises(RemoteError, match=r"The requirements of .* could not be installed: no solution found"):
        ensure_requirements("3.3", file)
    monkeypatch.delenv("UV_FAILS")
    assert ensure_requirements("3.3", file).is_dir(), "what failed is tried again"


def test_names_are_compared_as_package_indexes_do() -> None:
    lock = "apache-airflow==3.3.2\nzope.interface==7.0\n"
    resolved = "# a comment\nApache_Airflow==3.3.2\nzope-interface==7.0\nnew==1 ; python_version < '4'\n\n"
    assert beyond(resolved, lock) == ["new==1 ; python_version < '4'"]
