import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.clients.fake_airflow import URL, FakeAirflow, dag_item, run_item
from tests.conftest import FixedClock

from astroferry.clients.airflow import Airflow
from astroferry.clients.airflow_seen import QueuedEvent
from astroferry.clients.http import Http
from astroferry.errors import NotAllowedError, NotFoundError
from astroferry.model.inventory import Caller, Pool

Fakes = tuple[FakeAirflow, Airflow]


@pytest.fixture(params=["v1", "v2"])
async def pair(request: pytest.FixtureRequest) -> Fakes:
    return await connected(request.param)


async def connected(api: str) -> Fakes:
    fake = FakeAirflow(api)
    return fake, await Airflow.connect(Http(URL, name="The source", transport=fake.transport, clock=FixedClock()))


async def test_all_dags_of_all_pages_once_each(pair: Fakes) -> None:
    fake, airflow = pair
    fake.dags = {f"d{number:03}": dag_item(f"d{number:03}", fake.api) for number in range(250)}
    dags = [dag async for dag in airflow.dags(page=1000)]
    assert [dag.dag_id for dag in dags] == sorted(fake.dags)
    assert len(fake.requests) == 3
    assert await airflow.count_dags() == 250
    assert {query["order_by"] for query in fake.queries[:3]} == {"dag_id"}


async def test_rows_that_shift_between_pages_come_once(pair: Fakes) -> None:
    fake, airflow = pair
    fake.dags = {f"d{number:03}": dag_item(f"d{number:03}", fake.api) for number in range(150)}
    found: list[str] = []
    async for dag in airflow.dags():
        if not found:
            fake.dags = {"a_new_one": dag_item("a_new_one", fake.api), **fake.dags}
        found.append(dag.dag_id)
    assert len(found) == len(set(found)) == 150


async def test_a_dag_with_its_details(pair: Fakes) -> None:
    fake, airflow = pair
    fake.dags["a/b"] = dag_item("a/b", fake.api)
    dag = await airflow.dag("a/b")
    assert (dag.catchup, dag.schedule.timezone, dag.owners, dag.tags) == (True, "Europe/Berlin", ("team",), ("t",))
    assert dag.start_date == datetime(2026, 1, 1, tzinfo=UTC)
    assert dag.next_run_after == datetime(2026, 11, 22, 22, tzinfo=UTC)
    assert dag.schedule.triggers_only is (fake.api == "v2")
    assert fake.requests[0] == "GET /dags/a%2Fb/details"
    asked = len(fake.requests)
    assert await airflow.dag("a/b", listed=dag) == dag
    assert len(fake.requests) == asked + 1


async def test_tasks_and_source(pair: Fakes) -> None:
    fake, airflow = pair
    fake.dags["d"] = dag_item("d", fake.api)
    fake.fixed["/dags/d/tasks"] = {
        "tasks": [
            {"task_id": "a", "operator_name": "BashOperator", "depends_on_past": True, "pool": "p", "queue": "q"},
            {"task_id": "b", "class_ref": {"class_name": "Old", "module_path": "acme"}},
        ]
    }
    first, second = await airflow.tasks("d")
    assert (first.operator, first.depends_on_past, first.pool, first.queue) == ("BashOperator", True, "p", "q")
    assert (second.operator, second.module, second.pool) == ("Old", "acme", "default_pool")
    fake.fixed["/dagSources/token-of-d" if fake.api == "v1" else "/dagSources/d"] = {"content": "import airflow"}
    assert await airflow.dag_source("d") == "import airflow"


async def test_runs(pair: Fakes) -> None:
    fake, airflow = pair
    fake.runs = [run_item("d", f"r{day:02}", "success", day) for day in range(1, 29)]
    fake.runs += [run_item("d", "q", "queued"), run_item("e", "r", "running")]
    since = datetime(2026, 11, 1, tzinfo=UTC)
    runs = await airflow.runs("d", states=("success",), limit=3, since=since)
    assert [run.run_id for run in runs] == ["r28", "r27", "r26"]
    assert runs[0].logical_date == datetime(2026, 11, 28, tzinfo=UTC)
    key = "execution_date_gte" if fake.api == "v1" else "run_after_gte"
    assert fake.queries[-1][key] == since.isoformat()
    assert [run.run_id for run in await airflow.active_runs("d")] == ["q"]
    assert await airflow.active_run_counts() == {"d": 1, "e": 1}
    found = await airflow.run("d", "q")
    assert found is not None
    assert found.state == "queued"
    assert await airflow.run("d", "nope") is None


async def test_task_instances_keep_no_rendered_field_but_dag_names(pair: Fakes) -> None:
    fake, airflow = pair
    items = [
        {"task_id": "fire", "state": "success", "rendered_fields": {"trigger_dag_id": "e", "conf": "canary-value"}},
        {"task_id": "wait", "state": None, "map_index": 2, "rendered_fields": {"external_dag_id": "f"}},
        {"task_id": "odd", "state": None, "rendered_fields": "truncated"},
    ]
    fake.fixed["/dags/d/dagRuns/r/taskInstances"] = {"task_instances": items, "total_entries": 3}
    fire, wait, odd = await airflow.task_instances("d", "r")
    assert (fire.trigger_dag_id, wait.external_dag_id, wait.map_index, odd.trigger_dag_id) == ("e", "f", 2, None)
    assert "canary-value" not in repr(fire)


async def test_xcom(pair: Fakes) -> None:
    fake, airflow = pair
    fake.fixed["/dags/d/dagRuns/r/taskInstances/t/xcomEntries/return_value"] = {"value": {"a": 1}}
    assert await airflow.xcom("d", "r", "t", map_index=3) == {"a": 1}
    assert (fake.queries[-1]["stringify"], fake.queries[-1]["map_index"]) == ("false", "3")
    assert await airflow.xcom("d", "r", "t", "other") is None
    old = Airflow(airflow.http, airflow._dialect, "2.9.3" if fake.api == "v1" else "3")
    await old.xcom("d", "r", "t")
    assert ("stringify" in fake.queries[-1]) is (fake.api == "v2")


async def test_logs() -> None:
    path = "/dags/d/dagRuns/r/taskInstances/t/logs/1"
    fake, airflow = await connected("v1")
    fake.fixed[path] = "line one\nline two"
    assert await airflow.task_log("d", "r", "t") == "line one\nline two"
    fake, airflow = await connected("v2")
    event = {"timestamp": "T", "level": "error", "event": "Failed"}
    detail = [{"exc_type": "KeyError", "exc_value": "'x'"}]
    fake.fixed[path] = {"content": ["plain", event | {"error_detail": detail}]}
    assert await airflow.task_log("d", "r", "t") == "plain\nT error Failed KeyError: 'x'"
    fake.fixed[path] = {"content": "old text"}
    assert await airflow.task_log("d", "r", "t") == "old text"


async def test_connections_without_secrets(pair: Fakes) -> None:
    fake, airflow = pair
    fake.connections = {
        "a.b": {
            "connection_id": "a.b",
            "conn_type": "http",
            "host": "h-***",
            "password": "canary-value",
            "extra": '{"k": "***", "n": {"d": "x***y"}, "ok": 1}',
        },
        "c": {"connection_id": "c", "conn_type": "ftp", "extra": "not *** json"},
        "e": {"connection_id": "e", "conn_type": "ftp", "extra": '["list"]'},
        "f": {"connection_id": "f", "conn_type": "ftp"},
    }
    first, second, third, bare = await airflow.connections()
    assert first.extra_keys == ("k", "n", "ok")
    masked = {"extra.k", "extra.n", "host"} | ({"password"} if fake.api == "v2" else set())
    assert set(first.masked_fields) == masked
    assert first.has_password is (True if fake.api == "v2" else None)
    assert (second.extra_keys, second.masked_fields) == ((), ("extra",))
    assert (third.extra_keys, third.masked_fields) == ((), ())
    assert third.has_password is (False if fake.api == "v2" else None)
    assert (bare.extra_keys, bare.masked_fields) == ((), ())
    assert await airflow.connection("nope") is None
    assert len(fake.requests) == (6 if fake.api == "v1" else 2)


@pytest.mark.parametrize(
    ("value", "size", "is_json", "masked"),
    [
        ("plain", 5, False, False),
        ("é", 2, False, False),
        ('{"a": 1}', 8, True, False),
        ('{"a": ', 6, False, False),
        ("12", 2, False, False),
        ("", 0, False, False),
        (None, 0, False, False),
        ("***", 0, False, True),
        ('{"a": "***"}', 0, True, True),
        ({"a": 1}, 8, True, False),
    ],
)
async def test_the_shape_of_a_variable(value: Any, size: int, is_json: bool, masked: bool) -> None:
    fake, airflow = await connected("v2")
    fake.variables["k/é"] = {"key": "k/é", "value": value, "description": None}
    (seen,) = await airflow.variables()
    assert (seen.key, seen.size, seen.is_json, seen.masked) == ("k/é", size, is_json, masked)


async def test_variable_values(pair: Fakes) -> None:
    fake, airflow = pair
    fake.variables = {
        "a b": {"key": "a b", "value": "one", "description": "d"},
        "m": {"key": "m", "value": "x***"},
        "n": {"key": "n", "value": {"a": 1}},
    }
    values = await airflow.variable_values()
    assert values["a b"].value.reveal() == "one"
    assert values["a b"].description == "d"
    assert values["m"].value.is_masked()
    assert values["n"].value.reveal() == json.dumps({"a": 1})
    found = await airflow.variable_value("a b")
    assert found == values["a b"]
    assert await airflow.variable_value("nope") is None


async def test_everything_else(pair: Fakes) -> None:
    fake, airflow = pair
    fake.pools["p"] = {"name": "p", "slots": 3, "description": None, "include_deferred": True}
    assert await airflow.pools() == (Pool("p", 3, "", include_deferred=True),)
    fake.fixed["/providers"] = {"providers": [{"package_name": "a", "version": "1"}]}
    assert [(each.package, each.version) for each in await airflow.providers()] == [("a", "1")]
    views = [{"name": "Menu", "view": "v"}, {"view": "only.view"}, {}]
    plugin = {"name": "acme", "source": "f", "macros": ["week"], "appbuilder_views": views, "note": None}
    fake.fixed["/plugins"] = {"plugins": [plugin], "total_entries": 1}
    (seen,) = await airflow.plugins()
    views_seen = ("appbuilder_views: ?", "appbuilder_views: Menu", "appbuilder_views: only.view")
    assert seen.adds == (*views_seen, "macros: week")
    broken = {"import_error_id": 1, "filename": "x.py", "stack_trace": "boom"}
    fake.fixed["/importErrors"] = {"import_errors": [broken], "total_entries": 1}
    assert [(each.filename, each.message) for each in await airflow.import_errors()] == [("x.py", "boom")]
    consumers = {("consuming_dags" if fake.api == "v1" else "scheduled_dags"): [{"dag_id": "c"}]}
    asset = {"id": 1, "uri": "s3://x", "producing_tasks": [{"dag_id": "p", "task_id": "t"}], **consumers}
    key = "datasets" if fake.api == "v1" else "assets"
    fake.fixed[f"/{key}"] = {key: [asset], "total_entries": 1}
    assert await airflow.datasets() == ({"c": ("s3://x",)}, {"p": ("s3://x",)})
    assert await airflow.queued_events("c") == ()
    later = "2026-11-26T02:00:00+00:00"
    events = [{"uri": "s3://b", "created_at": later}, {"created_at": "2026-11-26T01:00:00Z", "asset_id": 7}]
    fake.fixed["/dags/c/datasets/queuedEvent" if fake.api == "v1" else "/dags/c/assets/queuedEvents"] = {
        "queued_events": events
    }
    first, second = await airflow.queued_events("c")
    assert (first.uri, second) == ("7", QueuedEvent("s3://b", datetime.fromisoformat(later)))
    health = {"scheduler": {"status": "healthy"}, "triggerer": {"status": None}, "odd": 1}
    fake.fixed["/health" if fake.api == "v1" else "/monitor/health"] = health
    assert await airflow.health() == {"scheduler": "healthy", "triggerer": None}


async def test_config_drops_what_is_sensitive(pair: Fakes) -> None:
    fake, airflow = pair
    options = {"sql_alchemy_conn": "canary", "parallelism": 32, "fernet_key": "canary", "dags_folder": ["/d", "env"]}
    section = {"name": "core", "options": [{"key": key, "value": value} for key, value in options.items()]}
    section["options"] += [{"key": "smtp_password", "value": "canary"}, {"key": "empty", "value": None}]  # type: ignore[operator]  # a list
    fake.fixed["/config"] = {"sections": [section]}
    assert await airflow.config() == {"core": {"parallelism": "32", "dags_folder": "/d", "empty": ""}}


async def test_a_path_that_leads_nowhere_is_not_a_missing_item(pair: Fakes) -> None:
    _, airflow = pair
    nowhere = "The requested URL was not found on the server."
    answers = httpx.MockTransport(lambda _: httpx.Response(404, json={"detail": nowhere}))
    lost = Airflow(Http(URL, transport=answers), airflow._dialect, "2.11.2")
    for asked in (lost.run("d", "a/b"), lost.connection("a"), lost.variable_value("a"), lost.xcom("d", "r", "t")):
        with pytest.raises(NotFoundError):
            await asked
    with pytest.raises(NotFoundError):
        await lost.delete_pool("a/b")


async def test_a_refusal_passes_through(pair: Fakes) -> None:
    _, airflow = pair
    closed = Http(URL, transport=httpx.MockTransport(lambda _: httpx.Response(403, json={"detail": None})))
    with pytest.raises(NotAllowedError):
        await Airflow(closed, airflow._dialect, "2.11.2").connections()


async def test_who_changes_things_through_the_api_is_counted(pair: Fakes) -> None:
    fake, airflow = pair
    made = {"event": "api.post_dag_run", "owner": "etl-bot", "dag_id": "orders", "when": "2026-11-20T10:00:00+00:00"}
    fake.fixed["/eventLogs"] = {
        "event_logs": [
            made,
            {**made, "dag_id": "refunds", "when": "2026-11-21T10:00:00+00:00"},
            {**made, "event": "api.variable.create", "owner": "anna", "dag_id": None, "when": None},
            {**made, "event": "ui.patch_dag"},
            {**made, "event": "success", "owner": "airflow"},
            {"event": None},
        ],
        "total_entries": 6,
    }
    found = await airflow.callers()
    if fake.api == "v2":
        assert found == ()
        return
    assert found == (
        Caller("etl-bot", "post_dag_run", 2, datetime(2026, 11, 21, 10, tzinfo=UTC), ("orders", "refunds")),
        Caller("anna", "variable.create", 1),
    )


async def test_a_long_event_log_is_read_in_part() -> None:
    fake, airflow = await connected("v1")
    fake.fixed["/eventLogs"] = {"event_logs": [{"event": "api.x", "owner": "a"}] * 100, "total_entries": 100_000}
    assert [caller.count for caller in await airflow.callers()] == [500]
    assert len([asked for asked in fake.requests if "eventLogs" in asked]) == 5
