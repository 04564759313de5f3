"""What the contract tests run against: a server, simulated or real, that holds the same few DAGs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import httpx
from tests.fakes.airflow3 import FakeAirflow3

from astroferry.clients.connecting import Wiring, connect_airflow
from astroferry.clients.credentials import SourceLogin
from astroferry.model.secret import Secret
from astroferry.simulator.source.app import create_app
from astroferry.simulator.source.engine import Engine
from astroferry.simulator.source.estate import Estate, SimImportError
from astroferry.simulator.source.specs import DagSpec, Task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from astroferry.clients.airflow import Airflow

START = datetime(2026, 3, 1, tzinfo=UTC)
DATASET = "s3://contract/orders"
TASKS = (Task("first", does="echo one"), Task("second", "PythonOperator", ("first",), "two", pool="default_pool"))


def spec(dag_id: str, **more: object) -> DagSpec:
    """A paused DAG of the contract."""
    given = {"start_date": START, "tasks": TASKS, "is_paused": True, "max_active_runs": 1, **more}
    return DagSpec(dag_id, "contract", "contract-team", **given)  # type: ignore[arg-type] # checked where it is used


DAGS = (
    spec("by_cron", schedule="30 2 * * *", description="Every night.", tags=("night", "contract")),
    spec("by_cron_catchup", schedule="@hourly", catchup=True, max_active_runs=3),
    spec("by_dataset", schedule=(DATASET,)),
    spec("by_hand", description="On demand."),
    spec("by_period", schedule=timedelta(hours=6)),
    spec("in_berlin", schedule="15 4 * * *", timezone="Europe/Berlin"),
    spec("in_order", schedule="@daily", tasks=(Task("post", does="true", depends_on_past=True),), catchup=True),
    spec("makes_dataset", tasks=(Task("make", does="true", produces=(DATASET,)),)),
    spec("twice_a_minute", schedule="* * * * * */30"),
    spec("until_spring", schedule="@weekly", end_date=datetime(2026, 5, 1, tzinfo=UTC)),
)
BROKEN = SimImportError(
    "contract/broken.py",
    "Traceback (most recent call last):\n    from nowhere_to_be_found import Thing\n"
    "ModuleNotFoundError: No module named 'nowhere_to_be_found'\n",
)


@dataclass
class Side:
    """One server: where it is, which API it speaks, and who may log in."""

    url: str
    api: Literal["v1", "v2"]
    passwords: dict[str, Secret]
    transport: httpx.AsyncBaseTransport | None = None
    name: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def is_2(self) -> bool:
        return self.api == "v1"

    @asynccontextmanager
    async def airflow(self, user: str = "admin", password: str | None = None) -> AsyncIterator[Airflow]:
        """Our client, logged in."""
        secret = Secret(password) if password is not None else self.passwords[user]
        login = SourceLogin(username=user, password=secret)
        airflow = await connect_airflow(self.url, login, rate=None, wiring=Wiring(transport=self.transport))
        try:
            yield airflow
        finally:
            await airflow.http.aclose()

    async def answer(
        self, method: str, path: str, user: str | None, body: object = None, accept: str = "application/json"
    ) -> httpx.Response:
        """One bare request; `user` "nobody-known" has wrong credentials, None has none."""
        async with httpx.AsyncClient(transport=self.transport, base_url=self.url, timeout=60) as client:
            headers = {"Accept": accept}
            auth = None
            if user is not None and self.is_2:
                known = self.passwords.get(user)
                auth = httpx.BasicAuth(user, known.reveal() if known else "wrong")
            elif user is not None:
                headers["Authorization"] = f"Bearer {await self._token(client, user)}"
            extra = {"json": body} if body is not None else {}
            return await client.request(method, path, headers=headers, auth=auth, **extra)  # type: ignore[arg-type] # or none

    async def _token(self, client: httpx.AsyncClient, user: str) -> str:
        if user not in self.passwords:
            return "x.y.z"
        if user not in self.tokens:
            login = {"username": user, "password": self.passwords[user].reveal()}
            answer = await client.post("/auth/token", json=login)
            self.tokens[user] = answer.json()["access_token"]
        return self.tokens[user]


def names_as_passwords() -> dict[str, Secret]:
    """The four users of the fakes."""
    return {name: Secret(name) for name in ("admin", "op", "user", "viewer")}


def simulated_2() -> Side:
    """The simulated source."""
    now = datetime.now(UTC)
    estate = Estate(
        Engine(DAGS, now, queue_seconds=0.05, task_seconds=0.05),
        import_errors=(BROKEN,),
        config={"core": {"executor": "SequentialExecutor", "fernet_key": "< hidden >"}},
        providers={"apache-airflow-providers-standard": ("1.9.0", "Standard")},
        starship="2.10.1",
        environment={"AIRFLOW_HOME": "/opt/airflow", "PATH": "/usr/bin"},
    )
    transport = httpx.ASGITransport(app=create_app(estate))
    return Side("http://source.test", "v1", names_as_passwords(), transport, "simulated 2.11")


def fake_3() -> Side:
    """The fake Airflow 3 of the unit tests."""
    fake = FakeAirflow3(DAGS, import_errors=[(BROKEN.file, BROKEN.stack_trace)])
    return Side("http://target.test", "v2", names_as_passwords(), httpx.ASGITransport(app=fake.app), "fake 3.3")
