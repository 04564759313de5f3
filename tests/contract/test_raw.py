"""Bare requests: status, content type and keys of the answer, the same on simulated and on real servers.

All of it was measured on 2.11.2 and 3.3.2. Noteworthy: 2.11.2 says 403, not 401, to who is not logged in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from tests.contract.sides import Side

pytestmark = pytest.mark.asyncio(loop_scope="session")
PROBLEM = "application/problem+json"
JSON = "application/json"
HTML = "text/html"
REFUSED = {"detail", "status", "title", "type"}
DETAIL = {"detail"}
WRONG = "nobody-known"


class Ask(NamedTuple):
    """One request and what is expected of its answer; `keys` are the least keys of the body."""

    method: str
    path: str
    user: str | None
    status: int
    kind: str
    keys: frozenset[str] | set[str] = frozenset()
    body: Any = None


DAG_KEYS = {"dag_id", "fileloc", "file_token", "is_active", "is_paused", "next_dagrun", "next_dagrun_create_after",
            "next_dagrun_data_interval_end", "next_dagrun_data_interval_start", "owners", "schedule_interval",
            "tags", "timetable_description", "max_active_runs", "max_active_tasks"}  # fmt: skip
V1 = [
    Ask("GET", "/api/v1/version", None, 200, JSON, {"version", "git_version"}),
    Ask("GET", "/api/v1/health", None, 200, JSON, {"metadatabase", "scheduler", "triggerer", "dag_processor"}),
    Ask("GET", "/health", None, 200, JSON, {"metadatabase", "scheduler"}),
    Ask("GET", "/api/v1/dags", None, 403, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags", WRONG, 403, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/nonexistent", None, 404, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags/", "admin", 404, PROBLEM, REFUSED),
    Ask("POST", "/api/v1/dags", "admin", 405, PROBLEM, REFUSED, {}),
    Ask("DELETE", "/api/v1/dags", "admin", 405, PROBLEM, REFUSED),
    Ask("GET", "/api/v2/version", "admin", 404, HTML),
    Ask("GET", "/api/v2/dags", None, 404, HTML),
    Ask("GET", "/", None, 302, HTML),
    Ask("GET", "/home", None, 302, HTML),
    Ask("GET", "/login/", None, 200, HTML),
    Ask("GET", "/api/starship/info", None, 302, HTML),
    Ask("GET", "/api/starship/info", "admin", 302, HTML),
    Ask("GET", "/api/v1/dags?limit=1", "viewer", 200, JSON, {"dags", "total_entries"}),
    Ask("GET", "/api/v1/dags?limit=0", "viewer", 200, JSON, {"dags", "total_entries"}),
    Ask("GET", "/api/v1/dags?limit=-1", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags?limit=abc", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags?offset=-1", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags?offset=9999", "admin", 200, JSON, {"dags", "total_entries"}),
    Ask("GET", "/api/v1/dags?only_active=maybe", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags?order_by=nope", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags?fields=nope", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags/by_cron", "viewer", 200, JSON, DAG_KEYS),
    Ask("GET", "/api/v1/dags/by_cron/details", "viewer", 200, JSON,
        DAG_KEYS | {"catchup", "start_date", "end_date", "timezone", "params", "dataset_expression"}),
    Ask("GET", "/api/v1/dags/nope", "admin", 404, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags/by_cron/tasks", "viewer", 200, JSON, {"tasks", "total_entries"}),
    Ask("GET", "/api/v1/dagSources/nope", "admin", 404, PROBLEM, REFUSED),
    Ask("PATCH", "/api/v1/dags/by_cron", "viewer", 403, PROBLEM, REFUSED, {"is_paused": True}),
    Ask("PATCH", "/api/v1/dags/by_cron", "user", 200, JSON, DAG_KEYS, {"is_paused": True}),
    Ask("PATCH", "/api/v1/dags/by_cron", "admin", 400, PROBLEM, REFUSED, {"schedule": "x"}),
    Ask("PATCH", "/api/v1/dags/by_cron", "admin", 400, PROBLEM, REFUSED, {"is_paused": "maybe"}),
    Ask("PATCH", "/api/v1/dags/by_cron?update_mask=schedule", "admin", 400, PROBLEM, REFUSED, {"is_paused": True}),
    Ask("PATCH", "/api/v1/dags?limit=5", "admin", 400, PROBLEM, REFUSED, {"is_paused": True}),
    Ask("PATCH", "/api/v1/dags/nope", "admin", 404, PROBLEM, REFUSED, {"is_paused": True}),
    Ask("GET", "/api/v1/dags/nope/dagRuns", "admin", 200, JSON, {"dag_runs", "total_entries"}),
    Ask("GET", "/api/v1/dags/~/dagRuns?order_by=-execution_date", "viewer", 200, JSON, {"dag_runs", "total_entries"}),
    Ask("GET", "/api/v1/dags/~/dagRuns?execution_date_gte=x", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags/by_cron/dagRuns/nope", "admin", 404, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags/by_cron/dagRuns/nope/taskInstances", "admin", 200, JSON, {"task_instances"}),
    Ask("GET", "/api/v1/dags/~/dagRuns/~/taskInstances?end_date_gte=2026-11-20T03:15:00Z", "viewer", 200, JSON,
        {"task_instances", "total_entries"}),
    Ask("GET", "/api/v1/dags/~/dagRuns/~/taskInstances?start_date_lte=x", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags/~/dagRuns/~/taskInstances?order_by=start_date", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/dags/by_cron/dagRuns/nope/taskInstances/first", "admin", 404, PROBLEM, REFUSED),
    Ask("POST", "/api/v1/dags/by_cron/dagRuns", "viewer", 403, PROBLEM, REFUSED, {}),
    Ask("POST", "/api/v1/dags/by_cron/dagRuns", "admin", 400, PROBLEM, REFUSED, {"zzz": 1}),
    Ask("POST", "/api/v1/dags/by_cron/dagRuns", "admin", 400, PROBLEM, REFUSED, {"run_type": "scheduled"}),
    Ask("POST", "/api/v1/dags/by_cron/dagRuns", "admin", 400, PROBLEM, REFUSED, {"logical_date": "garbage"}),
    Ask("PATCH", "/api/v1/dags/by_cron/dagRuns/nope", "admin", 404, PROBLEM, REFUSED, {"state": "success"}),
    Ask("PATCH", "/api/v1/dags/by_cron/dagRuns/nope", "admin", 400, PROBLEM, REFUSED, {"state": "bogus"}),
    Ask("DELETE", "/api/v1/dags/by_cron/dagRuns/nope", "admin", 404, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/connections", "viewer", 403, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/connections?order_by=nope", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/connections/nope", "admin", 404, PROBLEM, REFUSED),
    Ask("POST", "/api/v1/connections", "viewer", 403, PROBLEM, REFUSED, {"connection_id": "c", "conn_type": "http"}),
    Ask("POST", "/api/v1/connections", "admin", 400, PROBLEM, REFUSED, {"conn_type": "http"}),
    Ask("POST", "/api/v1/connections", "admin", 400, PROBLEM, REFUSED,
        {"connection_id": "c", "conn_type": "http", "password": None}),
    Ask("POST", "/api/v1/connections", "admin", 400, PROBLEM, REFUSED,
        {"connection_id": "c", "conn_type": "http", "port": "x"}),
    Ask("POST", "/api/v1/connections", "admin", 400, PROBLEM, REFUSED,
        {"connection_id": "c", "conn_type": "http", "zzz": 1}),
    Ask("PATCH", "/api/v1/connections/nope", "admin", 404, PROBLEM, REFUSED, {"conn_type": "http"}),
    Ask("GET", "/api/v1/variables", "user", 403, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/variables/nope", "op", 404, PROBLEM, REFUSED),
    Ask("POST", "/api/v1/variables", "admin", 400, PROBLEM, REFUSED, {"key": "o", "value": {"a": 1}}),
    Ask("POST", "/api/v1/variables", "admin", 400, PROBLEM, REFUSED, {"key": "o", "value": "1", "description": None}),
    Ask("POST", "/api/v1/variables", "admin", 400, PROBLEM, REFUSED, {"nokey": 1}),
    Ask("PATCH", "/api/v1/variables/nope", "admin", 404, PROBLEM, REFUSED, {"key": "nope", "value": "1"}),
    Ask("GET", "/api/v1/pools", "viewer", 200, JSON, {"pools", "total_entries"}),
    Ask("GET", "/api/v1/pools/default_pool", "viewer", 200, JSON, {"name", "slots", "include_deferred"}),
    Ask("GET", "/api/v1/pools/nope", "admin", 404, PROBLEM, REFUSED),
    Ask("POST", "/api/v1/pools", "user", 403, PROBLEM, REFUSED, {"name": "x", "slots": 1}),
    Ask("POST", "/api/v1/pools", "admin", 400, PROBLEM, REFUSED, {"name": "x"}),
    Ask("DELETE", "/api/v1/pools/default_pool", "admin", 400, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/providers", "viewer", 403, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/providers", "op", 200, JSON, {"providers", "total_entries"}),
    Ask("GET", "/api/v1/plugins", "user", 403, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/plugins", "admin", 200, JSON, {"plugins", "total_entries"}),
    Ask("GET", "/api/v1/config", "viewer", 403, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/config?section=core", "op", 200, JSON, {"sections"}),
    Ask("GET", "/api/v1/config?section=nope", "admin", 404, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/importErrors", "viewer", 200, JSON, {"import_errors", "total_entries"}),
    Ask("GET", "/api/v1/datasets", "viewer", 200, JSON, {"datasets", "total_entries"}),
    Ask("GET", "/api/v1/eventLogs?limit=1", "op", 403, PROBLEM, REFUSED),
    Ask("GET", "/api/v1/eventLogs?limit=1", "admin", 200, JSON, {"event_logs", "total_entries"}),
    Ask("GET", "/api/v1/dagStats?dag_ids=by_cron", "viewer", 200, JSON, {"dags", "total_entries"}),
    Ask("GET", "/api/v1/dagWarnings", "viewer", 200, JSON, {"dag_warnings", "total_entries"}),
]  # fmt: skip
V2 = [
    Ask("GET", "/api/v2/version", None, 200, JSON, {"version"}),
    Ask("GET", "/api/v2/monitor/health", None, 200, JSON, {"metadatabase", "scheduler", "dag_processor"}),
    Ask("POST", "/auth/token", None, 401, JSON, DETAIL, {"username": "admin", "password": "wrong"}),
    Ask("GET", "/api/v2/dags", None, 401, JSON, DETAIL),
    Ask("GET", "/api/v2/dags", WRONG, 403, JSON, DETAIL),
    Ask("GET", "/api/v2/nonexistent", "admin", 404, JSON, {"error"}),
    Ask("GET", "/api/v1/dags", "admin", 404, JSON, {"error"}),
    Ask("DELETE", "/api/v2/dags", "admin", 405, JSON, DETAIL),
    Ask("GET", "/api/v2/dags?limit=-1", "admin", 422, JSON, DETAIL),
    Ask("GET", "/api/v2/dags?order_by=nope", "admin", 400, JSON, DETAIL),
    Ask("GET", "/api/v2/dags/by_cron", "viewer", 200, JSON,
        {"dag_id", "is_paused", "timetable_summary", "next_dagrun_logical_date", "next_dagrun_run_after"}),
    Ask("GET", "/api/v2/dags/by_cron/details", "viewer", 200, JSON, {"catchup", "timezone", "active_runs_count"}),
    Ask("GET", "/api/v2/dags/nope", "admin", 404, JSON, DETAIL),
    Ask("PATCH", "/api/v2/dags/by_cron", "viewer", 403, JSON, DETAIL, {"is_paused": True}),
    Ask("POST", "/api/v2/dags/by_cron/dagRuns", "admin", 422, JSON, DETAIL, {"conf": {}}),
    Ask("GET", "/api/v2/dags/nope/dagRuns", "admin", 404, JSON, DETAIL),
    Ask("GET", "/api/v2/connections", "viewer", 403, JSON, DETAIL),
    Ask("GET", "/api/v2/connections", "op", 200, JSON, {"connections", "total_entries"}),
    Ask("POST", "/api/v2/connections", "admin", 422, JSON, DETAIL, {"connection_id": "x"}),
    Ask("GET", "/api/v2/variables/nope", "admin", 404, JSON, DETAIL),
    Ask("DELETE", "/api/v2/variables/nope", "admin", 404, JSON, DETAIL),
    Ask("GET", "/api/v2/pools", "viewer", 200, JSON, {"pools", "total_entries"}),
    Ask("DELETE", "/api/v2/pools/default_pool", "admin", 400, JSON, DETAIL),
    Ask("GET", "/api/v2/providers", "viewer", 200, JSON, {"providers", "total_entries"}),
    Ask("GET", "/api/v2/importErrors", "viewer", 200, JSON, {"import_errors", "total_entries"}),
    Ask("POST", "/api/v2/backfills", "admin", 404, JSON, DETAIL,
        {"dag_id": "nope", "from_date": "2026-11-20T03:15:00Z", "to_date": "2026-11-20T03:15:00Z"}),
    Ask("PUT", "/api/v2/backfills/999/cancel", "admin", 404, JSON, DETAIL),
]  # fmt: skip


def label(ask: Ask) -> str:
    return f"{ask.method} {ask.path} as {ask.user}"


async def check(side: Side, ask: Ask) -> None:
    answer = await side.answer(ask.method, ask.path, ask.user, ask.body)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (ask.status, ask.kind)
    if ask.keys:
        assert ask.keys <= set(answer.json())


@pytest.mark.parametrize("ask", V1, ids=label)
async def test_airflow_2_answers(side_2: Side, ask: Ask) -> None:
    await check(side_2, ask)


@pytest.mark.parametrize("ask", V2, ids=label)
async def test_airflow_3_answers(side_3: Side, ask: Ask) -> None:
    await check(side_3, ask)


async def test_a_page_holds_at_most_a_hundred_and_says_nothing_about_it(side_2: Side) -> None:
    answers = [await side_2.answer("GET", f"/api/v1/dags?limit={limit}", "admin") for limit in (0, 3, 1000)]
    assert [len(answer.json()["dags"]) for answer in answers] == [10, 3, 10]


async def test_the_source_is_text_where_json_is_not_asked_for(side_2: Side) -> None:
    token = (await side_2.answer("GET", "/api/v1/dags/by_hand", "admin")).json()["file_token"]
    kinds = {}
    for accept in ("application/json", "text/plain", "*/*", "text/html"):
        answer = await side_2.answer("GET", f"/api/v1/dagSources/{token}", "admin", accept=accept)
        kinds[accept] = (answer.status_code, answer.headers["content-type"].partition(";")[0])
    assert kinds == {
        "application/json": (200, JSON),
        "text/plain": (200, "text/plain"),
        "*/*": (200, "text/plain"),
        "text/html": (406, HTML),
    }


async def test_airflow_2_overwrites_a_variable_without_a_word(side_2: Side) -> None:
    for value in ("one", "two"):
        body = {"key": "v_raw", "value": value, "description": value}
        assert (await side_2.answer("POST", "/api/v1/variables", "admin", body)).status_code == 200
    found = await side_2.answer("GET", "/api/v1/variables/v_raw", "admin")
    assert found.json() == {"key": "v_raw", "value": "two", "description": "two"}
    assert (await side_2.answer("DELETE", "/api/v1/variables/v_raw", "admin")).status_code == 204


async def test_an_extra_is_masked_by_its_keys_at_any_depth(side_2: Side) -> None:
    extra = '{"token": "", "n": {"password": "x", "l": ["a"]}, "secret_list": ["a", {"b": 1}], "plain": "p"}'
    body = {"connection_id": "c_raw", "conn_type": "http", "password": "hush", "extra": extra}
    made = (await side_2.answer("POST", "/api/v1/connections", "admin", body)).json()
    assert made["extra"] == (
        '{"token": "***", "n": {"password": "***", "l": ["a"]}, "secret_list": ["***", {"b": 1}], "plain": "p"}'
    )
    assert "password" not in made
    listed = (await side_2.answer("GET", "/api/v1/connections?limit=100", "admin")).json()["connections"]
    assert all("extra" not in item and "password" not in item for item in listed)
    assert (await side_2.answer("DELETE", "/api/v1/connections/c_raw", "admin")).status_code == 204


async def test_bulk_overwrite_on_airflow_3_merges(side_3: Side) -> None:
    def actions(policy: str, **fields: str) -> dict[str, Any]:
        entity = {"connection_id": "c_bulk", "conn_type": "http", **fields}
        return {"actions": [{"action": "create", "entities": [entity], "action_on_existence": policy}]}

    first = await side_3.answer("PATCH", "/api/v2/connections", "admin", actions("fail", host="h", password="p"))
    assert (first.status_code, first.json()["create"]["success"]) == (200, ["c_bulk"])
    again = await side_3.answer("PATCH", "/api/v2/connections", "admin", actions("fail", host="other"))
    assert (again.status_code, again.json()["create"]["errors"][0]["status_code"]) == (200, 409)
    await side_3.answer("PATCH", "/api/v2/connections", "admin", actions("overwrite", host="new"))
    found = (await side_3.answer("GET", "/api/v2/connections/c_bulk", "admin")).json()
    assert (found["host"], found["password"]) == ("new", "***")
    assert (await side_3.answer("DELETE", "/api/v2/connections/c_bulk", "admin")).status_code == 204
