"""A small stateful Airflow behind a mock transport, with the habits of 2.10.5 (v1) or 3.3.2 (v2)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://airflow.example.com"
VERSIONS = {"v1": "2.11.2", "v2": "3.3.2"}


def dag_item(dag_id: str, api: str, **more: Any) -> dict[str, Any]:
    """A DAG as the list of that API gives it."""
    common = {
        "dag_id": dag_id,
        "is_paused": False,
        "tags": [{"name": "t"}],
        "owners": ["team"],
        "fileloc": f"/{dag_id}.py",
    }
    if api == "v1":
        common |= {
            "schedule_interval": {"__type": "CronExpression", "value": "@hourly"},
            "next_dagrun": "2026-11-22T21:00:00+00:00",
            "next_dagrun_create_after": "2026-11-22T22:00:00+00:00",
            "next_dagrun_data_interval_start": "2026-11-22T21:00:00+00:00",
            "next_dagrun_data_interval_end": "2026-11-22T22:00:00+00:00",
            "file_token": f"token-of-{dag_id}",
        }
    else:
        common |= {
            "timetable_summary": "0 * * * *",
            "next_dagrun_logical_date": "2026-11-22T22:00:00Z",
            "next_dagrun_run_after": "2026-11-22T22:00:00Z",
            "next_dagrun_data_interval_start": "2026-11-22T22:00:00Z",
            "next_dagrun_data_interval_end": "2026-11-22T22:00:00Z",
        }
    return common | more


def run_item(dag_id: str, run_id: str, state: str = "success", day: int = 1) -> dict[str, Any]:
    """A run on that day of November."""
    when = f"2026-11-{day:02}T00:00:00+00:00"
    return {
        "dag_id": dag_id,
        "dag_run_id": run_id,
        "state": state,
        "run_type": "scheduled",
        "execution_date": when,
        "data_interval_start": when,
        "data_interval_end": when,
        "start_date": None,
        "end_date": None,
    }


class FakeAirflow:
    """Answers requests; `requests` lists what was asked, as "METHOD /path" below the API's root."""

    def __init__(self, api: str = "v1") -> None:
        self.api = api
        self.root = f"/api/{api}"
        self.dags: dict[str, dict[str, Any]] = {}
        self.connections: dict[str, dict[str, Any]] = {}
        self.variables: dict[str, dict[str, Any]] = {}
        self.pools: dict[str, dict[str, Any]] = {}
        self.runs: list[dict[str, Any]] = []
        self.backfills: list[dict[str, Any]] = []
        self.fixed: dict[str, Any] = {}
        self.requests: list[str] = []
        self.queries: list[httpx.QueryParams] = []
        self.sent: Any = None
        self.lies_about_pause = False

    @property
    def transport(self) -> httpx.MockTransport:
        """To be given to `Http`."""
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Route one request."""
        path = request.url.raw_path.decode().partition("?")[0]
        if path == f"{self.root}/version":
            return httpx.Response(200, json={"version": VERSIONS[self.api], "git_version": None})
        if not path.startswith(self.root):
            return httpx.Response(404, html="<html>404</html>")
        path = path.removeprefix(self.root)
        self.requests.append(f"{request.method} {path}")
        self.queries.append(request.url.params)
        if path in self.fixed:
            value = self.fixed[path]
            return httpx.Response(200, text=value) if isinstance(value, str) else httpx.Response(200, json=value)
        body = json.loads(request.content) if request.content else None
        self.sent = body if body is not None else self.sent
        for pattern, handler in self._routes().items():
            if (match := re.fullmatch(pattern, path)) is not None:
                return handler(request, body, *(unquote(part or "") for part in match.groups()))
        return httpx.Response(404, json={"detail": "no such item"})

    def _routes(self) -> dict[str, Callable[..., httpx.Response]]:
        return {
            r"/dags": self._list_dags,
            r"/dags/([^/]+)(?:/details)?": self._dag,
            r"/dags/([^/]+)/dagRuns": self._runs_of,
            r"/dags/([^/]+)/dagRuns/([^/]+)(?:/setNote)?": self._run,
            r"/connections": lambda *args: self._many("connections", "connection_id", *args),
            r"/connections/([^/]+)": lambda *args: self._one("connections", *args),
            r"/variables": lambda *args: self._many("variables", "key", *args),
            r"/variables/([^/]+)": lambda *args: self._one("variables", *args),
            r"/pools": lambda *args: self._many("pools", "name", *args),
            r"/pools/([^/]+)": lambda *args: self._one("pools", *args),
            r"/backfills(?:/(\d+)/cancel)?": self._backfill,
        }

    def _page(self, request: httpx.Request, key: str, items: list[dict[str, Any]]) -> httpx.Response:
        limit = min(100, int(request.url.params.get("limit", 100)))
        offset = int(request.url.params.get("offset", 0))
        return httpx.Response(200, json={key: items[offset : offset + limit], "total_entries": len(items)})

    def _list_dags(self, request: httpx.Request, _body: Any) -> httpx.Response:
        return self._page(request, "dags", list(self.dags.values()))

    def _dag(self, request: httpx.Request, body: Any, dag_id: str) -> httpx.Response:
        dag = self.dags.get(dag_id)
        if dag is None:
            return httpx.Response(404, json={"detail": f"The DAG with dag_id: {dag_id} was not found"})
        if request.method == "DELETE":
            del self.dags[dag_id]
            return httpx.Response(204)
        if request.method == "PATCH" and not self.lies_about_pause:
            dag["is_paused"] = body["is_paused"]
        if request.url.path.endswith("/details"):
            more = {"catchup": True, "timezone": "Europe/Berlin", "start_date": "2026-01-01T00:00:00+00:00"}
            return httpx.Response(200, json=dag | more | ({"owners": []} if self.api == "v1" else {}))
        return httpx.Response(200, json=dag)

    def _runs_of(self, request: httpx.Request, body: Any, dag_id: str) -> httpx.Response:
        if request.method == "POST":
            if self.api == "v2" and "logical_date" not in body:
                return httpx.Response(
                    422, json={"detail": [{"loc": ["body", "logical_date"], "msg": "Field required"}]}
                )
            run = run_item(dag_id, body.get("dag_run_id") or "manual__1", "queued") | {"conf": body["conf"]}
            self.runs.append(run)
            return httpx.Response(200, json=run)
        states = request.url.params.get_list("state")
        found = [
            run for run in self.runs if dag_id in {"~", run["dag_id"]} and (not states or run["state"] in states)
        ]
        if request.url.params.get("order_by", "").startswith("-"):
            found.reverse()
        return self._page(request, "dag_runs", found)

    def _run(self, request: httpx.Request, body: Any, dag_id: str, run_id: str) -> httpx.Response:
        run = next((run for run in self.runs if (run["dag_id"], run["dag_run_id"]) == (dag_id, run_id)), None)
        if run is None:
            return httpx.Response(404, json={"detail": "DAGRun not found"})
        if request.method == "DELETE":
            self.runs.remove(run)
            return httpx.Response(204)
        if request.method == "PATCH":
            run |= body
        return httpx.Response(200, json=run)

    def _shown(self, kind: str, item: dict[str, Any]) -> dict[str, Any]:
        """As the API shows it: v1 leaves the password out, v2 masks it."""
        if kind != "connections":
            return item
        shown = {"description": None, "host": None, "login": None, "schema": None, "port": None, "extra": None} | item
        password = shown.pop("password", None)
        return shown if self.api == "v1" else shown | {"password": "***" if password else None}

    def _many(self, kind: str, key: str, request: httpx.Request, body: Any) -> httpx.Response:
        store: dict[str, dict[str, Any]] = getattr(self, kind)
        if request.method == "POST":
            overwrites = kind == "variables" and self.api == "v1"
            if body[key] in store and not overwrites:
                return httpx.Response(409, json={"detail": {"reason": "Unique constraint violation"}})
            if overwrites and "description" in body and body["description"] is None:
                return httpx.Response(400, json={"detail": "{'description': ['Field may not be null.']}"})
            store[body[key]] = body
            return httpx.Response(200 if self.api == "v1" else 201, json=self._shown(kind, body))
        items = [self._shown(kind, store[name]) for name in sorted(store)]
        if kind == "connections" and self.api == "v1":
            items = [{name: value for name, value in item.items() if name != "extra"} for item in items]
        return self._page(request, kind, items)

    def _one(self, kind: str, request: httpx.Request, body: Any, name: str) -> httpx.Response:
        store: dict[str, dict[str, Any]] = getattr(self, kind)
        if name not in store:
            return httpx.Response(404, json={"detail": f"`{name}` was not found"})
        if request.method == "DELETE":
            del store[name]
            return httpx.Response(204)
        if request.method == "PATCH":
            if self.api == "v2" and "include_deferred" not in body:
                return httpx.Response(422, json={"detail": [{"loc": ["body"], "msg": "include_deferred"}]})
            store[name] |= {key: value for key, value in body.items() if key != "pool"}
        return httpx.Response(200, json=self._shown(kind, store[name]))

    def _backfill(self, request: httpx.Request, body: Any, number: str) -> httpx.Response:
        if request.method == "PUT":
            self.backfills[int(number)]["completed_at"] = "2026-11-22T12:00:00Z"
            return httpx.Response(200, json=self.backfills[int(number)])
        if request.method == "POST":
            item = body | {"id": len(self.backfills), "is_paused": False, "created_at": None, "completed_at": None}
            self.backfills.append(item)
            return httpx.Response(200, json=item)
        return self._page(request, "backfills", self.backfills)
