"""Leaving the old side: refused while anything is open, a backup that reads back, then people's words."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.harness import DEPLOYMENT, World

from astroferry.carry.decommission import dump, export, leaving, release
from astroferry.carry.journal import Journal
from astroferry.carry.opening import opened
from astroferry.carry.planfiles import read_plan
from astroferry.errors import AstroferryError, PlanError, RemoteError, UsageError
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOWLY = {"poll": 60.0, "parse_timeout": 240, "drain_timeout": 1200, "watch_ticks": 1}
PEOPLE = ("old-services-stopped", "old-database-removed", "old-infrastructure-removed", "old-access-revoked")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    assert made.astro.contract_violations == []


def left_in(world: World, *more: str) -> dict[str, str]:
    ran = world.on_plan("decommission", "--json", *more)
    assert ran.out, ran.err
    rows = ran.json["checks"]
    assert ran.code == (0 if ran.json["may_go"] else 3)
    return {item["key"]: item["detail"] for item in rows if item["outcome"] in {"missing", "to be confirmed"}}


def no_starship(request: httpx.Request) -> httpx.Response | None:
    return httpx.Response(404, json={"detail": "Not Found"}) if "/api/starship/" in request.url.path else None


def test_refused_until_everything_holds_and_then_without_the_source(world: World) -> None:
    runbooks = ["docs/on-call.md"]
    world.applied(cutover=SLOWLY, watch={"poll_seconds": 60.0}, decommission={"runbooks": runbooks, "quiet_hours": 6})
    ran = world.on_plan("cutover", "--wave", "pilot", "--confirm", DEPLOYMENT)
    assert ran.code == 0, ran.err
    left = left_in(world)
    assert "rest (tested)" in left["waves-moved"]
    assert "ticks_now (not watched)" in left["watched"]
    assert left["source-paused"].startswith("unpaused: by_dataset, by_hand")
    assert "wait until" in left["source-quiet"]
    assert "pip uninstall astronomer-starship" in left["starship-source"]
    assert left.keys() >= {*PEOPLE, "runbook:docs/on-call.md"}
    assert not list(world.folder.glob("*.backup-*"))  # nothing is backed up before all is quiet

    assert world.on_plan("watch").code == 0
    world.edit_plan('state = "tested"', 'state = "kept"')
    for dag in world.estate.engine.dags.values():
        dag.is_paused = True
    world.clock.pass_by(7 * 3600)
    left = left_in(world)
    assert left.keys() == {"starship-source", *PEOPLE, "runbook:docs/on-call.md"}
    (backup,) = world.folder.glob("migration.backup-*.jsonl")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600

    world.wire.before = no_starship
    left = left_in(world)
    assert left.keys() == {*PEOPLE, "runbook:docs/on-call.md"}
    assert list(world.folder.glob("*.backup-*")) == [backup]  # read back, not taken again
    backup.write_bytes(backup.read_bytes() + b"{}")
    world.clock.pass_by(1)
    assert left_in(world).keys() == {*PEOPLE, "runbook:docs/on-call.md"}
    assert len(list(world.folder.glob("*.backup-*"))) == 2  # what was kept is not what was taken
    for key in (*PEOPLE, "runbook:docs/on-call.md"):
        assert world.on_plan("approve", "--what", key, "--by", "Olivia").code == 0

    def gone(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403) if request.url.host == "source.test" else None

    world.wire.before = gone
    held, kept = world.journal_path.read_bytes(), world.plan_path.read_bytes()
    Journal(world.journal_path).write("rollback/pilot/ticks_now/unpause-source", "done")
    assert world.on_plan("decommission").code == 4  # what held was before that
    world.journal_path.write_bytes(held)
    world.edit_plan('state = "cut over"', 'state = "tested"')
    ran = world.on_plan("decommission")
    assert (ran.code, "pilot (halfway: " in ran.err) == (3, True)
    world.plan_path.write_bytes(kept)
    ran = world.on_plan("decommission")
    assert ran.code == 0, ran.err
    assert "The ends cannot be asked any more" in ran.err
    assert {wave.state for wave in world.plan.waves} == {"released"}


def test_a_source_that_never_was_quiet_is_still_asked(world: World) -> None:
    world.applied(approval={"author": "Anna", "before": ["decommission"]})
    before = len(world.wire.requests)
    ran = world.on_plan("decommission")
    assert (ran.code, "approval before decommission, and nobody has approved it" in ran.err) == (3, True)
    assert len(world.wire.requests) == before
    assert world.on_plan("approve", "--by", "Ben").code == 0
    world.wire.before = lambda request: httpx.Response(403) if request.url.host == "source.test" else None
    assert world.on_plan("decommission").code == 4
    assert "no folder" in world.on_plan("decommission", "--backup", str(world.folder / "nowhere")).err


def test_what_was_looked_at_before_a_rollback_releases_nothing(world: World) -> None:
    world.applied()
    journal = Journal(world.journal_path)
    journal.write(leaving.LIVE, "found")
    journal.write("rollback/pilot/ticks_now/unpause-source", "done")
    with pytest.raises(PlanError, match="may not go yet") as refused:
        release.release(*read_plan(world.plan_path), world.plan_path, journal)
    assert {item.where for item in refused.value.problems} == {"waves-moved", *PEOPLE, "source"}
    assert {wave.state for wave in world.plan.waves} == {"tested"}


def test_an_unpaused_dag_after_it_was_quiet_is_seen(world: World) -> None:
    world.applied(decommission={"quiet_hours": 1})
    world.wire.before = no_starship
    for dag in world.estate.engine.dags.values():
        dag.is_paused = True
    world.plan_path.write_text(
        world.plan_path.read_text(encoding="utf-8").replace('state = "tested"', 'state = "kept"'), encoding="utf-8"
    )
    world.clock.pass_by(2 * 3600)
    checks = {item["key"]: item["detail"] for item in world.on_plan("decommission", "--json").json["checks"]}
    assert checks["watched"] == "none was handed over"
    used = {"starship": "2.10.1", "deployment": DEPLOYMENT}
    Journal(world.journal_path).write("cutover/pilot/ticks_on/record", "applied", facts=used)
    assert f'Still to be done: Starship 2.10.1 is still on "{DEPLOYMENT}"' in world.on_plan("status").out
    assert left_in(world).keys() == set(PEOPLE)
    assert world.on_plan("status", "--json").json["to_do"] == []  # it was seen to be gone
    world.estate.engine.dags["nightly"].is_paused = False
    assert left_in(world)["source-paused"].startswith("unpaused: nightly")


# The API's export


def exported(world: World, path: Path, told: list[str]) -> export.Export:
    async def run() -> export.Export:
        async with opened(world.plan_path, lock=False) as way:
            return await export.export(way.ctx.source, path, tell=told.append)

    return asyncio.run(run())


def test_the_export_holds_every_row_and_no_secret(world: World, tmp_path: Path) -> None:
    world.planned()
    event = {"event_log_id": 1, "event": "variable.edit", "extra": '{"val": "typed-Secret-0x74"}'}
    task = {"dag_id": "d", "dag_run_id": "r", "task_id": "t", "map_index": -1, "rendered_fields": {"q": "Secret"}}

    def one_row(request: httpx.Request) -> httpx.Response | None:
        for kind, key, row in (("eventLogs", "event_logs", event), ("taskInstances", "task_instances", task)):
            if request.method == "GET" and request.url.path.endswith(f"/{kind}"):
                return httpx.Response(200, json={key: [row], "total_entries": 1})
        return None

    world.wire.before = one_row
    made = exported(world, tmp_path / "b.jsonl", [])
    assert (made.counts["event_log"], made.counts["task_instance"]) == (1, 1)
    assert made.counts["dag_run"] == sum(len(dag.runs) for dag in world.estate.engine.dags.values())
    assert made.counts["dag"] == 5
    assert made.counts["connection"] == 2
    assert made.left_out.keys() <= {"asset_event"}
    text = (tmp_path / "b.jsonl").read_text(encoding="utf-8")
    assert "Secret" not in text
    assert "eu-central-1" not in text
    assert export.read_back(tmp_path / "b.jsonl") == made
    assert json.loads(text.splitlines()[-1])["airflow"] == "2.11.2"


def test_rows_that_come_meanwhile_stop_the_export(world: World, tmp_path: Path) -> None:
    world.planned()
    counted = 0

    def one_more(request: httpx.Request) -> httpx.Response | None:
        nonlocal counted
        if request.url.path == "/api/v1/pools" and counted == 0:
            counted = 1
            engine = world.estate.engine
            engine.dags["ticks_now"].is_paused = False
            world.clock.pass_by(900)
            engine.advance(world.clock.now())
        return None

    world.wire.before = one_more
    with pytest.raises(RemoteError, match="something changes there"):
        exported(world, tmp_path / "b.jsonl", [])
    assert list(tmp_path.glob("*.jsonl*")) == []


def test_a_damaged_export_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    end = {"kind": "end", "counts": {"dag": 2}, "left_out": {}}
    path.write_text('{"kind": "dag", "row": {}}\n' + json.dumps(end) + "\n", encoding="utf-8")
    with pytest.raises(PlanError, match="is not whole"):
        export.read_back(path)
    path.write_text('{"kind": "dag", "row": {}}\n', encoding="utf-8")
    with pytest.raises(PlanError, match="is not whole"):
        export.read_back(path)
    path.write_text('{"kind": "dag", "ro', encoding="utf-8")
    with pytest.raises(PlanError, match="is damaged"):
        export.read_back(path)
    with pytest.raises(PlanError, match="cannot be read"):
        export.read_back(tmp_path / "gone.jsonl")


# The database's dump


def database(path: Path, tables: tuple[str, ...] = ("dag", "dag_run", "task_instance")) -> Secret:
    with closing(sqlite3.connect(path)) as made, made:
        for table in tables:
            made.execute(f"CREATE TABLE {table} (id INTEGER)")
            made.executemany(f"INSERT INTO {table} VALUES (?)", [(n,) for n in range(3)])
    return Secret(f"sqlite:///{path}")


async def test_a_sqlite_database_is_copied_and_counted(tmp_path: Path) -> None:
    source = database(tmp_path / "airflow.db")
    made = await dump.dump(source, tmp_path / "b.dump")
    assert made.counts == {"dag": 3, "dag_run": 3, "task_instance": 3}
    assert stat.S_IMODE((tmp_path / "b.dump").stat().st_mode) == 0o600
    assert await dump.read_back(tmp_path / "b.dump") == made
    data = bytearray((tmp_path / "b.dump").read_bytes())
    data[5000:9000] = b"\xff" * 4000
    (tmp_path / "b.dump").write_bytes(bytes(data))
    with pytest.raises(PlanError, match="damaged"):
        await dump.read_back(tmp_path / "b.dump")


async def test_what_is_no_airflow_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no table dag_run, task_instance"):
        await dump.dump(database(tmp_path / "x.db", ("dag",)), tmp_path / "b.dump")
    with pytest.raises(RemoteError, match="no SQLite database at"):
        await dump.dump(Secret(f"sqlite:///{tmp_path}/none.db"), tmp_path / "b.dump")
    (tmp_path / "text.db").write_text("no database, but long enough to look at", encoding="utf-8")
    with pytest.raises(RemoteError, match="cannot be dumped"):
        await dump.dump(Secret(f"sqlite:///{tmp_path}/text.db"), tmp_path / "b.dump")
    for other in ("mysql://u:deep-Secret@h/airflow", "deep-Secret"):
        with pytest.raises(UsageError, match="neither PostgreSQL nor SQLite") as caught:
            await dump.dump(Secret(other), tmp_path / "b.dump")
        assert "deep-Secret" not in str(caught.value)
    assert not (tmp_path / "b.dump").exists()
    assert not list(tmp_path.glob(".*.part"))


TOOL = """#!/bin/sh
echo "$@" >> {folder}/argv
env | grep ^PG | sort > {folder}/env
case "$0" in
*pg_dump) for each in "$@"; do case "$each" in --file=*) echo PGDMP > "${{each#--file=}}";; esac; done;;
*)
   printf 'SET x;\\nCOPY public.dag (id) FROM stdin;\\n1\\n2\\n\\\\.\\n\\n'
   printf 'COPY public.dag_run (id) FROM stdin;\\n\\\\.\\n'
   printf 'COPY public.task_instance (id) FROM stdin;\\n7\\n\\\\.\\n';;
esac
{more}
"""


def tools(folder: Path, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
    for name in ("pg_dump", "pg_restore"):
        script = folder / name
        script.write_text(TOOL.format(folder=folder, more=more), encoding="utf-8")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


async def test_postgres_is_dumped_without_its_password_on_a_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools(tmp_path, monkeypatch)
    url = Secret("postgresql+psycopg2://airflow:deep%2FSecret@db.example.com:5433/meta?sslmode=require")
    made = await dump.dump(url, tmp_path / "b.dump")
    assert made.counts == {"dag": 2, "dag_run": 0, "task_instance": 1}
    argv = (tmp_path / "argv").read_text(encoding="utf-8")
    assert "Secret" not in argv
    assert "db.example.com" not in argv
    env = dict(line.split("=", 1) for line in (tmp_path / "env").read_text(encoding="utf-8").splitlines())
    assert env == {}  # reading back needs no server
    assert (await dump.read_back(tmp_path / "b.dump")).sha256 == made.sha256


async def test_what_pg_dump_says_is_told_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools(tmp_path, monkeypatch, 'echo "connection to db failed for $PGPASSWORD" >&2; exit 1')
    with pytest.raises(RemoteError, match="could not dump the metadata database") as caught:
        await dump.dump(Secret("postgres://airflow:deep-Secret@db.example.com/meta"), tmp_path / "b.dump")
    assert "deep-Secret" not in str(caught.value)
    env = (tmp_path / "env").read_text(encoding="utf-8")
    assert "PGPASSWORD=deep-Secret" in env
    assert "PGDATABASE=meta" in env
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="pg_dump is not installed here"):
        await dump.dump(Secret("postgres://h/meta"), tmp_path / "b.dump")


def test_the_dump_of_the_plan_is_taken_by_the_verb(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.applied(decommission={"quiet_hours": 1, "database": "environment"})
    world.wire.before = no_starship
    for dag in world.estate.engine.dags.values():
        dag.is_paused = True
    text = world.plan_path.read_text(encoding="utf-8").replace('state = "tested"', 'state = "kept"')
    world.plan_path.write_text(text, encoding="utf-8")
    world.clock.pass_by(timedelta(hours=2).total_seconds())
    refused = world.on_plan("decommission")
    assert refused.code == 4
    assert "There is no database's address in the environment" in refused.err
    monkeypatch.setenv("ASTROFERRY_SOURCE_DATABASE", database(world.folder / "airflow.db").reveal())
    ran = world.on_plan("decommission", "--json")
    rows = {item["key"]: item for item in ran.json["checks"]}
    assert rows["backup"]["outcome"] == "met"
    (backup,) = world.folder.glob("*.dump")
    backup.unlink()
    with pytest.raises(AstroferryError):
        dump.sha256_of(backup)
    again = world.on_plan("decommission", "--json")
    assert {item["key"]: item for item in again.json["checks"]}["backup"]["outcome"] == "met"
    assert len(list(world.folder.glob("*.dump"))) == 1
