"""The web server's pages that a migration meets: the login, and Starship behind it.

Starship's endpoints take a session, not Basic credentials; who has none is sent to the login, who may not read the
configuration is sent home (measured on 2.11.2 with Starship 2.10.1).
"""

from __future__ import annotations

import secrets
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from astroferry.simulator.source.api_server import error_page, health_json
from astroferry.simulator.source.rows import SimRun, SimTask
from astroferry.simulator.source.specs import Task
from astroferry.simulator.source.timetables import Interval
from astroferry.simulator.source.wire import OPERATORS, SESSION

if TYPE_CHECKING:
    from starlette.requests import Request

    from astroferry.simulator.source.estate import Estate

FORM = """<!DOCTYPE html>
<html>
  <head><title>Sign In - Airflow</title></head>
  <body>
    <form method="post" name="login">
      <input id="csrf_token" name="csrf_token" type="hidden" value="{token}">
      <input autofocus class="form-control" id="username" name="username" required type="text" value="">
      <input class="form-control" id="password" name="password" required type="password" value="">
      <input class="btn btn-primary btn-block" type="submit" value="Sign In">
    </form>
  </body>
</html>
"""


async def show_login(estate: Estate, request: Request) -> Response:
    """GET /login/: the form, and a session that knows its token."""
    del request
    cookie, token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    estate.sessions[cookie], estate.csrf[cookie] = "", token
    answer = HTMLResponse(FORM.format(token=escape(token)))
    answer.set_cookie(SESSION, cookie, httponly=True, samesite="lax")
    return answer


async def log_in(estate: Estate, request: Request) -> Response:
    """POST /login/: home with a new session, or the login again; 400 without the form's token."""
    form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
    cookie = request.cookies.get(SESSION, "")
    if "csrf_token" not in form or form["csrf_token"] != estate.csrf.get(cookie):
        missing = "The CSRF token is missing." if "csrf_token" not in form else "The CSRF session token is missing."
        return HTMLResponse(f"<!doctype html>\n<title>400 Bad Request</title>\n<p>{missing}</p>\n", 400)
    user = estate.users.get(form.get("username", ""))
    if user is None or user.password != form.get("password"):
        return _redirect("/login/?next=/home")
    estate.sessions.pop(cookie, None)
    fresh = secrets.token_urlsafe(32)
    estate.sessions[fresh] = form["username"]
    answer = _redirect("/home")
    answer.set_cookie(SESSION, fresh, httponly=True, samesite="lax")
    return answer


async def show_home(estate: Estate, request: Request) -> Response:
    """GET /home: the list of DAGs for who is logged in."""
    if not estate.sessions.get(request.cookies.get(SESSION, "")):
        return _to_login(request)
    return HTMLResponse("<!DOCTYPE html>\n<html><head><title>DAGs - Airflow</title></head><body></body></html>")


async def go_home(estate: Estate, request: Request) -> Response:
    """GET /."""
    del estate, request
    return _redirect("/home")


async def show_health(estate: Estate, request: Request) -> Response:
    """GET /health, for anybody."""
    del request
    return health_json(estate)


def _redirect(goal: str) -> Response:
    """With a page, as Flask does: a client that looks at the content type sees that this is no API."""
    text = (
        f"<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n{escape(goal)}\n"
    )
    return HTMLResponse(text, 302, {"location": goal})


def _to_login(request: Request) -> Response:
    return _redirect(f"/login/?next={request.url}")


def _turned_away(estate: Estate, request: Request) -> Response | None:
    """The answer to whom Starship is not open, or where there is none."""
    if not estate.starship:
        return error_page(404, request)
    name = estate.sessions.get(request.cookies.get(SESSION, ""))
    if not name:
        return _to_login(request)
    return None if estate.users[name].role in OPERATORS else _redirect("/home")


async def starship(estate: Estate, request: Request) -> Response:
    """GET /api/starship/...: what is installed, and values in clear."""
    if (away := _turned_away(estate, request)) is not None:
        return away
    match request.path_params["what"]:
        case "info":
            return JSONResponse({"airflow_version": estate.version, "starship_version": estate.starship})
        case "health":
            return Response("OK", media_type="text/html")
        case "airflow_version":
            return PlainTextResponse(estate.version)
        case "connections":
            return JSONResponse([_connection_json(estate, conn_id) for conn_id in estate.connections])
        case "env_vars":
            return JSONResponse(estate.environment)
        case "variables":
            rows = estate.variables.values()
            return JSONResponse([{"description": row.description, "key": row.key, "val": row.value} for row in rows])
        case "pools":
            pools = estate.pools.values()
            fields = ("name", "slots", "description", "include_deferred")
            return JSONResponse([{field: getattr(pool, field) for field in fields} for pool in pools])
    return error_page(404, request)


async def write_history(estate: Estate, request: Request) -> Response:
    """POST /api/starship/...: finished runs, and their tasks, straight into the database; all or none (409)."""
    if (away := _turned_away(estate, request)) is not None:
        return away
    body, dags = await request.json(), estate.engine.dags
    match request.path_params["what"]:
        case "dag_runs":
            rows = body["dag_runs"]
            if any(
                row["run_id"] in dags[row["dag_id"]].runs
                or datetime.fromisoformat(row["execution_date"]) in dags[row["dag_id"]].dates
                for row in rows
            ):
                return JSONResponse({"error": "Integrity Error (Duplicate Record?)"}, 409)
            for row in rows:
                estate.engine.take_in(_run_of(row, estate.engine.now))
        case "task_instances":
            rows = body["task_instances"]
            for row in rows:
                tasks = dags[row["dag_id"]].runs[row["run_id"]].tasks
                tasks.append(SimTask(Task(row["task_id"]), row["state"], estate.engine.now, estate.engine.now))
        case _:
            return error_page(404, request)
    return JSONResponse(rows)


def _run_of(row: dict[str, Any], now: datetime) -> SimRun:
    start, end = (datetime.fromisoformat(row[f"data_interval_{side}"]) for side in ("start", "end"))
    return SimRun(
        row["dag_id"],
        row["run_id"],
        row["run_type"],
        row["state"],
        now,
        datetime.fromisoformat(row["execution_date"]),
        Interval(start, end),
        [],
        start=datetime.fromisoformat(row["start_date"]),
        end=datetime.fromisoformat(row["end_date"]),
    )


def _connection_json(estate: Estate, conn_id: str) -> dict[str, Any]:
    item = estate.connections[conn_id]
    fields = ("conn_id", "conn_type", "description", "extra", "host", "login", "password", "port", "schema")
    return {field: getattr(item, field) for field in fields}


PAGES = (
    ("GET", "/", go_home),
    ("GET", "/home", show_home),
    ("GET", "/health", show_health),
    ("GET", "/login/", show_login),
    ("POST", "/login/", log_in),
    ("GET", "/api/starship/{what}", starship),
    ("POST", "/api/starship/{what}", write_history),
)
