import json
import types
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from astroferry.clients.http import Http
from astroferry.clients.starship import Starship, log_in
from astroferry.errors import (
    AstroferryError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    NotTheApiError,
    RequestFailedError,
    UnsupportedVersionError,
)
from astroferry.model.secret import Secret

CANARY = "canary-5ecret-value"
CONNECTION = {
    "conn_id": "pg",
    "conn_type": "postgres",
    "host": "h",
    "port": "5432",
    "schema": None,
    "login": "",
    "password": CANARY,
    "extra": '{"a": 1}',
    "description": "d",
    "team_name": None,
}
PATHS: dict[str, Any] = {
    "/info": {"airflow_version": "2.11.2", "starship_version": "2.10.1"},
    "/connections": [CONNECTION],
    "/env_vars": {"AIRFLOW__CORE__FERNET_KEY": CANARY, "STAGE": "prod"},
    "/variables": [{"key": "k", "val": "v", "description": None}, {"key": "n", "val": None}],
}


def http(paths: dict[str, Any], *, keeps_cookies: bool = False) -> Http:
    def server(request: httpx.Request) -> httpx.Response:
        value = paths.get(request.url.path.removeprefix("/api/starship"))
        if isinstance(value, types.FunctionType):
            value = value(request)
        if isinstance(value, httpx.Response):
            return value
        return httpx.Response(200, json=value) if value is not None else httpx.Response(404)

    transport = httpx.MockTransport(server)
    return Http("https://h", name="The source", transport=transport, keeps_cookies=keeps_cookies)


async def test_values_in_clear() -> None:
    starship = await Starship.connect(http(PATHS))
    assert (starship.version, starship.is_safe) == ("2.10.1", True)
    connection = (await starship.connections())["pg"]
    assert connection.password == Secret(CANARY)
    assert (connection.schema, connection.login, connection.port) == (None, Secret(""), 5432)
    assert (connection.conn_type, connection.description) == ("postgres", "d")
    variables = await starship.variables()
    assert (variables["k"].value, variables["n"].value) == (Secret("v"), Secret(""))
    assert CANARY not in repr(connection)
    environment = await starship.environment()
    assert environment == {"AIRFLOW__CORE__FERNET_KEY": Secret(CANARY), "STAGE": Secret("prod")}
    assert CANARY not in repr(environment)


@pytest.mark.parametrize(
    ("version", "safe"), [("2.8.5", False), ("2.8.6", True), ("2.10.0", True), ("3.0.0rc1", True), ("1.9.9", False)]
)
async def test_versions_without_a_login_are_named_and_not_used(version: str, safe: bool) -> None:
    starship = await Starship.connect(http({**PATHS, "/info": {"starship_version": version}}))
    assert starship.is_safe is safe
    if safe:
        assert await starship.variables()
        return
    for reading in (starship.connections(), starship.variables(), starship.environment()):
        with pytest.raises(UnsupportedVersionError, match="open to anyone"):
            await reading


async def test_one_too_old_to_tell_its_version() -> None:
    starship = await Starship.connect(http({"/health": httpx.Response(200, text="OK")}))
    assert (starship.version, starship.is_safe) == ("before 2.5.0", False)


async def test_none_installed() -> None:
    assert await Starship.find(http({})) is None
    with pytest.raises(NotFoundError):
        await Starship.connect(http({}))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(302, headers={"Location": "/login/?next=x"}), NotTheApiError),
        (httpx.Response(200, html="<html>home</html>"), NotTheApiError),
        (httpx.Response(200, json={"hello": 1}), NotTheApiError),
        (httpx.Response(401, json={"detail": "Not authenticated"}), NotAllowedError),
        (httpx.Response(500, json={"error_message": CANARY, "kwargs": {"password": CANARY}}), RequestFailedError),
    ],
)
async def test_what_is_no_starship_and_no_echo(answer: httpx.Response, error: type[AstroferryError]) -> None:
    with pytest.raises(error) as caught:
        await Starship.find(http({"/info": answer}))
    assert CANARY not in str(caught.value)


async def test_an_error_while_reading_repeats_nothing() -> None:
    starship = await Starship.connect(http({**PATHS, "/connections": httpx.Response(500, json={"error": CANARY})}))
    with pytest.raises(RequestFailedError) as caught:
        await starship.connections()
    assert CANARY not in str(caught.value)
    assert caught.value.detail == ""
    odd = await Starship.connect(http({**PATHS, "/variables": {"odd": 1}}))
    with pytest.raises(NotTheApiError):
        await odd.variables()
    with pytest.raises(NotTheApiError, match="gives its environment"):
        await (await Starship.connect(http({**PATHS, "/env_vars": ["odd"]}))).environment()


FORM = (
    '<form><input name="other" value="x"><input id="csrf_token" name="csrf_token" type="hidden" value="t0k"></form>'
)


def login_server(goal: str = "/home") -> tuple[dict[str, Any], list[bytes]]:
    sent: list[bytes] = []

    def login(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, html=FORM, headers={"Set-Cookie": "session=a; Path=/"})
        sent.append(request.content)
        return httpx.Response(302, headers={"Location": goal, "Set-Cookie": "session=b; Path=/"})

    def info(request: httpx.Request) -> httpx.Response:
        if request.headers.get("cookie") == "session=b":
            return httpx.Response(200, json=PATHS["/info"])
        return httpx.Response(302, headers={"Location": "/login/"})

    return {**PATHS, "/login/": login, "/info": info}, sent


async def test_a_session_opens_it_on_airflow_2() -> None:
    paths, sent = login_server()
    client = http(paths, keeps_cookies=True)
    with pytest.raises(NotTheApiError, match="redirect"):
        await Starship.connect(client)
    await log_in(client, "me", Secret("p w"))
    assert sent == [b"username=me&password=p+w&csrf_token=t0k"]
    assert (await Starship.connect(client)).is_safe


async def test_a_refused_login_and_no_login_page() -> None:
    paths, _ = login_server(goal="/login/")
    with pytest.raises(NotAllowedError, match="refused the username and password"):
        await log_in(http(paths), "me", Secret(CANARY))
    with pytest.raises(NotTheApiError, match="no Airflow login page"):
        await log_in(http({}), "me", Secret(CANARY))


async def test_a_finished_row_is_written_and_what_a_refusal_repeats_is_not_shown() -> None:
    sent: list[dict[str, Any]] = []

    def rows(request: httpx.Request) -> httpx.Response:
        (row,) = json.loads(request.content)["dag_runs"]
        sent.append(row)
        if len(sent) > 1:
            return httpx.Response(409 if len(sent) == 2 else 400, json={"kwargs": CANARY, "error": CANARY})
        return httpx.Response(200, json={"dag_runs": [row], "dag_run_count": 1})

    starship = await Starship.connect(http({**PATHS, "/dag_runs": rows}))
    start, end = datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 22, 13, tzinfo=UTC)

    async def add() -> None:
        await starship.add_run("d", "marker", logical_date=start, data_interval=(start, end))

    await add()
    (row,) = sent
    assert (row["dag_id"], row["run_id"], row["run_type"], row["state"]) == ("d", "marker", "scheduled", "success")
    assert (row["execution_date"], row["data_interval_end"]) == (start.isoformat(), end.isoformat())
    with pytest.raises(ConflictError, match="has a row already"):
        await add()
    with pytest.raises(RequestFailedError) as refused:
        await add()
    assert CANARY not in f"{refused.value} {refused.value.detail}"


async def test_rows_of_history_are_written_in_one_batch() -> None:
    sent: list[Any] = []

    def taken(request: httpx.Request) -> httpx.Response:
        sent.append((request.method, json.loads(request.content)))
        return httpx.Response(200, json={})

    starship = await Starship.connect(http({**PATHS, "/dag_runs": taken, "/task_instance_history": taken}))
    await starship.add_rows("dag_runs", [])
    await starship.add_rows("dag_runs", [{"run_id": "r"}])
    await starship.add_rows("task_instance_history", [{"task_id": "t"}])
    assert sent == [("POST", {"dag_runs": [{"run_id": "r"}]}), ("POST", {"task_instances": [{"task_id": "t"}]})]


@pytest.mark.parametrize(("status", "kind"), [(409, ConflictError), (500, RequestFailedError)])
async def test_a_refused_batch_is_told_without_its_rows(status: int, kind: type[AstroferryError]) -> None:
    echoed = httpx.Response(status, json={"error": CANARY, "kwargs": {"dag_runs": [CANARY]}})
    starship = await Starship.connect(http({**PATHS, "/dag_runs": echoed}))
    with pytest.raises(kind) as caught:
        await starship.add_rows("dag_runs", [{"conf": CANARY}])
    assert CANARY not in str(caught.value)


async def test_skipped_tasks_are_written_into_such_a_row() -> None:
    sent: list[dict[str, Any]] = []

    def tasks(request: httpx.Request) -> httpx.Response:
        sent.extend(json.loads(request.content)["task_instances"])
        return httpx.Response(200, json={"task_instances": sent})

    starship = await Starship.connect(http({**PATHS, "/task_instances": tasks}))
    await starship.add_skipped_tasks("d", "marker", {"a": "EmptyOperator", "b": "BashOperator"})
    assert [(row["task_id"], row["operator"], row["state"], row["run_id"]) for row in sent] == [
        ("a", "EmptyOperator", "skipped", "marker"),
        ("b", "BashOperator", "skipped", "marker"),
    ]
