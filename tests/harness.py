"""Both ends of a migration in this process, and the real command between them: hours pass in no time.

The source is the simulated Airflow 2.11, Astro the embedded one, and behind each Deployment stands the fake Airflow 3
with the DAGs of its folder; a trigger of the probe DAG is answered as that DAG would. One clock drives all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import pickle
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from starlette.responses import JSONResponse
from tests.fakes.airflow3 import FakeAirflow3

from astroferry import cli
from astroferry.carry import opening
from astroferry.carry.journal import Entry, Journal
from astroferry.carry.probes.digest import CONNECTION_FIELDS, field_digest
from astroferry.carry.probes.probefile import DAG_ID, REACH_TASK, VALUES_TASK, probe_tag
from astroferry.clients import http as http_module
from astroferry.clients.http import Http
from astroferry.model import planfile
from astroferry.simulator.astro import AppPlane, AstroState, Pace
from astroferry.simulator.astro import create_app as create_astro
from astroferry.simulator.source.app import create_app as create_source
from astroferry.simulator.source.engine import Engine
from astroferry.simulator.source.estate import Estate, SimConnection, SimPool, SimVariable
from astroferry.simulator.source.specs import DagSpec, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableMapping
    from pathlib import Path

    import pytest

    from astroferry.model.plan import Plan
    from astroferry.simulator.astro import Seat

SOURCE = "http://source.test"
ASTRO = "http://astro.localhost/v1"
DEPLOYMENT = "quay-production"
STARTED = datetime(2026, 11, 20, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
WORK = (Task("work", does="true"),)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
PLAYGROUND = ("ASTROFERRY_SOURCE_TOKEN", "CI", "SSL_CERT_FILE", "SSL_CERT_DIR", *PROXIES)

TICKS_ON = DagSpec("ticks_on", "quay", "quay-team", STARTED, "*/5 * * * *", WORK, catchup=True, max_active_runs=3)
TICKS_NOW = DagSpec("ticks_now", "quay", "quay-team", STARTED, "*/5 * * * *", WORK)
BY_HAND = DagSpec("by_hand", "office", "office-team", STARTED, None, WORK)
NIGHTLY = DagSpec("nightly", "office", "office-team", STARTED, "0 2 * * *", WORK, is_paused=True)
BY_DATASET = DagSpec("by_dataset", "office", "office-team", STARTED, ("s3://quay/orders",), WORK)
DAGS = (TICKS_ON, TICKS_NOW, BY_HAND, NIGHTLY, BY_DATASET)

CONNECTIONS = (
    SimConnection(
        "quay_pg", "postgres", "Bookings", "pg.example.com", "quay_reader", "pg-Secret-0x71", "quay", 5432,
        json.dumps({"sslmode": "require", "sslkey": "extra-Secret-0x72"}),
    ),
    SimConnection("plain_http", "http", None, "https://api.example.com"),
)  # fmt: skip
VARIABLES = (
    SimVariable("region", "eu-central-1", "Where we are"),
    SimVariable("partner_api_key", "partner-Secret-0x73"),
)
POOLS = (SimPool("berths", 4, "How many ships at once"),)


class KilledError(BaseException):
    """Our process was killed here; no Exception, so that nothing of ours catches it."""


class PassingClock:
    """A clock that only sleeping moves; every user of time in a World shares it."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.pass_by(seconds)
        await asyncio.sleep(0)

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=max(seconds, 0.0))


@dataclass(frozen=True)
class Sent:
    """A request that may have changed a Deployment's Airflow."""

    method: str
    path: str
    body: str
    status: int

    @property
    def made(self) -> bool:
        """Whether it made something."""
        return self.method == "POST" and self.status == 201


class Target:
    """A Deployment's Airflow 3 as an ASGI app: it parses its DAG folder, and its probe DAG answers.

    `broken` names DAG files that do not import there. `reach` maps a connection to the word that the probe says.
    """

    def __init__(self, seat: Seat, specs: Iterable[DagSpec], clock: PassingClock) -> None:
        self.seat = seat
        self.specs = {spec.dag_id: spec for spec in specs}
        self.fake = FakeAirflow3(clock=clock.now, task_seconds=0.2, queue_seconds=0.2, tokens={"astro": "admin"})
        self.fake.on_trigger = self._triggered
        self.sent: list[Sent] = []
        self.broken: set[str] = set()
        self.reach: dict[str, str] = {}
        self.probe_state = "success"
        self.no_probe = False
        self._pushed: dict[str, dict[str, Any]] = {}

    @property
    def dags(self) -> dict[str, Any]:
        return self.fake.engine.dags

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._parse()
        headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
        scope = {**scope, "headers": [*headers, (b"authorization", b"Bearer astro")]}
        body = b""
        more = scope["method"] != "GET"
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)

        async def noted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and scope["method"] != "GET":
                self.sent.append(Sent(scope["method"], scope["path"], body.decode(), message["status"]))
            await send(message)

        async def again() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        found = re.fullmatch(
            rf"/api/v2/dags/{DAG_ID}/dagRuns/([^/]+)/taskInstances/(\w+)/xcomEntries/(\w+)", scope["path"]
        )
        if found is not None:
            await self._xcom(*found.groups())(scope, again, noted)
        else:
            with self._unlisted(scope["path"]):
                await self.fake.app(scope, again, noted)

    @contextlib.contextmanager
    def _unlisted(self, path: str) -> Iterator[None]:
        """The list of DAGs leaves out the probe whose file is gone; its record can still be asked for and deleted."""
        stale = path == "/api/v2/dags" and not (self.seat.dags_folder / f"{DAG_ID}.py").exists()
        record = self.dags.pop(DAG_ID, None) if stale else None
        yield
        if record is not None:
            self.dags[DAG_ID] = record

    def _parse(self) -> None:
        """Take the DAG folder in; of a DAG whose file is gone nothing stays, but the probe's record does."""
        files = {path.stem: path for path in self.seat.dags_folder.rglob("*.py") if path.stem not in self.broken}
        for gone in set(self.dags) - set(files) - {DAG_ID}:
            self.fake.engine.delete_dag(gone)
        self.fake.import_errors = [
            (str(path.relative_to(self.seat.dags_folder)), "ImportError: no such module")
            for path in self.seat.dags_folder.rglob("*.py")
            if path.stem in self.broken
        ]
        for name in sorted(set(files) - set(self.dags)):
            if name == DAG_ID and not self.no_probe:
                tasks = (Task(VALUES_TASK), Task(REACH_TASK))
                tags = ("astroferry", probe_tag())
                self.fake.engine.add(
                    DagSpec(DAG_ID, "", "astroferry", STARTED, None, tasks, is_paused=True, tags=tags)
                )
            elif name in self.specs:
                arrives_running = "is_paused_upon_creation=False" in files[name].read_text(encoding="utf-8")
                self.fake.engine.add(replace(self.specs[name], is_paused=not arrives_running))

    def _triggered(self, dag_id: str, conf: dict[str, Any]) -> None:
        """What the probe's tasks push, as they would see the values at this moment."""
        if dag_id != DAG_ID:
            return
        key = self.fake.variables[conf["key_variable"]].value
        rows: list[list[Any]] = []
        for conn_id in conf["connections"]:
            there = self.fake.connections.get(conn_id)
            digests = [
                field_digest(key, "connection", conn_id, name, getattr(there, name))
                for name in CONNECTION_FIELDS
                if there
            ]
            rows.append(["connection", conn_id, "found" if there else "missing", digests])
        for name in conf["variables"]:
            held = self.fake.variables.get(name)
            digests = [field_digest(key, "variable", name, "value", held.value)] if held else []
            rows.append(["variable", name, "found" if held else "missing", digests])
        known = self.fake.connections
        reach = [
            [name, self.reach.get(name, "reachable") if name in known else "not applicable"]
            for name in conf["connections"]
        ]
        hooks = [[name, "ok" if name in known else "not asked", ""] for name in conf["connections"]]
        self._pushed = {
            VALUES_TASK: {"values_parts": "1", "values_0": json.dumps(rows)},
            REACH_TASK: {
                "reach_parts": "1", "reach_0": json.dumps(reach), "hooks_parts": "1", "hooks_0": json.dumps(hooks),
            },
        }  # fmt: skip

    def _xcom(self, run_id: str, task: str, key: str) -> JSONResponse:
        dag = self.dags.get(DAG_ID)
        run = dag.runs.get(run_id) if dag else None
        value = self._pushed.get(task, {}).get(key)
        if run is None or run.state != "success" or value is None or self.probe_state != "success":
            return JSONResponse({"detail": f"XCom entry with key: `{key}` not found"}, 404)
        return JSONResponse({"key": key, "value": value})


class InProcess(httpx.AsyncBaseTransport):
    """An ASGI app in the network's place; unlike the library's own it asks for no event loop but the running one."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 4711),
            "root_path": "",
        }
        start: dict[str, Any] = {}
        body: list[bytes] = []
        over = asyncio.Event()
        read = False

        async def receive() -> dict[str, Any]:
            nonlocal read
            if read:
                await over.wait()
                return {"type": "http.disconnect"}
            read = True
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.append(message.get("body", b""))
                if not message.get("more_body", False):
                    over.set()

        await self._app(scope, receive, send)
        if not body and start.get("headers") == [(b"content-length", b"1")]:
            raise httpx.RemoteProtocolError("the connection was cut", request=request)
        # A stream, because the embedded Astro passes answers on as they come.
        stream = httpx.ByteStream(b"".join(body))
        return httpx.Response(start["status"], headers=start["headers"], stream=stream, request=request)


class Place(AppPlane):
    """A Deployment's Airflow in this process."""

    def transport(self) -> httpx.AsyncBaseTransport | None:
        return None if self._app is None else InProcess(self._app)


class Wire(httpx.AsyncBaseTransport):
    """Every request of ours, by host, to the app that stands for it; `requests` are all that were sent.

    `after(request, answer)` may look on or kill us. A `dead` process sends nothing any more.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._apps = {
            "source.test": InProcess(create_source(world.estate, world.clock.now)),
            "astro.localhost": InProcess(create_astro(world.astro)),
        }
        self.requests: list[tuple[str, str, bytes]] = []
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None
        self.dead = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.dead:
            raise KilledError
        content = await request.aread()
        self.requests.append((request.method, str(request.url), content))
        instead = self.before(request)
        if instead is not None:
            instead.request = request
            return instead
        app = self._apps.get(request.url.host)
        if app is None:
            raise httpx.ConnectError("nothing listens there", request=request)
        answer = await app.handle_async_request(request)
        for deployment in self._world.astro.deployments.values():
            if deployment.plane is not None:
                # The servers live on where our process and its loop end.
                await deployment.plane.settled()
        return answer


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


ENGINES: dict[tuple[DagSpec, ...], bytes] = {}


def engine_at_now(dags: tuple[DagSpec, ...]) -> Engine:
    """A scheduler that has run these DAGs up to NOW; the days of catching up are gone through once for all tests."""
    if dags not in ENGINES:
        made = Engine(dags, NOW - timedelta(hours=1))
        made.advance(NOW)
        ENGINES[dags] = pickle.dumps(made)
    engine: Engine = pickle.loads(ENGINES[dags])
    return engine


class World:
    """Both ends, a folder for the plan, and the command."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        dags: tuple[DagSpec, ...] = DAGS,
        connections: tuple[SimConnection, ...] = CONNECTIONS,
        variables: tuple[SimVariable, ...] = VARIABLES,
        pools: tuple[SimPool, ...] = POOLS,
    ) -> None:
        self.folder = folder
        self.clock = PassingClock()
        self.estate = Estate(
            engine_at_now(dags),
            connections={item.conn_id: replace(item) for item in connections},
            variables={item.key: replace(item) for item in variables},
            starship="2.10.1",
            providers={"apache-airflow-providers-standard": ("1.9.0", "Standard")},
            config={"core": {"executor": "CeleryExecutor"}, "secrets": {"backend": ""}},
        )
        self.estate.pools |= {item.name: replace(item) for item in pools}
        self.targets: list[Target] = []
        self.astro = AstroState(
            now=self.clock.now,
            pace=Pace(creating=3, deploying=3, dags=3, cluster=30),
            rates={},
            host="astro.localhost",
            folder=folder / "astro",
            make_plane=lambda: Place(self._airflow),
        )
        self.token = self.astro.token()
        self.dags_folder = folder / "dags"
        self.dags_folder.mkdir()
        self.estate.write_dags(self.dags_folder)
        self.plan_path, self.inventory_path = folder / "migration.toml", folder / "inventory.json"
        self.journal_path = folder / "migration.journal.jsonl"
        self.wire = Wire(self)
        self.on_the_network = False
        """whether requests really go out, to servers of a test's own on loopback"""
        self.monkeypatch = monkeypatch
        self._put_in_place()

    def _put_in_place(self) -> None:
        original = Http._open

        def opened(http: Http, transport: Any, timeout: float, concurrency: int, *, keeps_cookies: bool) -> Any:
            return original(
                http,
                transport or (None if self.on_the_network else self.wire),
                timeout,
                concurrency,
                keeps_cookies=keeps_cookies,
            )

        self.monkeypatch.setattr(Http, "_open", opened)
        self.monkeypatch.setattr(http_module, "RealClock", lambda: self.clock)
        self.monkeypatch.setattr(opening, "WallClock", lambda: self.clock)
        for name in PLAYGROUND:
            self.monkeypatch.delenv(name, raising=False)
            self.monkeypatch.delenv(name.lower(), raising=False)
        self.monkeypatch.setenv("ASTRO_API_URL", ASTRO)
        self.monkeypatch.setenv("ASTRO_API_TOKEN", self.token)
        self.monkeypatch.setenv("ASTROFERRY_SOURCE_USERNAME", "admin")
        self.monkeypatch.setenv("ASTROFERRY_SOURCE_PASSWORD", "admin")
        self.monkeypatch.setenv("ASTROFERRY_REPORTS", str(self.folder))

    def _airflow(self, seat: Seat) -> Target:
        specs = [dag.spec for dag in self.estate.engine.dags.values()]
        self.targets.append(Target(seat, specs, self.clock))
        return self.targets[-1]

    @property
    def target(self) -> Target:
        """The only Deployment's Airflow."""
        assert len(self.targets) == 1
        return self.targets[0]

    # The command

    def run(self, *argv: str) -> Ran:
        """The command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main([*argv])
        return Ran(code, out.getvalue(), err.getvalue())

    def on_plan(self, verb: str, *more: str) -> Ran:
        """A verb on the plan."""
        return self.run(verb, str(self.plan_path), *more)

    def assess(self) -> Ran:
        return self.run("assess", SOURCE, "--out", str(self.inventory_path))

    def answers(self, **changes: Any) -> dict[str, Any]:
        """What the answers file says; `changes` replace whole sections."""
        return {
            "name": "quay",
            "code": {"dags_folder": "dags"},
            "decisions": {"cluster": "standard", "networking": "public"},
            "values": {"connections": "starship", "variables": "api"},
            "cutover": {"poll": 20.0, "parse_timeout": 120, "drain_timeout": 1200, "watch_ticks": 3},
            "workspaces": [{"name": "Quay"}],
            "deployments": [{"name": DEPLOYMENT, "workspace": "Quay", "executor": "ASTRO"}],
            "waves": [
                {"name": "pilot", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["ticks_on", "ticks_now"]},
                {"name": "rest", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["*"]},
            ],
            "confirmed": [
                {"what": what, "by": "Olivia Owner", "at": NOW}
                for what in ("alerts", "people-invited", "rollback-plan")
            ],
            **changes,
        }

    def make_plan(self, **changes: Any) -> Ran:
        import tomli_w  # noqa: PLC0415 - only those who make a plan pay for it

        path = self.folder / "answers.toml"
        path.write_text(tomli_w.dumps(self.answers(**changes)), encoding="utf-8")
        where = ("--inventory", str(self.inventory_path), "--answers", str(path), "--out", str(self.plan_path))
        return self.run("plan", *where)

    def planned(self, **changes: Any) -> None:
        """An inventory and a plan, made by the command."""
        assessed = self.assess()
        assert assessed.code == 0, assessed.err
        made = self.make_plan(**changes)
        assert made.code == 0, made.err

    def applied(self, **changes: Any) -> None:
        """A plan that is carried out up to its comparison."""
        self.planned(**changes)
        ran = self.on_plan("apply")
        assert ran.code == 0, ran.err

    # What came of it

    @property
    def plan(self) -> Plan:
        return planfile.load(self.plan_path)

    def edit_plan(self, old: str, new: str) -> None:
        """Edit the plan as a person would."""
        text = self.plan_path.read_text(encoding="utf-8")
        assert old in text, text
        self.plan_path.write_text(text.replace(old, new), encoding="utf-8")

    def entries(self) -> list[Entry]:
        return Journal(self.journal_path).entries

    def writes(self) -> list[tuple[str, str]]:
        """Requests, method and path, that may have changed something on either end."""
        return [(method, httpx.URL(url).path) for method, url, _ in self.wire.requests if method != "GET"]

    def kill_at(self, number: int, *, before: bool) -> None:
        """Be killed when line `number` of the journal (of this process) is written: before or after it."""
        count = 0
        write = Journal.write

        def counted(journal: Journal, *args: Any, **kwargs: Any) -> Entry:
            nonlocal count
            count += 1
            if self.wire.dead or (before and count == number):
                self.wire.dead = True
                raise KilledError
            entry = write(journal, *args, **kwargs)
            if count == number:
                self.wire.dead = True
                raise KilledError
            return entry

        self.monkeypatch.setattr(Journal, "write", counted)
        self._write = write

    def revive(self) -> None:
        """Another process begins."""
        self.wire.dead = False
        self.monkeypatch.setattr(Journal, "write", self._write)
