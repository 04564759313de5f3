"""Rows of the source as rows of the target, and how a page of them is written, read back, and never twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from astroferry.carry.context import Context
from astroferry.carry.history import carrying
from astroferry.carry.history.carrying import CarryHistory, writer
from astroferry.carry.history.rows import run_row, task_row, try_row
from astroferry.carry.journal import Standing
from astroferry.errors import NotFoundError, RemoteError
from astroferry.model.cutover import MARKER_NOTE
from astroferry.model.inventory import Dag, Inventory, Schedule
from astroferry.model.plan import Plan, Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from astroferry.clients.airflow import Airflow
    from astroferry.clients.astro import Astro
    from astroferry.clients.starship import Starship

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
Row = dict[str, Any]


def a_run(number: int, state: str = "success", run_type: str = "scheduled", **more: Any) -> Row:
    start, end = NOON + number * HOUR, NOON + (number + 1) * HOUR
    return {
        "dag_id": "d",
        "dag_run_id": f"{run_type}__{start.isoformat()}",
        "run_type": run_type,
        "state": state,
        "logical_date": start.isoformat(),
        "data_interval_start": start.isoformat(),
        "data_interval_end": end.isoformat(),
        "start_date": end.isoformat(),
        "end_date": (end + timedelta(seconds=9)).isoformat() if state in {"success", "failed"} else None,
        "conf": {"n": number},
        **more,
    }


def a_task(run: Row, task: str = "load", attempt: int = 2, state: str = "success", index: int = -1) -> Row:
    return {
        "dag_id": "d",
        "dag_run_id": run["dag_run_id"],
        "task_id": task,
        "map_index": index,
        "try_number": attempt,
        "state": state,
        "start_date": run["start_date"],
        "end_date": run["end_date"],
        "duration": 9.0,
        "max_tries": 1,
        "operator": "PythonOperator",
        "queued_when": run["start_date"],
        "pool": None,
        "rendered_fields": {"password": "deep-Secret"},
    }


def test_a_run_as_airflow_3_and_as_airflow_2_have_it() -> None:
    item = a_run(0)
    new, old = run_row(item, 3), run_row(item, 2)
    assert new["logical_date"] == item["logical_date"]
    assert new["run_after"] == item["data_interval_end"]
    assert new["triggered_by"] == "TIMETABLE"
    assert "execution_date" not in new
    assert (old["execution_date"], old["external_trigger"]) == (item["logical_date"], False)
    assert not {"run_after", "triggered_by", "logical_date"} & old.keys()
    by_hand = run_row(a_run(0, run_type="manual"), 3)
    assert (by_hand["run_after"], by_hand["triggered_by"]) == (item["logical_date"], None)
    assert run_row(a_run(0, run_type="manual"), 2)["external_trigger"] is True
    assert run_row(a_run(0, run_type="dataset_triggered"), 3)["run_type"] == "asset_triggered"
    assert run_row(a_run(0, run_type="asset_triggered"), 2)["run_type"] == "dataset_triggered"


def test_a_task_gets_an_id_of_its_own_that_is_the_same_each_time() -> None:
    run = a_run(0)
    item = a_task(run)
    assert task_row(item, 3) == task_row(item, 3)
    assert task_row(item, 3)["id"] != task_row(a_task(run, index=1), 3)["id"]
    assert "id" not in task_row(item, 2)
    first = try_row(a_task(run, attempt=1, state="failed"), 3)
    assert first["task_instance_id"] != task_row(item, 3)["id"]
    assert "id" not in first
    row = task_row(item, 3)
    assert (row["pool"], row["pool_slots"], row["task_display_name"]) == ("default_pool", 1, "load")
    assert (row["hostname"], row["unixname"], row["queue"]) == ("", "", "default")
    assert "deep-Secret" not in str(row)


@dataclass
class Server:
    """An Airflow with rows, as far as history asks."""

    major: int
    runs: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    tries: list[Row] = field(default_factory=list)
    paused: bool = True
    has_dag: bool = True
    loses: str = ""
    alters: str = ""
    """a kind of rows that are kept with another state than they were written with"""

    async def dag(self, dag_id: str) -> Dag:
        if not self.has_dag:
            raise NotFoundError("no such DAG", status=404)
        return Dag(dag_id, Schedule("cron", "0 * * * *"), self.paused)

    async def run_rows(self, dag_id: str, *, offset: int, limit: int) -> tuple[list[Row], int]:
        del dag_id
        return self.runs[offset : offset + limit], len(self.runs)

    async def task_rows(self, dag_id: str, run_id: str) -> list[Row]:
        del dag_id
        return [row for row in self.tasks if row["dag_run_id"] == run_id]

    async def try_rows(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> list[Row]:
        del dag_id, map_index
        mine = [row for row in (*self.tries, *self.tasks) if (row["dag_run_id"], row["task_id"]) == (run_id, task_id)]
        return sorted(mine, key=lambda row: row["try_number"])


@dataclass
class Writes:
    """Starship beside it: what is written is there, unless the server loses it."""

    server: Server
    version: str = "2.10.1"
    batches: list[tuple[str, int]] = field(default_factory=list)

    async def add_rows(self, kind: str, rows: Sequence[Row]) -> None:
        if not rows or self.server.loses == kind:
            return
        self.batches.append((kind, len(rows)))
        if self.server.alters == kind:
            rows = [{**row, "state": "failed" if row["state"] == "success" else "success"} for row in rows]
        if kind == "dag_runs":
            self.server.runs += [{**row, "dag_run_id": row["run_id"]} for row in rows]
        else:
            held = self.server.tasks if kind == "task_instances" else self.server.tries
            held += [{**row, "dag_run_id": row["run_id"]} for row in rows]


def ends(folder: Path, source: Server, target: Server, done: set[str]) -> Context:
    async def connect(_deployment: str) -> Airflow:
        return cast("Airflow", target)

    async def no_values() -> Any:
        raise AssertionError("no values here")

    return Context(
        plan=Plan("p", Source("http://s"), NOON),
        inventory=Inventory("airflow", "http://s", "2.11.2", NOON),
        folder=folder,
        source=cast("Airflow", source),
        astro=cast("Astro", None),
        connect_target=connect,
        load_values=no_values,
        standing=lambda action: Standing("done") if action in done else None,
        deployments={"prod": "cl"},
    )


def filled(count: int = 6) -> Server:
    runs = [a_run(number) for number in range(count)]
    return Server(
        2,
        runs=runs,
        tasks=[a_task(run) for run in runs],
        tries=[a_task(run, attempt=1, state="failed") for run in runs],
    )


def history(target: Server, starship: Writes | None, **more: Any) -> CarryHistory:
    async def find(_target: Airflow) -> Starship | None:
        return cast("Starship", starship)

    del target
    return CarryHistory("d", "one", "prod", find_starship=find, **more)


async def test_pages_are_written_once_and_the_newest_tick_is_left_to_the_marker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "PAGE", 2)
    source, target = filled(), Server(3)
    source.runs += [
        a_run(7, "running", run_type="manual"),
        a_run(8, run_type="manual", note=f"{MARKER_NOTE}: x"),
        a_run(-2, run_type="manual", dag_run_id="astroferry_gap__x"),
    ]
    starship, done = Writes(target), set[str]()
    ctx = ends(tmp_path, source, target, done)
    action = history(target, starship)
    assert (await action.observe(ctx)).facts["missing"] == 5
    made = await action.apply(ctx)
    assert made == {"runs": 5, "tasks": 5, "tries": 5, "left": {"newest tick": 1, "unfinished": 1, "ours": 2}}
    assert [count for kind, count in starship.batches if kind == "dag_runs"] == [2, 2, 1]
    assert (await action.verify(ctx)).state == "done"
    # One that the source finishes meanwhile makes the newest of before one to be carried, the next time.
    source.runs.append(a_run(9))
    assert (await action.verify(ctx)).state == "done"
    source.runs.pop()
    done.add(action.info.id)
    assert (await action.observe(ctx)).state == "done"
    assert (await action.apply(ctx))["runs"] == 0
    assert len(target.runs) == len(target.tasks) == len(target.tries) == 5


async def test_a_break_between_runs_and_tasks_is_mended(tmp_path: Path) -> None:
    source, target = filled(3), Server(3)
    starship = Writes(target)
    ctx = ends(tmp_path, source, target, set())
    await starship.add_rows("dag_runs", [run_row(source.runs[0], 3)])
    assert (await history(target, starship).observe(ctx)).state == "todo"
    made = await history(target, starship).apply(ctx)
    assert (made["runs"], made["tasks"], made["tries"]) == (1, 2, 2)


async def test_a_break_between_tasks_and_their_tries_is_mended(tmp_path: Path) -> None:
    source, target = filled(3), Server(3)
    starship = Writes(target)
    await starship.add_rows("dag_runs", [run_row(source.runs[0], 3)])
    await starship.add_rows("task_instances", [task_row(source.tasks[0], 3)])
    made = await history(target, starship).apply(ends(tmp_path, source, target, set()))
    assert (made["runs"], made["tasks"], made["tries"]) == (1, 1, 2)


async def test_only_the_newest_are_carried_where_the_plan_says_so(tmp_path: Path) -> None:
    source, target = filled(6), Server(3)
    made = await history(target, Writes(target), most=2).apply(ends(tmp_path, source, target, set()))
    assert (made["runs"], made["left"]) == (2, {"newest tick": 1, "older": 3})
    assert [row["run_id"] for row in target.runs] == [row["dag_run_id"] for row in source.runs[3:5]]


async def test_a_moment_that_the_target_has_already_stays_its_own(tmp_path: Path) -> None:
    source, target = filled(4), Server(3)
    target.runs.append(a_run(1, run_type="backfill"))
    made = await history(target, Writes(target)).apply(ends(tmp_path, source, target, set()))
    assert made["left"] == {"newest tick": 1, "taken": 1}


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("dag_runs", "is not on the target as it was written"),
        ("task_instances", "The task load of"),
        ("task_instance_history", "The tries of load of"),
    ],
)
async def test_what_is_not_there_as_written_is_named(tmp_path: Path, kind: str, says: str) -> None:
    for target in (Server(3, loses=kind), Server(3, alters=kind)):
        with pytest.raises(RemoteError, match=says):
            await history(target, Writes(target)).apply(ends(tmp_path, filled(2), target, set()))


async def test_when_it_is_not_written_at_all(tmp_path: Path) -> None:
    source, target = filled(2), Server(3, paused=False)
    ctx = ends(tmp_path, source, target, set())
    assert (await history(target, Writes(target)).observe(ctx)).state == "doubt"
    assert (await history(target, Writes(target), moved=True).observe(ctx)).state == "todo"
    target.has_dag = False
    assert (await history(target, Writes(target)).observe(ctx)).state == "failed"
    gone = await history(target, Writes(target)).verify(ends(tmp_path, source, Server(3), set()))
    assert gone.why.startswith("1 run not on the target: ")
    undone = await history(target, None).undo(ctx, await history(target, None, moved=True).observe(ctx), {"runs": 3})
    assert "3 runs of d stay" in undone


async def test_an_old_or_absent_starship_is_refused_with_what_to_do() -> None:
    target = Server(3)
    named = cast("Any", target)
    named.http = type("H", (), {"name": "The Deployment"})()

    async def none(_target: Airflow) -> Starship | None:
        return None

    async def old(_target: Airflow) -> Starship | None:
        return cast("Starship", replace(Writes(target), version="2.8.6"))

    with pytest.raises(RemoteError, match="has no Starship") as caught:
        await writer(named, none)
    assert "decommission` exports all of it" in str(caught.value)
    with pytest.raises(RemoteError, match="too old to write history"):
        await writer(named, old)
    target.major = 2
    assert await writer(named, old) is not None
