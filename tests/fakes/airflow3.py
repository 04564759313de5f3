"""A fake Airflow 3.3 (REST /api/v2) for unit tests, on the scheduler of the simulated source.

Statuses, texts, masking and the marker's effect are those of a real 3.3.2, asked on 2026-11-22. Cron DAGs have data
intervals, as with AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS=True.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.fakes.airflow3_backfills import ROUTES as BACKFILLS
from tests.fakes.airflow3_backfills import Backfill
from tests.fakes.airflow3_dags import ROUTES as DAGS
from tests.fakes.airflow3_runs import ROUTES as RUNS
from tests.fakes.airflow3_values import ROUTES as VALUES
from tests.fakes.airflow3_wire import API, Endpoint, iso, page

from astroferry.simulator.source.engine import Engine
from astroferry.simulator.source.estate import SimConnection, SimPool, SimVariable, default_pool
from astroferry.simulator.source.specs import DagSpec, Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from starlette.requests import Request

USERS = ("admin", "op", "user", "viewer")
MAY_SEE_VALUES = {"admin", "op"}


@dataclass
class FakeAirflow3:
    """One server.

    `clock` is asked at each request. `on_trigger(dag_id, conf)` gives the XCom that every task of the triggered run
    returns. `tokens` maps a token that is accepted to a user; logging in adds to it, `expire_tokens` empties it.
    """

    dags: Sequence[DagSpec] = ()
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    on_trigger: Callable[[str, dict[str, Any]], Any] | None = None
    parse_seconds: float = 0.0
    queue_seconds: float = 0.4
    task_seconds: float = 0.6
    version: str = "3.3.2"
    connections: dict[str, SimConnection] = field(default_factory=dict)
    variables: dict[str, SimVariable] = field(default_factory=dict)
    pools: dict[str, SimPool] = field(default_factory=default_pool)
    providers: dict[str, str] = field(default_factory=lambda: {"apache-airflow-providers-standard": "1.15.1"})
    import_errors: list[tuple[str, str]] = field(default_factory=list)
    backfills: list[Backfill] = field(default_factory=list)
    xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(
            self.dags,
            self.clock(),
            queue_seconds=self.queue_seconds,
            task_seconds=self.task_seconds,
            parse_seconds=self.parse_seconds,
            named_by_end=True,
        )
        self.app = Starlette(
            routes=[_route(self, *each) for each in (*ROUTES, *VALUES, *DAGS, *RUNS, *BACKFILLS)],
            exception_handlers={HTTPException: _refused},
        )
        self.app.router.redirect_slashes = False

    def parse(self, files: Iterable[str]) -> None:
        """Take in the `.py` names of a DAG folder: a DAG each, paused, without schedule; the others go."""
        names = {PurePath(file).stem for file in files if file.endswith(".py")}
        for gone in set(self.engine.dags) - names:
            self.engine.delete_dag(gone)
        for name in sorted(names - set(self.engine.dags)):
            start = datetime(2026, 1, 1, tzinfo=UTC)
            self.engine.add(DagSpec(name, "", "airflow", start, tasks=(Task("only"),), is_paused=True))

    def expire_tokens(self) -> None:
        self.tokens.clear()

    def catch_up(self) -> None:
        """Let time pass, and close the backfills whose runs have all ended."""
        self.engine.advance(self.clock())
        for backfill in self.backfills:
            if backfill.completed_at is None and not any(run.is_active for run in backfill.runs):
                backfill.completed_at = self.engine.now


def _route(server: FakeAirflow3, method: str, path: str, needs: str, answer: Callable[..., Awaitable[Any]]) -> Route:
    async def endpoint(request: Request) -> Response:
        server.catch_up()
        try:
            _check(server, request, needs)
            found = await answer(server, request)
        except HTTPException as error:
            server.requests.append((method, request.url.path, error.status_code))
            raise
        response = found if isinstance(found, Response) else JSONResponse(found)
        server.requests.append((method, request.url.path, response.status_code))
        return response

    return Route(path, endpoint, methods=[method])


def _check(server: FakeAirflow3, request: Request, needs: str) -> None:
    if needs == "nobody":
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401, "Not authenticated")
    user = server.tokens.get(token)
    if user is None:
        raise HTTPException(403, "Invalid JWT token")
    if (needs == "edit" and user == "viewer") or (needs == "values" and user not in MAY_SEE_VALUES):
        raise HTTPException(403, "Forbidden")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and error.detail == "Not Found":
        if request.url.path.startswith("/api/v1"):
            removed = "/api/v1 has been removed in Airflow 3, please use its upgraded version /api/v2 instead."
            return JSONResponse({"error": removed}, 404)
        return JSONResponse({"error": "API route not found"}, 404)
    return JSONResponse({"detail": error.detail}, error.status_code)


async def version(server: FakeAirflow3, request: Request) -> Any:
    return {"version": server.version, "git_version": None}


async def health(server: FakeAirflow3, request: Request) -> Any:
    beat = server.engine.now.isoformat()
    return {
        "metadatabase": {"status": "healthy"},
        "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": beat},
        "triggerer": {"status": None, "latest_triggerer_heartbeat": None},
        "dag_processor": {"status": "healthy", "latest_dag_processor_heartbeat": beat},
    }


async def log_in(server: FakeAirflow3, request: Request) -> Any:
    body = await request.json()
    name = body.get("username")
    if name not in USERS or body.get("password") != name:
        raise HTTPException(401, "Invalid credentials")
    token = f"made-up.{name}.{len(server.tokens)}"
    server.tokens[token] = name
    return JSONResponse({"access_token": token}, 201)


async def providers(server: FakeAirflow3, request: Request) -> Any:
    rows = [{"package_name": name, "version": number, "description": ""} for name, number in server.providers.items()]
    return {"providers": rows, "total_entries": len(rows)}


async def plugins(server: FakeAirflow3, request: Request) -> Any:
    return {"plugins": [], "total_entries": 0}


async def import_errors(server: FakeAirflow3, request: Request) -> Any:
    rows = [
        {"import_error_id": number, "timestamp": iso(server.engine.now), "filename": file, "stack_trace": trace}
        for number, (file, trace) in enumerate(server.import_errors, 1)
    ]
    return page(request, "import_errors", rows)


ROUTES: tuple[Endpoint, ...] = (
    ("POST", "/auth/token", "nobody", log_in),
    ("GET", f"{API}/version", "nobody", version),
    ("GET", f"{API}/monitor/health", "nobody", health),
    ("GET", f"{API}/providers", "see", providers),
    ("GET", f"{API}/plugins", "see", plugins),
    ("GET", f"{API}/importErrors", "see", import_errors),
)
