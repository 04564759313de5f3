"""Three of the ten environments on a real Airflow 2.11, assessed, and advised as their made counterparts are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.advice.environments import Environment, own_cloud, private_vpc, small, walked
from tests.live.seeding import client, wait_for_dags

from astroferry.clients.airflow import Airflow
from astroferry.clients.auth import BasicAuth
from astroferry.clients.http import Http
from astroferry.code.read import read as read_code
from astroferry.simulator.real import RealAirflow
from astroferry.sources.airflow import take_inventory

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from astroferry.model.inventory import Inventory

MAKERS = (private_vpc, small, own_cloud)
FILE = """
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG({dag_id!r}, schedule={schedule!r}, start_date=datetime(2026, 1, 1), catchup=False,
         default_args={{"owner": {owner!r}}}):
    BashOperator(task_id="work", bash_command="true")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAirflow]:
    """One server with the DAGs of all three; only its API runs."""
    home = tmp_path_factory.mktemp("assessed")
    dags = home / "dags"
    dags.mkdir()
    every = [dag for make in MAKERS for dag in make().inventory.dags]
    for dag in every:
        text = FILE.format(dag_id=dag.dag_id, schedule=dag.schedule.expression or None, owner=dag.owners[0])
        (dags / f"{dag.dag_id}.py").write_text(text, encoding="utf-8")
    with RealAirflow("2.11", home / "airflow", dags, mode="api-only", parse_first=True, say=print) as real:
        wait_for_dags(real, len(every))
        yield real


def seed(server: RealAirflow, environment: Environment) -> None:
    """The connections and variables of this environment, and no others."""
    with client(server) as http:
        _only(http, f"{server.api}/connections", "connection_id", [_connection(item) for item in _there(environment)])
        values = [{"key": item.key, "value": "x" * item.size} for item in environment.inventory.variables]
        _only(http, f"{server.api}/variables", "key", values)


def _there(environment: Environment) -> tuple[Any, ...]:
    return environment.inventory.connections


def _connection(seen: Any) -> dict[str, Any]:
    return {
        "connection_id": seen.conn_id,
        "conn_type": seen.conn_type,
        "host": seen.host,
        "login": seen.login,
        "port": seen.port,
    }


def _only(http: httpx.Client, url: str, key: str, items: list[dict[str, Any]]) -> None:
    kind = url.rsplit("/", 1)[-1]
    for there in http.get(url, params={"limit": 100}).json()[kind]:
        http.delete(f"{url}/{there[key]}").raise_for_status()
    for item in items:
        http.post(url, json=item).raise_for_status()


async def assess(server: RealAirflow) -> Inventory:
    """The inventory of the server, as `assess` takes it."""
    http = Http(server.url, auth=BasicAuth("admin", server.users["admin"]))
    try:
        airflow = await Airflow.connect(http)
        return await take_inventory(
            airflow, clock_now=lambda: datetime.now(UTC), tell=lambda _: None, read_code=read_code
        )
    finally:
        await http.aclose()


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
async def test_the_live_source_is_advised_as_the_made_one(server: RealAirflow, make: Any) -> None:
    made: Environment = make()
    seed(server, made)
    taken = await assess(server)
    assert taken.airflow_version.startswith("2.11")
    assert {seen.conn_id for seen in taken.connections} == {seen.conn_id for seen in made.inventory.connections}
    assert [place.host for place in taken.places] == [place.host for place in made.inventory.places]
    live = Environment(made.name, made.about, taken, made.facts, {**made.answers, "values.variables_file": "v.json"})
    desk, missing = walked(live)
    wanted, _ = walked(made)
    assert missing == ()
    for name in (
        "airflow",
        "execution",
        "cluster",
        "cloud",
        "region",
        "cluster_name",
        "networking",
        "secrets_backend",
    ):
        assert getattr(desk.plan.decisions, name) == getattr(wanted.plan.decisions, name), name
    assert desk.plan.network == wanted.plan.network
