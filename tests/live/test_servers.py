"""The servers themselves: they start, run DAGs, write the ledger, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.live import ledger, seeding

from astroferry.simulator.real import RealAirflow
from astroferry.simulator.real.warden import offspring, table

if TYPE_CHECKING:
    from collections.abc import Callable


TICKER = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

def note(**context):
    with open({out!r}, "a") as file:
        file.write(str(context["data_interval_end"]) + "\\n")

with DAG("tick", schedule="* * * * * */20", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False):
    PythonOperator(task_id="note", python_callable=note)
"""


def until(it_is_so: Callable[[], object], *, within: float, what: str) -> None:
    """Wait for a real server to get somewhere; fails, naming `what`."""
    end = time.monotonic() + within
    while not it_is_so():
        assert time.monotonic() < end, f"not within {within:g} seconds: {what}"
        time.sleep(0.5)


def ours() -> set[int]:
    """All our descendants. By descent: Airflow and gunicorn write their titles over what /proc shows of them."""
    return offspring(os.getpid(), set(), table())


def test_the_source_is_seeded(real_211: RealAirflow, tmp_path: Path) -> None:
    with seeding.client(real_211) as http:
        dags = http.get(f"{real_211.api}/dags", params={"limit": 100}).json()
        assert dags["total_entries"] == seeding.DAGS
        assert all(dag["is_paused"] for dag in dags["dags"])
        assert len({dag["fileloc"].split("/dags/")[1].split("/")[0] for dag in dags["dags"]}) >= 8

        def broken() -> list[dict[str, str]]:
            found: list[dict[str, str]] = http.get(f"{real_211.api}/importErrors").json()["import_errors"]
            return found

        until(broken, within=120, what="the scheduler has met the broken file")
        assert [Path(error["filename"]).name for error in broken()] == list(seeding.BROKEN)
        assert http.get(f"{real_211.api}/pools").json()["total_entries"] == 4
        plugins = {plugin["name"] for plugin in http.get(f"{real_211.api}/plugins").json()["plugins"]}
        assert "marlow" in {name.lower() for name in plugins}
        assert any("starship" in name.lower() for name in plugins)
    exported = json.loads(seeding.export_connections(real_211, tmp_path / "connections.json").read_text("utf-8"))
    assert set(exported) == {connection["connection_id"] for connection in seeding.connections()}
    for connection in seeding.connections():
        assert exported[connection["connection_id"]]["password"] == connection.get("password")
    values = json.loads(seeding.export_variables(real_211, tmp_path / "variables.json").read_text("utf-8"))
    assert set(values) == {variable["key"] for variable in seeding.variables()}


def test_only_known_users_get_in(real_211: RealAirflow, real_33: RealAirflow) -> None:
    for server in (real_211, real_33):
        # 2.11.2 says 403 where 2.10.5 and 3.3.2 say 401.
        assert httpx.get(f"{server.api}/connections", trust_env=False).status_code in {401, 403}
        with seeding.client(server, "viewer") as viewer:
            assert viewer.get(f"{server.api}/dags").status_code == 200
            assert viewer.get(f"{server.api}/connections").status_code == 403
        assert (server.home / "keys.json").stat().st_mode & 0o777 == 0o600


def test_ticks_are_written_once_and_are_airflows_own(real_211: RealAirflow, ledger_file: Path) -> None:
    dag = "platform_ticks_latest"
    with seeding.client(real_211) as http:

        def idle() -> bool:
            query: dict[str, list[str]] = {"state": ["running", "queued"]}
            return not http.get(f"{real_211.api}/dags/{dag}/dagRuns", params=query).json()["total_entries"]

        def pause(paused: bool) -> None:
            http.patch(f"{real_211.api}/dags/{dag}", json={"is_paused": paused}).raise_for_status()

        def drained() -> bool:
            # Paused in the middle of a run it would stay there for ever; so pause when idle, and look again.
            if not idle():
                return False
            pause(True)
            if idle():
                return True
            pause(False)
            return False

        pause(False)
        until(
            lambda: len([e for e in ledger.read(ledger_file) if e.dag == dag]) >= 3,
            within=240,
            what="three ticks in the ledger",
        )
        until(drained, within=240, what="no run of it any more")
    entries = [entry for entry in ledger.read(ledger_file) if entry.dag == dag]
    ran = sorted(entry.tick for entry in entries if entry.tick)
    due = ledger.expected_ticks(real_211, dag, until=ran[-1])
    compared = ledger.compare(entries, {dag: [tick for tick in due if tick.tick >= ran[0]]})
    print(compared.table())
    # Without catchup a scheduler that is late passes ticks over, as Airflow documents; it never runs one twice.
    assert not compared.twice
    assert not compared.unexpected
    assert not compared.differs


def test_a_real_3_runs_dags_restarts_and_leaves_nothing(tmp_path: Path) -> None:
    dags, out = tmp_path / "dags", tmp_path / "out.txt"
    dags.mkdir()
    before = ours()
    (dags / "tick.py").write_text(TICKER.format(out=str(out)))
    env = {"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False", "AIRFLOW__CORE__DAGS_FOLDER": "/nowhere"}
    server = RealAirflow("3.3", tmp_path / "home", dags, env=env, prefix="/d4k2m9qx", parse=2)
    with server:
        port, pids = server.port, server.pids
        assert len(ours() - before) >= 5, "two wardens and three programs at the least"
        assert set(pids) == {"api-server", "scheduler", "dag-processor"}
        until(out.exists, within=90, what="a first tick")
        server.stop_now()
        assert not ours() - before
        out.unlink()
        server.env["MARLOW"] = "restarted"
        server.start_now()
        assert server.port == port
        assert not set(server.pids.values()) & set(pids.values())
        until(out.exists, within=90, what="a tick after the restart")
        with seeding.client(server) as http:
            runs = http.get(f"{server.api}/dags/tick/dagRuns", params={"order_by": "-start_date"}).json()["dag_runs"]
            assert "failed" not in {run["state"] for run in runs}
    assert not ours() - before


@pytest.mark.skipif(not Path("/usr/lib/postgresql").exists(), reason="no PostgreSQL is installed here")
def test_a_real_211_runs_on_postgres(tmp_path: Path) -> None:
    before = ours()
    with RealAirflow("2.11", tmp_path / "home", tmp_path / "dags", database="postgres", mode="api-only") as server:
        with seeding.client(server) as http:
            assert http.get(f"{server.api}/connections").status_code == 200
        server.stop_now()
        server.start_now()
        assert server.healthy()
    assert not ours() - before


def test_servers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from astroferry.simulator.real import RealAirflow\n"
        f"home = Path({str(tmp_path)!r})\n"
        "server = RealAirflow('2.11', home / 'home', home / 'dags')\n"
        "server.start_now(); print('up', flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"up\n"
            # By descent: gunicorn and Airflow write their titles over the environment that /proc shows.
            ours = offspring(parent.pid, set(), table())
            assert len(ours) >= 4, "a warden, a web server, a scheduler, and what they started"
        finally:
            os.kill(parent.pid, signal.SIGKILL)
    until(lambda: not ours & {pid for pid, _, _ in table()}, within=60, what="every process gone")


def test_a_real_33_runs_with_the_requirements_of_its_deployment(tmp_path: Path) -> None:
    """A package that no Airflow brings, and one that it has already, which stays as it is."""
    requirements, dags = tmp_path / "requirements.txt", tmp_path / "dags"
    requirements.write_text("xmltodict==0.14.2\nhttpx\n", encoding="utf-8")
    dags.mkdir()
    code = "from airflow.sdk import DAG\nimport xmltodict\ndag = DAG(f'with_{xmltodict.__name__}', schedule=None)\n"
    (dags / "needs_it.py").write_text(code, encoding="utf-8")
    with RealAirflow(
        "3.3", tmp_path / "home", dags, requirements=requirements, mode="api-only", parse_first=True
    ) as server:
        listed = httpx.get(f"{server.api}/dags", headers=server.headers(), trust_env=False, timeout=60).json()
        assert [dag["dag_id"] for dag in listed["dags"]] == ["with_xmltodict"]
        (packages,) = (Path(item) for item in server.environ()["PYTHONPATH"].split(":"))
    assert sorted(
        path.stem.partition("-")[0] for path in packages.iterdir() if path.suffix in {".py", ".dist-info"}
    ) == [
        "xmltodict",
        "xmltodict",
    ]
