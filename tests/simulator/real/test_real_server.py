from __future__ import annotations

import asyncio
import base64
import json
import os
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from astroferry.errors import NotAllowedError, RemoteError, UsageError
from astroferry.simulator.real.server import RealAirflow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.slow


def make(version: str, tmp_path: Path, behaviour: str = "", **options: object) -> RealAirflow:
    options.setdefault("start_timeout", 20.0)
    return RealAirflow(
        version,
        tmp_path / "home",
        tmp_path / "dags",
        env={"PRETEND": behaviour},
        **options,  # type: ignore[arg-type]  # passed on as they are named
    )


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_starts_restarts_on_its_port_and_stops_all(pretended: Path, tmp_path: Path) -> None:
    told: list[str] = []
    server = make("3.3", tmp_path, prefix="/d123/", say=told.append)
    url = await server.start()
    try:
        assert url == server.url == f"http://127.0.0.1:{server.port}/d123"
        assert server.api == f"{url}/api/v2"
        assert await server.start() == url
        first = server.pids
        assert set(first) == {"api-server", "scheduler", "dag-processor"}
        assert server.healthy()
        assert server.dead() == {}
        assert await server.restart({"PRETEND": "", "MORE": "1"}) == url
        assert server.env["MORE"] == "1"
        assert all(gone(pid) for pid in first.values())
        assert await server.restart() == url
        assert server.env["MORE"] == "1"
        second = server.pids
    finally:
        await server.stop()
    assert all(gone(pid) for pid in second.values())
    assert server.pids == {}
    assert server.health() == {}
    assert not server.healthy()
    assert told[-1] == f"Airflow 3.3.2 answers at {url}."


async def test_a_token_is_asked_for_once(pretended: Path, tmp_path: Path) -> None:
    server = make("3.3", tmp_path, mode="api-only")
    await server.start()
    try:
        assert set(server.pids) == {"api-server"}
        assert await server.token() == "token-of-admin"
        assert server.headers("viewer") == {"Authorization": "Bearer token-of-viewer"}
    finally:
        await server.stop()
    assert await server.token() == "token-of-admin"


def test_a_token_refused_is_said(pretended: Path, tmp_path: Path) -> None:
    with make("3.3", tmp_path, "no tokens", mode="api-only") as server, pytest.raises(NotAllowedError, match="401"):
        server.headers()


def test_airflow_2_knows_its_users_by_password(pretended: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "webserver.pid").write_text("1")
    with make("2.11", tmp_path, parse_first=True) as server:
        assert (server.home / "parsed").exists()
        assert set(server.pids) == {"webserver", "scheduler"}
        assert not (tmp_path / "home" / "webserver.pid").exists()
        scheme, _, encoded = server.headers("op")["Authorization"].partition(" ")
        assert scheme == "Basic"
        assert base64.b64decode(encoded).decode() == f"op:{server.users['op'].reveal()}"
        with closing(sqlite3.connect(server.database_file)) as database:
            hashes = dict(database.execute("SELECT username, password FROM ab_user"))
        assert set(hashes) == {"admin", "op", "user", "viewer"}
        assert all(value.startswith("pbkdf2:sha256:1000$") for value in hashes.values())
        assert len(set(hashes.values())) == 4
        assert (server.home / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_worker_in_its_own_session_goes_too(pretended: Path, tmp_path: Path) -> None:
    with make("2.11", tmp_path, "worker", mode="api-only", grace=0.3) as server:
        worker = int((server.home / "worker").read_text())
        assert not gone(worker)
    assert gone(worker)


def test_the_command_line_sees_the_servers_environment(
    pretended: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLERS_OWN", "canary")
    with make("3.3", tmp_path, mode="api-only") as server:
        seen = json.loads(server.airflow("connections", "export"))
        assert "CALLERS_OWN" not in seen
        assert seen["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{server.url}/execution/"
        with pytest.raises(RemoteError, match="airflow connections import failed: no such command"):
            server.airflow("connections", "import")


@pytest.mark.parametrize("behaviour", ["stale", "sick"])
def test_old_or_bad_heartbeats_are_not_health(behaviour: str, pretended: Path, tmp_path: Path) -> None:
    server = make("3.3", tmp_path, behaviour, start_timeout=1.0)
    with pytest.raises(RemoteError, match="did not become healthy within 1 seconds"):
        server.start_now()
    assert server.pids == {}


def test_a_process_that_dies_is_named_with_its_log(pretended: Path, tmp_path: Path) -> None:
    server = make("3.3", tmp_path, "dag-processor dies sick")
    with pytest.raises(RemoteError, match=r"The dag-processor .* ended with status 1: out of luck"):
        server.start_now()
    assert server.pids == {}


def test_another_port_is_tried_where_it_may_choose(pretended: Path, tmp_path: Path) -> None:
    with make("3.3", tmp_path, "port taken once", mode="api-only") as server:
        assert server.healthy()
    (tmp_path / "home" / "tried").unlink()
    fixed = make("3.3", tmp_path, "port taken once", mode="api-only", port=server.port)
    with pytest.raises(RemoteError, match="Address already in use"):
        fixed.start_now()


async def test_a_cancelled_start_leaves_nothing(
    pretended: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = make("3.3", tmp_path, "sick", start_timeout=60.0)
    started = threading.Event()
    begin = server._wait_until

    def wait_until(it_is_so: Callable[[], bool]) -> None:
        started.set()
        begin(it_is_so)

    monkeypatch.setattr(server, "_wait_until", wait_until)
    starting = asyncio.create_task(server.start())
    await asyncio.to_thread(started.wait, 10)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await server.stop()
    assert server.pids == {}


def test_what_cannot_be_migrated_is_said(pretended: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (pretended / "bin" / "airflow").write_text("#!/bin/sh\necho cannot migrate\nexit 3\n")
    with pytest.raises(RemoteError, match="could not prepare its database: cannot migrate"):
        make("2.11", tmp_path).start_now()


def test_an_unknown_version_and_a_server_that_never_started(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Airflow 1\.10 cannot be run here"):
        make("1.10", tmp_path)
    with pytest.raises(RemoteError, match="has not been started"):
        make("3.3", tmp_path).environ()
