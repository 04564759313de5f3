"""What is read and written around a cutover, on a real Airflow 2.11 and a real 3.3 with Starship on PostgreSQL.

History is carried in pages with a break in between, read back by hand, and does not disturb the handover after it; so
it is from one 2.11 to another by a wire that loses answers;
the last backup is taken of both kinds; what the watch and the decommission ask, the servers answer.
"""

from __future__ import annotations

import asyncio
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from tests.live.wire import Proxy

from astroferry.carry.context import Context
from astroferry.carry.decommission import dump, export
from astroferry.carry.decommission.leaving import starship_is_gone
from astroferry.carry.handover.wave import actions_for_cutover
from astroferry.carry.history import carrying
from astroferry.carry.history.carrying import CarryHistory
from astroferry.carry.history.rows import FINISHED, task_content
from astroferry.clients.airflow import Airflow
from astroferry.clients.auth import BasicAuth, BearerAuth
from astroferry.clients.connecting import connect_airflow, connect_starship
from astroferry.clients.credentials import SourceLogin
from astroferry.clients.http import Http
from astroferry.errors import UnreachableError
from astroferry.model.inventory import Inventory
from astroferry.model.plan import Cutover, Deployment, Plan, Source, Wave
from astroferry.model.secret import Secret
from astroferry.simulator.real import RealAirflow
from astroferry.simulator.real.install import uv_binary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from astroferry.clients.astro import Astro
    from astroferry.clients.starship import Starship
    from astroferry.model.inventory import Run

STARSHIP = "astronomer-starship==2.10.1"
DAG, LIGHT = "keeps_history", "light"
"""one whose tasks fail, retry and are mapped; one that takes no time, so that it drains at once"""
SECONDS = 20
CODE = f"""
from datetime import datetime, timedelta, timezone
try:
    from airflow.sdk import DAG, task
    from airflow.providers.standard.operators.empty import EmptyOperator
except ImportError:
    from airflow import DAG
    from airflow.decorators import task
    from airflow.operators.empty import EmptyOperator
import os

with DAG("{DAG}", schedule="* * * * * */{SECONDS}", start_date=datetime.fromisoformat(os.environ["BEGIN"]),
         catchup=False, max_active_runs=2, default_args={{"retries": 1, "retry_delay": timedelta(seconds=1)}}):
    @task
    def flaky(**context):
        if context["ti"].try_number == 1:
            raise RuntimeError("the first try always fails")

    @task
    def part(number):
        print(number)

    flaky() >> part.expand(number=[1, 2])

with DAG("{LIGHT}", schedule="* * * * * */{SECONDS}", start_date=datetime.fromisoformat(os.environ["BEGIN"]),
         catchup=False):
    EmptyOperator(task_id="nothing")
"""


@pytest.fixture(scope="module")
def real_source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAirflow]:
    folder = tmp_path_factory.mktemp("history")
    dags = folder / "dags"
    dags.mkdir()
    (dags / "keeps_history.py").write_text(CODE, encoding="utf-8")
    begin = datetime.now(UTC).replace(second=0, microsecond=0)
    env = {"AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True", "BEGIN": begin.isoformat()}
    with RealAirflow("2.11", folder / "source", dags, env=env, parse=20, say=print) as server:
        yield server


@pytest.fixture(scope="module")
def both(
    real_source: RealAirflow, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RealAirflow, RealAirflow]]:
    folder = tmp_path_factory.mktemp("history-target")
    extra = folder / "starship"
    subprocess.run([uv_binary(), "pip", "install", "-q", "--no-deps", "--target", str(extra), STARSHIP], check=True)
    env = {**real_source.env, "PYTHONPATH": str(extra)}
    with RealAirflow(
        "3.3", folder / "target", real_source.dags_folder, env=env, database="postgres", parse=10, say=print
    ) as target:
        yield real_source, target


class Ends:
    """Both servers' clients and a context over them."""

    def __init__(self, source: Airflow, target: Airflow, folder: Path) -> None:
        async def connect(_deployment: str) -> Airflow:
            return target

        async def no_values() -> Any:
            raise AssertionError("history needs no secrets")

        self.source, self.target = source, target
        self.told: list[str] = []
        self.plan = Plan(
            name="history",
            source=Source(source.url),
            created=datetime.now(UTC),
            cutover=Cutover(poll=1.0, parse_timeout=180, watch_ticks=2),
            deployments=(Deployment("prod", "ws"),),
            waves=(Wave("one", "prod", "prod"),),
        )
        self.ctx = Context(
            plan=self.plan,
            inventory=Inventory("airflow", source.url, source.version, datetime.now(UTC)),
            folder=folder,
            source=source,
            astro=cast("Astro", None),
            connect_target=connect,
            load_values=no_values,
            tell=self.told.append,
            deployments={"prod": "cl1"},
        )


async def until(source: Airflow, finished: int) -> None:
    for _ in range(400):
        runs = await source.runs(DAG, states=("success",))
        if len(runs) >= finished:
            return
        await asyncio.sleep(1)
    raise AssertionError(f"{DAG} did not finish {finished} runs")


async def test_history_then_a_handover_then_the_last_backup(
    both: tuple[RealAirflow, RealAirflow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_source, real_target = both
    async with (
        Http(real_source.url, auth=BasicAuth("admin", real_source.users["admin"]), name="the source") as source_http,
        Http(real_target.url, auth=BearerAuth(Secret(await real_target.token())), name="the target") as target_http,
    ):
        source, target = await Airflow.connect(source_http), await Airflow.connect(target_http)
        for dag_id in (DAG, LIGHT):
            await source.set_paused(dag_id, False)
        ends = Ends(source, target, tmp_path)
        began = datetime.now(UTC)
        await until(source, 3)

        # History, two runs to a page, broken off after the first page.
        monkeypatch.setattr(carrying, "PAGE", 2)
        history = CarryHistory(DAG, "one", "prod")
        seen = await history.observe(ends.ctx)
        assert seen.state == "todo", seen
        assert seen.facts["missing"] >= 2

        def killed(line: str) -> None:
            raise KeyboardInterrupt(line)

        ends.ctx.tell = killed
        with pytest.raises(KeyboardInterrupt):
            await history.apply(ends.ctx)
        assert len(await target.runs(DAG)) == 2
        ends.ctx.tell = print
        made = await history.apply(ends.ctx)
        assert (await history.verify(ends.ctx)).state == "done"
        print("history:", made)
        there = {run.run_id: run for run in await target.runs(DAG)}
        here = {run.run_id: run for run in await source.runs(DAG)}
        newest = max(here.values(), key=lambda run: run.data_interval_end or began)
        assert newest.run_id not in there
        for run_id, run in there.items():
            mine = here[run_id]
            for name in ("state", "logical_date", "data_interval_end", "start_date", "end_date", "run_type"):
                assert getattr(run, name) == getattr(mine, name), (run_id, name)
            tasks = {task_content(row) for row in await target.task_rows(DAG, run_id)}
            assert tasks == {task_content(row) for row in await source.task_rows(DAG, run_id)}
            assert {(task, index) for task, index, *_ in tasks} == {("flaky", -1), ("part", 0), ("part", 1)}
            tries = [task_content(row) for row in await target.try_rows(DAG, run_id, "flaky")]
            assert tries == [task_content(row) for row in await source.try_rows(DAG, run_id, "flaky")]
            assert [(each[2], each[3]) for each in tries][:2] == [(1, "failed"), (2, "success")]
        # A second time writes nothing.
        count = len(there)
        again = await history.apply(ends.ctx)
        assert again["tasks"] == again["tries"] == 0 or again["runs"] > 0
        assert len(await target.runs(DAG)) >= count

        await source.set_paused(DAG, True)
        light = CarryHistory(LIGHT, "one", "prod")
        assert (await light.apply(ends.ctx))["runs"] >= 2
        assert (await light.verify(ends.ctx)).state == "done"

        # What the watch and the decommission ask.
        started = await source.runs_started(began)
        assert DAG in started
        assert await source.last_start(began) is not None
        assert await target.last_start(began) is not None
        assert await target.runs_started(datetime.now(UTC) + timedelta(hours=1)) == {}
        assert all(task.dag_id == DAG for task in await source.waiting_tasks())
        assert await target.waiting_tasks() == ()
        assert await starship_is_gone(target) is False
        assert await starship_is_gone(source) is False  # it asks for a login there

        # The handover puts its marker where no imported row is, and every tick runs once.
        ends.ctx.inventory = Inventory(
            "airflow", source.url, source.version, datetime.now(UTC), dags=(await source.dag(LIGHT),)
        )
        journal: dict[str, Any] = {}
        for action in actions_for_cutover(ends.plan, ends.ctx.inventory, "one"):
            seen = await action.observe(ends.ctx)
            assert seen.state in {"todo", "done"}, (action.info.id, seen)
            journal[action.info.id] = seen.facts
            if seen.state == "todo":
                journal[action.info.id] = await action.apply(ends.ctx)
                assert (await action.verify(ends.ctx)).state == "done", action.info.id
        watched = journal[f"cutover/one/{LIGHT}/watch-target"]
        assert (watched["twice"], watched["missed"]) == (0, 0)
        assert watched["once"] >= 2
        await target.set_paused(LIGHT, True)

        # The last backup: the API of either version, and both kinds of database.
        for airflow, name in ((source, "source"), (target, "target")):
            for _ in range(90):
                if not await airflow.active_run_counts():
                    break
                # A paused DAG's unfinished runs stay so; the export counts them all the same.
                await asyncio.sleep(1 if airflow is target else 0.2)
            made_of = await export.export(airflow, tmp_path / f"{name}.jsonl", tell=print)
            print(name, made_of.counts, made_of.left_out)
            assert made_of.counts["dag_run"] == sum([len(await airflow.runs(dag, limit=999)) for dag in (DAG, LIGHT)])
            assert made_of.counts["task_instance"] >= 6
            assert made_of.left_out == {}
        sqlite = await dump.dump(Secret(f"sqlite:///{real_source.database_file}"), tmp_path / "source.dump")
        assert sqlite.counts["dag_run"] == sum([len(await source.runs(dag, limit=999)) for dag in (DAG, LIGHT)])
        postgres = await dump.dump(
            Secret(real_target.environ()["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]), tmp_path / "target.dump"
        )
        assert postgres.counts["dag_run"] == sum([len(await target.runs(dag, limit=999)) for dag in (DAG, LIGHT)])
        assert postgres.counts["task_instance_history"] >= 2
        assert await dump.read_back(tmp_path / "target.dump") == postgres


@pytest.fixture(scope="module")
def another_211(real_source: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAirflow]:
    """An Airflow 2.11 with the source's DAGs and Starship, on PostgreSQL, where alone Starship writes rows."""
    folder = tmp_path_factory.mktemp("another")
    dags = real_source.dags_folder
    server = RealAirflow("2.11", folder, dags, env=real_source.env, database="postgres", parse=20, say=print)
    with server:
        yield server


async def test_history_from_one_airflow_2_to_another_by_a_wire_that_breaks(
    real_source: RealAirflow, another_211: RealAirflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(another_211.url)
    login = SourceLogin(username="admin", password=another_211.users["admin"])
    lost: list[str] = []

    def loses(method: str, path: str, status: int) -> bool:
        """Each kind of rows is taken once without our hearing of it."""
        kind = path.partition("?")[0].rpartition("/")[2]
        new = (method == "POST" and status == 200 and "/starship/" in path) and kind not in lost
        if new:
            lost.append(kind)
        return new

    here = SourceLogin(username="admin", password=real_source.users["admin"])
    source = await connect_airflow(real_source.url, here, rate=None)
    target = await connect_airflow(proxy.url, login, name="The target", rate=None)
    for _ in range(200):
        if await target.count_dags() == 2:
            break
        await asyncio.sleep(1)
    starship = await connect_starship(target, login)
    assert starship is not None

    async def find(_target: Airflow) -> Starship | None:
        return starship

    try:
        await source.set_paused(DAG, False)
        await until(source, 5)
        await source.set_paused(DAG, True)
        monkeypatch.setattr(carrying, "PAGE", 2)
        ends = Ends(source, target, tmp_path)
        history = CarryHistory(DAG, "one", "prod", find_starship=find)
        proxy.watch = loses
        for kind in ("dag_runs", "task_instances", "task_instance_history"):
            with pytest.raises(UnreachableError):
                await history.apply(ends.ctx)
            assert lost[-1] == kind
        made = await history.apply(ends.ctx)
        assert lost == ["dag_runs", "task_instances", "task_instance_history"]
        proxy.watch = None
        print("history, 2.11 to 2.11:", made, "after", len(lost), "breaks")
        assert (await history.verify(ends.ctx)).state == "done"
        there = {run.run_id: run for run in await target.runs(DAG, limit=1000)}
        mine = {run.run_id: run for run in await source.runs(DAG, limit=1000)}
        assert len(there) >= 4
        assert not there.keys() - mine.keys()
        assert all(mine[run_id] == run for run_id, run in there.items()), "not one field is translated"
        for run_id in there:
            tasks = sorted(map(task_content, await target.task_rows(DAG, run_id)))
            assert tasks == sorted(map(task_content, await source.task_rows(DAG, run_id)))
            tries = sorted(map(task_content, await target.try_rows(DAG, run_id, "flaky")))
            assert tries == sorted(map(task_content, await source.try_rows(DAG, run_id, "flaky")))
            assert len(tries) >= 2
        left = set(mine) - set(there)
        assert all(mine[run_id].state not in FINISHED or mine[run_id] == _newest(mine) for run_id in left)
        again = await history.apply(ends.ctx)
        assert (again["runs"], again["tasks"], again["tries"]) == (0, 0, 0)
        # What was carried makes nothing run there.
        assert (await target.dag(DAG)).is_paused
    finally:
        for client in (starship.http, target.http, source.http):
            await client.aclose()
        proxy.close()


def _newest(runs: dict[str, Run]) -> Run:
    ticks = [run for run in runs.values() if run.run_type == "scheduled" and run.data_interval_end is not None]
    return max(ticks, key=lambda run: run.data_interval_end or datetime.min.replace(tzinfo=UTC))


async def test_without_starship_history_is_refused_with_the_reason(
    both: tuple[RealAirflow, RealAirflow],
) -> None:
    real_source, _ = both
    # Airflow 2's Starship wants a session: Basic credentials find a login page, not Starship.
    async with Http(real_source.url, auth=BasicAuth("admin", real_source.users["admin"]), name="the source") as http:
        answer = await http.answer("GET", "/api/starship/info")
        assert answer.status in {302, 401, 403}, answer.status
    async with httpx.AsyncClient(base_url=real_source.url) as client:
        assert (await client.get("/api/starship/nothing-like-it")).status_code == 404
