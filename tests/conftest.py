"""What every test has: no network but loopback, no secret of the test before, a clock that takes no time."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from astroferry.diagnostics import forget_secrets
from astroferry.model.inventory import ConnectionSeen, Dag, Inventory, Pool, Schedule, VariableSeen
from astroferry.model.plan import Code, Decisions, Deployment, Plan, Source, Target, Wave, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class NetworkForbiddenError(Exception):
    """A test tried to leave the machine; no OSError, so that no code under test takes it for a broken line."""


class FixedClock:
    """A `Clock` that stands still until somebody sleeps; `slept` lists how long each sleep was, in seconds."""

    def __init__(self, start: datetime = NOON) -> None:
        self.start = start
        self.slept: list[float] = []
        self._now = start

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once, and others have their turn."""
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass while nobody sleeps."""
        self._now += timedelta(seconds=seconds)


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, as a name or as an address."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in {"", "localhost"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of the screens' snapshots; pytest takes options from here alone."""
    parser.addoption("--rewrite-screens", action="store_true", help="write snapshots/screens anew")


def pytest_configure() -> None:
    """Stay on this machine for the whole run, so that fixtures of any scope are held to it too."""
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    getaddrinfo = socket.getaddrinfo

    def check(address: Any) -> None:
        if isinstance(address, tuple) and not is_loopback(str(address[0])):
            raise NetworkForbiddenError(f"tests stay on loopback; this one went to {address[0]}:{address[1]}")

    def checked_connect(self: socket.socket, address: Any) -> None:
        check(address)
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return connect_ex(self, address)

    def checked_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        check(rest[-1])
        return sendto(self, data, *rest)

    def checked_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host or ""
        if name.endswith(".invalid"):  # RFC 2606: never resolves; tests of a wrong name use it
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        check((name, args[0] if args else kwargs.get("port")))
        return getaddrinfo(host, *args, **kwargs)

    # One by one: `setattr` on these is what the guard is.
    socket.socket.connect = checked_connect  # type: ignore[method-assign,assignment]
    socket.socket.connect_ex = checked_connect_ex  # type: ignore[method-assign,assignment]
    socket.socket.sendto = checked_sendto  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = checked_getaddrinfo


@pytest.fixture(autouse=True)
def _no_secret_of_the_test_before() -> Iterator[None]:
    forget_secrets()
    yield
    forget_secrets()


@pytest.fixture
def clock() -> FixedClock:
    """Noon of 2026-11-22, until somebody sleeps."""
    return FixedClock()


@pytest.fixture
def inventory() -> Inventory:
    """A small 2.11: three DAGs, two connections and one from the environment, two variables, two pools."""
    return Inventory(
        kind="airflow",
        url="http://127.0.0.1:8080",
        airflow_version="2.11.0",
        taken_at=NOON,
        dags=(
            Dag(
                "daily_sales", Schedule("cron", "0 6 * * *"), is_paused=False, catchup=True, fileloc="/dags/sales.py"
            ),
            Dag(
                "hourly_stock", Schedule("cron", "@hourly"), is_paused=False, catchup=False, fileloc="/dags/stock.py"
            ),
            Dag("by_hand", Schedule("none"), is_paused=True, fileloc="/dags/by_hand.py"),
        ),
        connections=(
            ConnectionSeen("warehouse_pg", "postgres", "pg.example.com", 5432, "sales", "etl"),
            ConnectionSeen("files_sftp", "sftp", "sftp.example.com", 22),
            ConnectionSeen("from_env", origin="environment"),
        ),
        variables=(VariableSeen("region", size=9), VariableSeen("settings", size=20, is_json=True)),
        pools=(Pool("default_pool", 128), Pool("warehouse", 4, "slow")),
    )


@pytest.fixture
def plan() -> Plan:
    """A valid plan: one Workspace, a test and a production Deployment, two waves."""
    return Plan(
        name="sales",
        created=NOON,
        source=Source("http://127.0.0.1:8080"),
        target=Target(organization="cl0000000000000000000000o"),
        decisions=Decisions(airflow="3", runtime="3.3-8"),
        code=Code("dags"),
        workspaces=(Workspace("data"),),
        deployments=(
            Deployment("data-test", "data", role="test", environment={"AIRFLOW__CORE__PARALLELISM": "8"}),
            Deployment("data-prod", "data", role="production", secret_environment=("SLACK_HOOK",)),
        ),
        waves=(
            Wave("first", "data-test", "data-prod", dags=("by_hand",)),
            Wave("rest", "data-test", "data-prod"),
        ),
    )
