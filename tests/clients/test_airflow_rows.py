"""Rows over many DAGs, and raw ones: what is asked, what is left out, and what an old version does not have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from astroferry.clients.airflow import Airflow
from astroferry.clients.http import Http

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
Answers = dict[str, Any]


async def airflow(answers: Answers, version: str = "2.11.2", asked: list[httpx.URL] | None = None) -> Airflow:
    api = "v1" if version.startswith("2") else "v2"

    def server(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(f"/api/{api}")
        if path == "/version":
            return httpx.Response(200, json={"version": version})
        if asked is not None:
            asked.append(request.url)
        value = answers.get(path)
        if callable(value):
            value = value(request.url.params)
        return httpx.Response(200, json=value) if value is not None else httpx.Response(404, json={"title": "no"})

    return await Airflow.connect(Http("https://h", name="It", transport=httpx.MockTransport(server)))


def run(dag: str, run_id: str, start: str | None) -> dict[str, Any]:
    return {"dag_id": dag, "dag_run_id": run_id, "run_type": "scheduled", "state": "success", "start_date": start}


def paged(key: str, rows: list[Any]) -> Callable[[httpx.QueryParams], Any]:
    def page(params: httpx.QueryParams) -> Any:
        offset, limit = int(params.get("offset", "0")), int(params.get("limit", "100"))
        return {key: rows[offset : offset + limit], "total_entries": len(rows)}

    return page


async def test_runs_that_began_since_a_moment_by_dag() -> None:
    rows = [run("a", "1", "2026-11-25T12:00:01Z"), run("b", "2", "2026-11-25T12:00:02Z"), run("a", "3", None)]
    asked: list[httpx.URL] = []
    found = await (await airflow({"/dags/~/dagRuns": paged("dag_runs", rows)}, asked=asked)).runs_started(AT)
    assert {dag: [each.run_id for each in runs] for dag, runs in found.items()} == {"a": ["1", "3"], "b": ["2"]}
    assert asked[-1].params["start_date_gte"] == AT.isoformat()


async def test_runs_that_wait_by_dag() -> None:
    rows = [run("a", "1", None) | {"state": "queued"}, run("a", "2", None) | {"state": "queued"}, run("b", "3", None)]
    asked: list[httpx.URL] = []
    server = await airflow({"/dags/~/dagRuns": paged("dag_runs", rows)}, asked=asked)
    assert await server.runs_waiting() == {"a": ("1", "2")}
    assert asked[-1].params["state"] == "queued"


async def test_the_newest_start_is_asked_for_with_a_bound_that_leaves_out_what_never_began() -> None:
    place, asked = "/dags/~/dagRuns", list[httpx.URL]()
    server = await airflow({place: paged("dag_runs", [run("a", "2", "2026-11-25T11:00:00Z")])}, asked=asked)
    assert await server.last_start(AT - timedelta(hours=2)) == AT.replace(hour=11)
    assert asked[-1].params["start_date_gte"] == "2026-11-25T10:00:00+00:00"
    assert asked[-1].params["order_by"] == "-start_date"
    assert await (await airflow({place: paged("dag_runs", [])})).last_start(AT) is None


async def test_tasks_that_wait_on_either_version() -> None:
    item = {"dag_id": "d", "dag_run_id": "r", "task_id": "t", "queued_when": "2026-11-25T12:00:00Z", "pool": "big"}
    later = {**item, "task_id": "u", "queued_when": None, "scheduled_when": "2026-11-25T12:00:00Z", "pool": None}
    asked: list[httpx.URL] = []
    server = await airflow(
        {"/dags/~/dagRuns/~/taskInstances": paged("task_instances", [item, later])}, "3.3.2", asked
    )
    first, second = await server.waiting_tasks()
    assert (first.task_id, first.since, first.pool, first.queue) == ("t", AT, "big", "default")
    assert (second.since, second.pool) == (AT, "default_pool")
    assert asked[-1].params.get_list("state") == ["scheduled", "queued"]


async def test_raw_rows_are_without_rendered_fields() -> None:
    item = {"task_id": "t", "map_index": 2, "try_number": 2, "rendered_fields": {"password": "x"}}
    tries = {"task_instances": [item]}
    base = "/dags/d/dagRuns/r/taskInstances"
    answers = {base: paged("task_instances", [item]), f"{base}/t/2/tries": tries, f"{base}/t/tries": tries}
    server = await airflow(answers)
    assert await server.task_rows("d", "r") == [{"task_id": "t", "map_index": 2, "try_number": 2}]
    assert await server.try_rows("d", "r", "t", 2) == await server.try_rows("d", "r", "t")
    assert "rendered_fields" not in (await server.try_rows("d", "r", "t"))[0]
    assert await server.try_rows("d", "r", "gone") == []
    assert await (await airflow(answers, "2.9.3")).try_rows("d", "r", "t") == []


async def test_pages_of_runs_and_of_anything() -> None:
    rows = [run("d", str(number), None) for number in range(230)]
    server = await airflow({"/dags/d/dagRuns": paged("dag_runs", rows), "/pools": paged("pools", [])})
    page, total = await server.run_rows("d", offset=200, limit=500)
    assert ([each["dag_run_id"] for each in page], total) == ([str(number) for number in range(200, 230)], 230)
    assert len([row async for row in server.raw_pages("/dags/d/dagRuns", "dag_runs", {"order_by": "id"})]) == 230
    assert await server.count_of("/dags/d/dagRuns") == 230
    assert [row async for row in server.raw_pages("/pools", "pools")] == []
