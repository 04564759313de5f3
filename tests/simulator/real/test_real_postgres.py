from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from astroferry.errors import RemoteError, UsageError
from astroferry.model.secret import Secret
from astroferry.simulator.real import postgres
from astroferry.simulator.real.postgres import Postgres, binaries, free_port

if TYPE_CHECKING:
    from pathlib import Path

INITDB = """#!/bin/sh
[ -e "$(dirname "$0")/refuse" ] && { echo "no cluster for you" >&2; exit 1; }
mkdir "$2"
"""
SERVER = """#!{python} -IS
import os, sys, time
if os.path.exists(sys.argv[2] + "/dies"):
    sys.exit("no room")
time.sleep(600)
"""
PSQL = """#!/bin/sh
cat >> "$(dirname "$0")/sql"
echo "$PGPASSWORD" > "$(dirname "$0")/password"
[ ! -e "$(dirname "$0")/deaf" ]
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pretended PostgreSQL; the folder of its programs."""
    folder = tmp_path / "postgresql" / "15" / "bin"
    folder.mkdir(parents=True)
    (tmp_path / "postgresql" / "9" / "bin").mkdir(parents=True)
    for name, text in (("initdb", INITDB), ("postgres", SERVER.format(python=sys.executable)), ("psql", PSQL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setattr(postgres, "binaries", lambda: binaries(tmp_path / "postgresql"))
    # Nobody else's rights are needed for a pretended one.
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    return folder


def test_a_cluster_is_made_once_and_goes_when_removed(installed: Path, tmp_path: Path) -> None:
    database = Postgres(tmp_path)
    database.start()
    url, port = database.url.reveal(), database.port
    password = url.partition("airflow:")[2].partition("@")[0]
    assert url == f"postgresql+psycopg2://airflow:{password}@127.0.0.1:{port}/airflow"
    assert (installed / "password").read_text().strip() == password
    assert not list(database._folder.glob("password"))
    database.set_passwords({"admin": Secret("canary")})
    asked = (installed / "sql").read_text()
    assert "CREATE DATABASE airflow" in asked
    assert "WHERE username = 'admin'" in asked
    assert "canary" not in asked
    database.stop()
    database.start()
    assert database.port == port
    database.remove()
    assert not database._folder.exists()


def test_a_server_that_dies_is_said(installed: Path, tmp_path: Path) -> None:
    (installed / "deaf").touch()
    database = Postgres(tmp_path)
    (database._folder / "data").mkdir()
    (database._folder / "data" / "dies").touch()
    with pytest.raises(RemoteError, match="PostgreSQL did not start: no room"):
        database.start()
    database.remove()


def test_a_cluster_that_cannot_be_made_is_said(installed: Path, tmp_path: Path) -> None:
    (installed / "refuse").touch()
    database = Postgres(tmp_path)
    with pytest.raises(RemoteError, match="could not make a cluster: no cluster for you"):
        database.start()
    database.remove()


def test_a_machine_without_one_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "binaries", lambda: None)
    with pytest.raises(UsageError, match="Install the package `postgresql`"):
        Postgres(tmp_path)


def test_a_taken_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RemoteError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            free_port(port)
    assert free_port() != 0
