"""The four sides of the contract: two simulated ones (always), two real ones (`-m live`)."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import httpx
import pytest
import pytest_asyncio
from tests.contract.sides import BROKEN, DAGS, START, Side, fake_3, simulated_2

from astroferry.simulator.real import RealAirflow
from astroferry.simulator.source.engine import Engine
from astroferry.simulator.source.estate import Estate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from astroferry.clients.airflow import Airflow

TWO = ("simulated 2.11", pytest.param("real 2.11", marks=pytest.mark.live))
THREE = ("fake 3.3", pytest.param("real 3.3", marks=pytest.mark.live))


@pytest.fixture(scope="session")
def contract_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contract")


@pytest.fixture(scope="session")
def open_side(contract_folder: Path) -> Iterator[Callable[[str], Side]]:
    """A side by name, each started once."""
    sides: dict[str, Side] = {}
    servers: list[RealAirflow] = []

    def opened(name: str) -> Side:
        if name not in sides:
            sides[name] = _made(name, contract_folder, servers)
        return sides[name]

    yield opened
    for server in servers:
        server.stop_now()


def _made(name: str, folder: Path, servers: list[RealAirflow]) -> Side:
    if name == "simulated 2.11":
        return simulated_2()
    if name == "fake 3.3":
        return fake_3()
    version = name.removeprefix("real ")
    code = folder / f"dags-{version}"
    Estate(Engine(DAGS, START), import_errors=(BROKEN,)).write_dags(code)
    env = {"AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True"}
    server = RealAirflow(version, folder / version, code, env=env, parse=2)
    server.start_now()
    servers.append(server)
    _wait_for_dags(server)
    return Side(server.url, "v1" if version == "2.11" else "v2", dict(server.users), name=name)


def _wait_for_dags(server: RealAirflow) -> None:
    """Until every DAG and the broken file are parsed."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        totals = [
            httpx.get(f"{server.api}{path}", headers=server.headers(), timeout=30).json().get("total_entries")
            for path in ("/dags", "/importErrors")
        ]
        if totals == [len(DAGS), 1]:
            return
        time.sleep(0.5)  # a real server has its own time
    pytest.fail(f"{server.version} did not parse the contract's DAGs in five minutes.")


@pytest.fixture(params=[*TWO, *THREE])
def side(request: pytest.FixtureRequest, open_side: Callable[[str], Side]) -> Side:
    """Each of the four."""
    return open_side(request.param)


@pytest.fixture(params=TWO)
def side_2(request: pytest.FixtureRequest, open_side: Callable[[str], Side]) -> Side:
    """Airflow 2.11, simulated and real."""
    return open_side(request.param)


@pytest.fixture(params=THREE)
def side_3(request: pytest.FixtureRequest, open_side: Callable[[str], Side]) -> Side:
    """Airflow 3.3, fake and real."""
    return open_side(request.param)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def connected() -> AsyncIterator[Callable[[Side], Awaitable[Airflow]]]:
    """The administrator's client of a side, opened once: each one makes a TLS context, which costs."""
    async with AsyncExitStack() as stack:
        opened: dict[str, Airflow] = {}

        async def client(side: Side) -> Airflow:
            if side.name not in opened:
                opened[side.name] = await stack.enter_async_context(side.airflow())
            return opened[side.name]

        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def airflow(side: Side, connected: Callable[[Side], Awaitable[Airflow]]) -> Airflow:
    return await connected(side)


@pytest_asyncio.fixture(loop_scope="session")
async def airflow_2(side_2: Side, connected: Callable[[Side], Awaitable[Airflow]]) -> Airflow:
    return await connected(side_2)


@pytest_asyncio.fixture(loop_scope="session")
async def airflow_3(side_3: Side, connected: Callable[[Side], Awaitable[Airflow]]) -> Airflow:
    return await connected(side_3)
