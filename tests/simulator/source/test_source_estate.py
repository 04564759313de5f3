"""Harbor Lines: a believable estate whose files say what its server lists."""

from __future__ import annotations

import ast
import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

import astroferry.simulator
from astroferry.simulator.source.app import create_app
from astroferry.simulator.source.dagfiles import SEEDED_AT, main, render
from astroferry.simulator.source.embedded import EmbeddedSource
from astroferry.simulator.source.estate import Estate, SimConnection, SimVariable
from astroferry.simulator.source.harbor import demo_estate
from astroferry.simulator.source.masking import masked, masked_extra
from astroferry.simulator.source.specs import DagSpec, Task

NOW = datetime(2026, 11, 22, 12, 0, 7, tzinfo=UTC)
SEED = Path(astroferry.simulator.__file__).parent / "seed" / "dags"
FAST = ("fleet_position_ticks", "fleet_arrival_board")


@pytest.fixture(scope="module")
def harbor() -> Estate:
    return demo_estate(NOW)


def client(estate: Estate, now: datetime = NOW) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=create_app(estate, lambda: now))
    return httpx.AsyncClient(transport=transport, base_url="http://source.test", auth=("admin", "admin"))


def test_the_estate_is_as_large_as_promised(harbor: Estate) -> None:
    specs = [dag.spec for dag in harbor.engine.dags.values()]
    assert (len(specs), len({spec.team for spec in specs})) == (42, 8)
    assert (len(harbor.connections), len(harbor.variables), len(harbor.pools)) == (12, 11, 4)
    assert (len(harbor.plugins), len(harbor.import_errors)) == (2, 1)
    assert sum(1 for item in harbor.connections.values() if item.password) >= 9
    operators = {task.operator for spec in specs for task in spec.tasks}
    assert operators >= {"ExternalTaskSensor", "TriggerDagRunOperator", "PythonOperator", "EmptyOperator"}


def test_ties_between_dags_point_at_dags_and_tasks_that_exist(harbor: Estate) -> None:
    dags = harbor.engine.dags
    produced = {uri for dag in dags.values() for uri in dag.spec.produces}
    for dag in dags.values():
        known = {task.task_id for task in dag.spec.tasks}
        assert {task.other_dag for task in dag.spec.tasks} - {""} <= set(dags)
        assert {name for task in dag.spec.tasks for name in task.after} <= known
        assert {task.pool for task in dag.spec.tasks} <= set(harbor.pools)
        assert set(dag.spec.consumes) <= produced


def test_the_two_fast_dags_differ_in_catchup_and_have_just_begun(harbor: Estate) -> None:
    specs = [harbor.engine.dags[name].spec for name in FAST]
    assert [spec.catchup for spec in specs] == [True, False]
    for spec in specs:
        assert (spec.schedule, spec.is_paused) == ("* * * * * */20", False)
        assert timedelta(minutes=3) < NOW - spec.start_date < timedelta(minutes=10)
        assert len(harbor.engine.dags[spec.dag_id].runs) >= 12


def test_active_dags_with_a_schedule_have_run_and_know_their_next_run(harbor: Estate) -> None:
    for dag in harbor.engine.dags.values():
        if dag.spec.history and not dag.is_paused:
            assert dag.runs, dag.spec.dag_id
            assert all(run.state == "success" for run in dag.runs.values())
        if isinstance(dag.spec.schedule, str) and not dag.is_paused:
            assert dag.next is not None
            assert dag.next.end > NOW


def test_the_shipped_files_are_those_of_the_estate(tmp_path: Path) -> None:
    written = demo_estate(SEEDED_AT).write_dags(tmp_path)
    assert len(written) == 43
    shipped = {path.relative_to(SEED): path.read_text() for path in SEED.rglob("*.py")}
    assert {path.relative_to(tmp_path): path.read_text() for path in written} == shipped


def test_the_files_can_be_written_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["dagfiles", str(tmp_path)])
    main()
    assert len(list(tmp_path.rglob("*.py"))) == 43


def test_every_file_is_python_and_names_its_dag(harbor: Estate) -> None:
    for dag in harbor.engine.dags.values():
        text = render(dag.spec)
        ast.parse(text)
        assert f'dag_id="{dag.spec.dag_id}"' in text
        assert max(map(len, text.splitlines())) <= 120


def test_a_file_says_all_that_its_dag_is() -> None:
    task = Task(
        "t", pool="small", depends_on_past=True, produces=("s3://a", "s3://b"), does="echo a long command " * 3
    )
    after = Task("u", "EmptyOperator", ("t", "v"))
    tasks = (task, Task("v", "ExternalTaskSensor", other_dag="other"), after)
    spec = DagSpec("d", "t", "me", NOW, timedelta(minutes=90), tasks, end_date=NOW, max_active_tasks=3)
    text = render(spec)
    for part in (
        "schedule=timedelta(seconds=5400)", "end_date=pendulum.datetime(2026, 11, 22, 12, 0, 7,",
        "max_active_tasks=3",
        'pool="small"', "depends_on_past=True", 'outlets=[Asset("s3://a"), Asset("s3://b")]',
        'external_dag_id="other"', "[t_task, v_task] >> u_task",
    ):  # fmt: skip
        assert part in text


def test_secrets_stay_out_of_reprs(harbor: Estate) -> None:
    text = repr(list(harbor.connections.values())) + repr(list(harbor.variables.values())) + repr(harbor.users)
    for item in harbor.connections.values():
        assert not item.password or item.password not in text
    assert "'admin'" not in repr(harbor.users["admin"])


def test_masking_goes_by_name_and_depth() -> None:
    assert masked_extra("") == ""
    assert masked_extra(None) is None
    assert masked_extra("not json") == "not json"
    assert json.loads(masked_extra('{"Token": "x", "list": [{"passwd": "y"}], "n": 1}') or "") == {
        "Token": "***",
        "list": [{"passwd": "***"}],
        "n": 1,
    }
    assert masked({"secret": {"deep": ["a", 1, None]}}) == {"secret": {"deep": ["***", 1, None]}}


async def log_in(browser: httpx.AsyncClient, user: str, password: str) -> httpx.Response:
    page = await browser.get("/login/")
    token = page.text.partition('name="csrf_token" type="hidden" value="')[2].partition('"')[0]
    return await browser.post("/login/", data={"csrf_token": token, "username": user, "password": password})


async def test_starship_wants_a_session_and_a_role(harbor: Estate) -> None:
    async with client(harbor) as browser:
        refused = await browser.get("/api/starship/connections")
        assert (refused.status_code, refused.headers["location"].partition("?")[0]) == (302, "/login/")
    for user, status in (("op", 200), ("viewer", 302)):
        async with client(harbor) as browser:
            browser.auth = httpx.Auth()
            assert (await log_in(browser, user, user)).headers["location"] == "/home"
            assert (await browser.get("/home")).status_code == 200
            assert (await browser.get("/api/v1/dags?limit=1")).status_code == 200
            assert (await browser.get("/api/starship/info")).status_code == status


async def test_starship_gives_values_in_clear(harbor: Estate) -> None:
    async with client(harbor) as browser:
        await log_in(browser, "admin", "admin")
        assert (await browser.get("/api/starship/health")).text == "OK"
        assert (await browser.get("/api/starship/airflow_version")).text == "2.11.2"
        rows = {row["conn_id"]: row for row in (await browser.get("/api/starship/connections")).json()}
        assert rows["booking_pg"]["password"] == harbor.connections["booking_pg"].password
        values = {row["key"]: row["val"] for row in (await browser.get("/api/starship/variables")).json()}
        assert values["customs_password"] == harbor.variables["customs_password"].value
        assert (await browser.get("/api/starship/env_vars")).json() == harbor.environment
        assert len((await browser.get("/api/starship/pools")).json()) == 4
        assert (await browser.get("/api/starship/telescope")).status_code == 404


async def test_starship_writes_finished_runs_and_their_tasks_once(harbor: Estate) -> None:
    """A run of type "scheduled", from which the scheduler then counts on, as on 2.11.2 with Starship 2.10.1."""
    dag = harbor.engine.dags["booking_daily_rollup"]
    last = dag.last_automated
    assert last is not None
    following = dag.timetable.next(last, dag.spec, NOW)
    assert following is not None
    start, end = following.start.isoformat(), following.end.isoformat()
    row = {"dag_id": dag.spec.dag_id, "run_id": f"astroferry_boundary__{end}", "run_type": "scheduled",
           "state": "success", "execution_date": start, "data_interval_start": start, "data_interval_end": end,
           "start_date": end, "end_date": end}  # fmt: skip
    task = {"dag_id": row["dag_id"], "run_id": row["run_id"], "task_id": "extract", "state": "success"}
    async with client(harbor) as browser:
        refused = await browser.post("/api/starship/dag_runs", json={"dag_runs": [row]})
        assert refused.status_code == 302
        await log_in(browser, "admin", "admin")
        assert (await browser.post("/api/starship/dag_runs", json={"dag_runs": [row]})).status_code == 200
        assert (await browser.post("/api/starship/dag_runs", json={"dag_runs": [row]})).status_code == 409
        other = {**row, "run_id": "another"}
        assert (await browser.post("/api/starship/dag_runs", json={"dag_runs": [other]})).status_code == 409
        assert (
            await browser.post("/api/starship/task_instances", json={"task_instances": [task]})
        ).status_code == 200
        assert (await browser.post("/api/starship/telescope", json={})).status_code == 404
    assert dag.last_automated == following
    assert [item.state for item in dag.runs[row["run_id"]].tasks] == ["success"]


async def test_the_login_refuses_a_wrong_password_and_a_form_without_its_token(harbor: Estate) -> None:
    async with client(harbor) as browser:
        assert (await log_in(browser, "admin", "wrong")).headers["location"] == "/login/?next=/home"
        assert (await browser.post("/login/", data={"username": "admin", "password": "admin"})).status_code == 400
        stale = await browser.post("/login/", data={"csrf_token": "other", "username": "admin", "password": "admin"})
        assert stale.status_code == 400


async def test_without_starship_there_is_no_such_page() -> None:
    async with client(Estate(demo_estate(NOW).engine)) as browser:
        assert (await browser.get("/api/starship/info")).status_code == 404


async def test_time_passes_with_the_clock_and_requests_are_counted() -> None:
    estate = demo_estate(NOW)
    async with client(estate, NOW + timedelta(minutes=2)) as browser:
        newest = await browser.get(
            f"/api/v1/dags/{FAST[0]}/dagRuns", params={"order_by": "-execution_date", "limit": 1, "state": "success"}
        )
    date = datetime.fromisoformat(newest.json()["dag_runs"][0]["execution_date"])
    assert date == NOW + timedelta(seconds=93)
    assert estate.requests == [("GET", f"/api/v1/dags/{FAST[0]}/dagRuns", 200)]


async def test_runs_can_be_noted_cleared_dated_and_deleted() -> None:
    estate = demo_estate(NOW)
    root = "/api/v1/dags/booking_backfill_2024/dagRuns"
    interval = {"data_interval_start": "2024-01-01T00:00:00Z", "data_interval_end": "2024-01-02T00:00:00Z"}
    async with client(estate) as browser:
        made = (
            await browser.post(root, json={"dag_run_id": "r", "logical_date": "2024-01-01T00:00:00Z", **interval})
        ).json()
        assert (made["data_interval_end"], made["state"]) == ("2024-01-02T00:00:00+00:00", "queued")
        assert (await browser.patch(f"{root}/r/setNote", json={"note": "n"})).json()["note"] == "n"
        assert (await browser.patch(f"{root}/r", json={"state": "success"})).json()["state"] == "success"
        assert (await browser.post(f"{root}/r/clear", json={})).json()["total_entries"] == 2
        assert (await browser.post(f"{root}/r/clear", json={"dry_run": False})).json()["state"] == "queued"
        assert (await browser.get(f"{root}/r/taskInstances/extract")).json()["state"] is None
        text = await browser.get(f"{root}/r/taskInstances/extract/logs/1", headers={"accept": "text/plain"})
        assert "extract of r" in text.text
        assert (
            "content"
            in (
                await browser.get(f"{root}/r/taskInstances/extract/logs/1", headers={"accept": "application/json"})
            ).json()
        )
        assert (await browser.get(f"{root}/r/taskInstances/extract/xcomEntries/return_value")).status_code == 404
        between = {"start_date_gte": "2020-01-01T00:00:00Z", "start_date_lte": "2020-01-02T00:00:00Z"}
        assert (await browser.get(root, params=between)).json()["total_entries"] == 0
        assert (await browser.get(f"{root}/~/taskInstances", params={"state": "success"})).json()[
            "total_entries"
        ] == 2
        assert (await browser.delete(f"{root}/r")).status_code == 204
        assert (await browser.delete("/api/v1/dags/booking_backfill_2024")).status_code == 204
        assert (await browser.delete("/api/v1/dags/booking_backfill_2024")).status_code == 404


async def test_the_list_of_dags_can_be_narrowed_and_paused_by_the_page() -> None:
    estate = demo_estate(NOW)
    async with client(estate) as browser:

        async def ids(**params: str) -> list[str]:
            rows = (await browser.get("/api/v1/dags", params=params)).json()["dags"]
            return [row["dag_id"] for row in rows]

        assert await ids(tags="pii") == ["club_segments", "crew_payroll_extract"]
        assert await ids(dag_id_pattern="b__king_n%") == ["booking_no_shows"]
        assert len(await ids(paused="true")) == 4
        one = (await browser.get("/api/v1/dags/club_points", params={"fields": "dag_id"})).json()
        assert one == {"dag_id": "club_points"}
        changed = await browser.patch(
            "/api/v1/dags", params={"dag_id_pattern": "~", "limit": "10"}, json={"is_paused": True}
        )
        assert (len(changed.json()["dags"]), changed.json()["total_entries"]) == (10, 42)


async def test_values_are_merged_by_patch_as_the_mask_says() -> None:
    estate = Estate(demo_estate(NOW).engine, {"c": SimConnection("c", "http", host="h", port=1)},
                    {"v": SimVariable("v", "one")})  # fmt: skip
    async with client(estate) as browser:
        changed = await browser.patch("/api/v1/connections/c?update_mask=host", json={"host": "new", "port": 2})
        assert (changed.json()["host"], changed.json()["port"]) == ("new", 1)
        for path, body in (
            ("connections/c?update_mask=zzz", {"host": "x"}),
            ("connections/c", {"connection_id": "other"}),
            ("variables/v", {"key": "other", "value": "x"}),
            ("pools/default_pool", {"slots": 1, "description": "x"}),
        ):
            assert (await browser.patch(f"/api/v1/{path}", json=body)).status_code == 400
        body = {"key": "v", "value": "two", "description": "d"}
        changed = await browser.patch("/api/v1/variables/v?update_mask=description", json=body)
        assert changed.json() == {"key": "v", "value": "one", "description": "d"}
        mask = {"update_mask": ["slots", "include_deferred"]}
        pool = {"name": "default_pool", "slots": 64, "include_deferred": True}
        assert (await browser.patch("/api/v1/pools/default_pool", params=mask, json=pool)).json()["slots"] == 64
        assert (await browser.post("/api/v1/connections/test", json={})).status_code == 403


async def test_bodies_that_are_no_json_and_hidden_configuration_are_refused(harbor: Estate) -> None:
    async with client(harbor) as browser:
        assert (await browser.post("/api/v1/variables", data={"a": "b"})).status_code == 415
        headers = {"content-type": "application/json"}
        assert (await browser.post("/api/v1/variables", content="{nope", headers=headers)).status_code == 400
    async with client(Estate(harbor.engine)) as browser:
        assert (await browser.get("/api/v1/config")).json()["detail"].startswith("Your Airflow administrator chose")
        browser.auth = httpx.Auth()
        browser.headers["authorization"] = "Basic !!!"
        assert (await browser.get("/api/v1/config")).status_code == 403


async def test_plugins_datasets_and_logs_are_told(harbor: Estate) -> None:
    async with client(harbor) as browser:
        plugins = (await browser.get("/api/v1/plugins")).json()["plugins"]
        assert [plugin["name"] for plugin in plugins] == ["harbor_calendar", "quay_links"]
        assert len((await browser.get("/api/v1/datasets")).json()["datasets"]) == 3
        assert (await browser.get("/api/v1/eventLogs?order_by=-when")).json()["total_entries"] >= 1
        stats = (await browser.get("/api/v1/dagStats?dag_ids=club_points,nope")).json()["dags"]
        assert [row["dag_id"] for row in stats] == ["club_points"]


async def test_the_embedded_source_listens_on_loopback_with_passwords_of_its_own() -> None:
    async with EmbeddedSource(clock=lambda: NOW) as source, httpx.AsyncClient(base_url=source.url) as browser:
        assert source.url.startswith("http://127.0.0.1:")
        assert (await browser.get("/health")).status_code == 200
        assert (await browser.get("/api/v1/dags", auth=("admin", "admin"))).status_code == 403
        found = await browser.get("/api/v1/dags", auth=(source.username, source.password))
        assert found.json()["total_entries"] == 42
    with pytest.raises(httpx.ConnectError):
        await asyncio.to_thread(httpx.get, source.url)
